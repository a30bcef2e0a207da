package pages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/pause"
)

const (
	fixPages = "run 'portolan rebuild --channel' with this channel; it rewrites the pages"

	looks     = 4               // how often to look at pages that may be being written
	lookAgain = 2 * time.Second // time between looks
)

// Verify checks that all the channel's pages exist and show its newest generation.
// With deep, it makes every page again and compares it with the stored one. It is
// not a fault if a site has no pages, or if they were made with another look: note
// then says so.
func (w *Writer) Verify(ctx context.Context, site bucket.Store, channel string, deep bool) (faults []publisher.Fault, note string, err error) {
	for look := 1; ; look++ {
		c, err := publisher.OpenChannel(ctx, site, channel)
		if err != nil {
			return nil, "", err
		}
		p := w.pass(site, c)
		if faults, note, err = p.verify(ctx, deep); err != nil || len(faults) == 0 || look == looks {
			return faults, note, err
		}
		if err := pause.For(ctx, lookAgain); err != nil { // a generator may be writing them
			return nil, "", err
		}
	}
}

func (p *pass) verify(ctx context.Context, deep bool) (faults []publisher.Fault, note string, err error) {
	if p.channel.IndexGeneration() == 0 {
		return nil, "", nil
	}
	var state ChangesDoc
	if err := p.read(ctx, changesDoc, &state); err != nil {
		return nil, "", err
	}
	n := p.channel.IndexGeneration()
	switch {
	case state.Generation == 0:
		return nil, "it has no pages", nil
	case state.Generation != n:
		message := fmt.Sprintf("the pages show generation %d, not %d", state.Generation, n)
		return []publisher.Fault{{Key: path.Join(p.channel.Name, changesDoc), Message: message, Fix: fixPages}}, "", nil
	case deep && state.Look != p.look:
		note = "its pages were made with another version of portolan, other templates or other settings, so they are not compared"
	}
	there, err := p.listed(ctx)
	switch {
	case err != nil || there == nil:
		return nil, note, err
	case deep && state.Look == p.look:
		faults, err = p.compare(ctx)
	default:
		faults, err = p.lookUp(there, state.Look == p.look)
	}
	return faults, note, err
}

// files are which of a folder's files exist, as a bit for each of foundFiles.
type files uint16

// foundFiles are the files that are looked for in the folders of charts and versions.
var foundFiles = slices.Concat(versionPages, chartFiles[1:])

// bit returns the bit of a file that is looked for, or 0.
func bit(name string) files {
	i := slices.Index(foundFiles, name)
	if i < 0 {
		return 0
	}
	return 1 << i
}

// listed returns which files of charts exist, by folder. It returns nil if the site is
// read over the web, where it cannot be listed and any URL may get an answer.
func (p *pass) listed(ctx context.Context) (map[string]files, error) {
	there := map[string]files{}
	for e, err := range p.site.List(ctx, path.Join(p.channel.Name, "charts"), bucket.Descendants) {
		if errors.Is(err, errors.ErrUnsupported) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if b := bit(path.Base(e.Key)); b != 0 {
			there[path.Dir(e.Key)] |= b
		}
	}
	return there, nil
}

// compare makes every page again, and compares it with the stored one.
func (p *pass) compare(ctx context.Context) ([]publisher.Fault, error) {
	var mu sync.Mutex
	var faults []publisher.Fault
	fault := func(key, message string) {
		mu.Lock()
		defer mu.Unlock()
		faults = append(faults, publisher.Fault{Key: key, Message: message, Fix: fixPages})
	}
	p.remake = true
	p.save = func(ctx context.Context, site bucket.Store, key string, body []byte, _ bool) (bool, error) {
		b, _, err := publisher.ReadFile(ctx, site, key, maxDoc)
		switch {
		case err != nil:
			return false, err
		case b == nil:
			fault(key, "it is missing")
		case !bytes.Equal(b, body):
			fault(key, "it does not match its channel's log and charts")
		}
		return false, nil
	}
	p.discard = func(ctx context.Context, site bucket.Store, key string) error {
		in, err := site.Get(ctx, key)
		if errors.Is(err, bucket.ErrNotFound) {
			return nil
		}
		if err == nil {
			fault(key, "it should not exist")
			err = in.Close()
		}
		return err
	}
	var err error
	if p.head, err = p.after.Header(); err != nil {
		return nil, err
	}
	if err = p.open(ctx); err != nil {
		return faults, err
	}
	all := &generator.Projection{Parts: p.charts(), Finish: p.finish}
	if err = p.begin(ctx); err == nil {
		err = p.make(ctx, all)
	}
	return faults, err
}

// lookUp checks that every file of the channel's charts exists that each chart and each
// version has. If not all were made with this look, by another version of portolan
// perhaps, that is only the first page of each.
func (p *pass) lookUp(there map[string]files, same bool) ([]publisher.Fault, error) {
	ofChart, ofVersion := chartFiles, versionPages
	if !same {
		ofChart, ofVersion = ofChart[:1], ofVersion[:1]
	}
	var faults []publisher.Fault
	look := func(dir string, wanted []string) {
		dir = path.Join(p.channel.Name, dir)
		for _, name := range wanted {
			if there[dir]&bit(name) == 0 {
				faults = append(faults, publisher.Fault{Key: path.Join(dir, name), Message: "it is missing", Fix: fixPages})
			}
		}
	}
	for name := range p.after.Charts() {
		look(chartDir(name), ofChart)
		for _, line := range p.after.Lines(name) {
			r, err := parseRelease(line)
			if err != nil {
				return nil, err
			}
			look(versionDir(name, r.Version), ofVersion)
		}
	}
	return faults, nil
}
