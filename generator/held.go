package generator

import (
	"bytes"
	"crypto/sha256"
	"sync"

	"github.com/portolan-charts/portolan/generator/check"
)

// maxContents bounds what a run holds of archives from when it reads them until their
// pages are made, in bytes.
const maxContents = 16 << 20

// Archives are the contents of archives that a run has read, for their pages, as many as
// there is room for. Versions of a chart have most texts in common, which count once. It
// is safe for concurrent use; a nil one holds nothing.
type Archives struct {
	most int // bytes

	mu    sync.Mutex
	held  map[string]*heldArchive // by digest
	order []string                // digests, the earliest first; some are no longer held
	texts map[[sha256.Size]byte]*heldText
	used  int
}

type heldArchive struct {
	*check.Contents
	cost  int // without its texts
	texts [][sha256.Size]byte
}

type heldText struct {
	text []byte
	uses int
}

func newArchives(most int) *Archives {
	return &Archives{most: most, held: map[string]*heldArchive{}, texts: map[[sha256.Size]byte]*heldText{}}
}

// Take returns the contents of the archive with that digest and holds them no longer. It
// returns nil if the archive has to be read.
func (a *Archives) Take(digest string) *check.Contents {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if h := a.held[digest]; h != nil {
		a.drop(digest)
		return h.Contents
	}
	return nil
}

// keep holds a copy of the contents. If that is too much, the earliest ones go.
func (a *Archives) keep(c *check.Contents) {
	a.mu.Lock()
	defer a.mu.Unlock()
	cost := restSize(c)
	if a.held[c.Digest] != nil || cost+textSize(c) > a.most/4 {
		return
	}
	own, chart := *c, *c.Chart
	h := &heldArchive{Contents: &own, cost: cost}
	own.Chart, own.Sources = &chart, append([]check.Source(nil), c.Sources...)
	for i := range own.Sources {
		a.share(h, &own.Sources[i].Text)
	}
	a.share(h, &own.README)
	a.share(h, &own.Values)
	a.share(h, &own.Schema)
	a.held[c.Digest], a.used = h, a.used+h.cost
	a.order = append(a.order, c.Digest)
	for a.used > a.most || a.held[a.order[0]] == nil {
		if a.held[a.order[0]] != nil {
			a.drop(a.order[0])
		}
		a.order = a.order[1:]
	}
}

// share makes the text one that archives share.
func (a *Archives) share(h *heldArchive, text *[]byte) {
	if len(*text) == 0 {
		return
	}
	sum := sha256.Sum256(*text)
	t := a.texts[sum]
	if t == nil {
		t = &heldText{text: bytes.Clone(*text)} // without room for more
		a.texts[sum], a.used = t, a.used+len(t.text)
	}
	t.uses++
	*text, h.texts = t.text, append(h.texts, sum)
}

// drop lets go of an archive that is held, and of the texts that no other has.
func (a *Archives) drop(digest string) {
	h := a.held[digest]
	delete(a.held, digest)
	a.used -= h.cost
	for _, sum := range h.texts {
		t := a.texts[sum]
		if t.uses--; t.uses == 0 {
			delete(a.texts, sum)
			a.used -= len(t.text)
		}
	}
}

func textSize(c *check.Contents) int {
	n := len(c.README) + len(c.Values) + len(c.Schema)
	for _, s := range c.Sources {
		n += len(s.Text)
	}
	return n
}

// restSize is about how many bytes of memory the contents take beside their texts.
func restSize(c *check.Contents) int {
	n := 1000 + 2*c.IndexSize
	for _, f := range c.Files {
		n += 100 + len(f.Path) // with its sum
	}
	for _, t := range c.Kinds {
		n += 100 + stringSize(t.Kinds...)
	}
	for _, d := range c.Definitions {
		n += 200 + stringSize(d.Group, d.Kind) + stringSize(d.Versions...)
	}
	if c.Icon != nil {
		n += len(c.Icon.Text)
	}
	return n
}

func stringSize(all ...string) int {
	n := 0
	for _, s := range all {
		n += 16 + len(s)
	}
	return n
}
