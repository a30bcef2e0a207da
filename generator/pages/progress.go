package pages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// saveEvery is for how long pages are made before it is noted how far they are.
const saveEvery = 5 * time.Second

// progress is how far pages are that show no generation yet. A pass that takes
// long, or is cut off, notes it in api/changes.json, so that the next one goes on
// from there. Writing that file also makes durable what was written before.
type progress struct {
	of      ChangesDoc        // what it is added to
	earlier map[string]string // of a pass that was cut off: marks by chart

	mu    sync.Mutex
	marks map[string]string // of this pass
	saved time.Time
}

func newProgress(earlier map[string]string) *progress {
	return &progress{earlier: earlier, marks: map[string]string{}, saved: time.Now()}
}

// mark is what the pages of a chart are made from, in short: with the same mark,
// they are the same pages.
func (p *pass) mark(chart string, versions []VersionSummary) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %+v\n%s", p.look, p.after.Shown(chart), p.after.said(chart))
	for _, line := range p.after.Lines(chart) {
		fmt.Fprintln(h, line)
	}
	for _, v := range versions {
		fmt.Fprintln(h, v.Manifest)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// partly is the mark of a chart of which a number of versions have their pages, and
// of which all pages are to be made if the mark says so.
func partly(mark string, versions int, all bool) string {
	mark += "+" + strconv.Itoa(versions)
	if all {
		mark += "!"
	}
	return mark
}

// versionsOf returns how many versions have their pages, if they are those of the mark,
// and whether the pages of all others are to be made, too.
func versionsOf(earlier, mark string) (versions int, all, same bool) {
	was, n, _ := strings.Cut(earlier, "+")
	n, all = strings.CutSuffix(n, "!")
	versions, _ = strconv.Atoi(n)
	return max(0, versions), all, was == mark
}

// set sets a chart's mark, and reports whether the marks should be saved now.
func (p *progress) set(chart, mark string) (due bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marks[chart] = mark
	if due = time.Since(p.saved) >= saveEvery; due {
		p.saved = time.Now()
	}
	return due
}

// note notes how far a chart is.
func (p *pass) note(ctx context.Context, chart, mark string) error {
	if due := p.progress.set(chart, mark); !due || p.remake { // a rebuild is to make all pages again
		return nil
	}
	return p.saveProgress(ctx)
}

// pause notes how far the pass got, since it ends here.
func (p *pass) pause(ctx context.Context) error {
	if len(p.progress.marks) == 0 {
		return nil
	}
	return p.saveProgress(ctx)
}

// saveProgress writes the notes, unless another generator has written the file: it
// may have got further, and if not, then only time is lost.
func (p *pass) saveProgress(ctx context.Context) error {
	doc := p.progress.of
	doc.Schema, doc.Channel, doc.Progress = p.schema(0, "changes"), p.channel.Name, map[string]string{}
	if doc.Generations == nil {
		doc.Generations = []GenerationDoc{}
	}
	p.progress.mu.Lock()
	maps.Copy(doc.Progress, p.progress.earlier)
	maps.Copy(doc.Progress, p.progress.marks)
	p.progress.mu.Unlock()
	key := path.Join(p.channel.Name, changesDoc)
	b, entry, err := publisher.ReadFile(ctx, p.site, key, maxDoc)
	if err != nil {
		return err
	}
	var there ChangesDoc
	if b != nil && json.Unmarshal(b, &there) == nil && there.Generation != doc.Generation {
		return nil
	}
	if b, err = encodeDoc(doc); err != nil {
		return fmt.Errorf("encoding %s: %v", key, err)
	}
	err = publisher.WriteFileAt(ctx, p.site, key, b, entry.Token)
	if errors.Is(err, bucket.ErrConflict) {
		return nil
	}
	return err
}
