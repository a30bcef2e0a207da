package generator_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// madePages are pages that exist only in a list of what was done, in order.
type madePages struct {
	parts map[string]int // how many a channel has; 2 if it is not said
	slow  map[string]int // how many turns each part takes; 1 if it is not said
	fail  map[string]error
	never bool // parts end with the context
	done  []string
}

func (m *madePages) Project(_ context.Context, _ bucket.Store, c *publisher.Channel, _ *generator.Archives) (*generator.Projection, error) {
	p := &generator.Projection{Report: &generator.PagesReport{Written: []string{}}}
	did := func(what string) { m.done = append(m.done, c.Name+" "+what) }
	parts := m.parts[c.Name]
	if m.parts == nil {
		parts = 2
	}
	for i := range parts {
		turns := max(1, m.slow[c.Name])
		p.Parts = append(p.Parts, func(ctx context.Context) (bool, error) {
			if m.never {
				<-ctx.Done()
				return false, ctx.Err()
			}
			turns--
			did(fmt.Sprint(i))
			return turns == 0, m.fail[c.Name]
		})
	}
	p.Finish = func(context.Context) error { did("lists"); return nil }
	p.Pause = func(ctx context.Context) error { did("pause"); return ctx.Err() }
	return p, nil
}

// threeChannels is a world with a chart and a bad one in each of three channels.
func threeChannels(t *testing.T) (w *world, uploads map[string][]string) {
	w, uploads = newWorld(t), map[string][]string{}
	for i, channel := range []string{"a", "b", "c"} {
		uploads[channel] = []string{id(10*i + 1), id(10*i + 2)}
		w.mustUpload(channel, uploads[channel][0], alphaOld, nil)
		w.mustUpload(channel, uploads[channel][1], bad, nil)
	}
	w.clock = w.clock.Add(time.Minute)
	return w, uploads
}

// concluded reports whether all channels are published and all uploads have receipts.
func (w *world) concluded(uploads map[string][]string) bool {
	site, drop := w.site.Snapshot(), w.drop.Snapshot()
	for channel, ids := range uploads {
		if site[channel+"/index.yaml"] == nil || slices.ContainsFunc(ids, func(id string) bool { return drop["receipts/"+id+".json"] == nil }) {
			return false
		}
	}
	return true
}

// options are those of a run in the world.
func (w *world) options() generator.Options {
	return generator.Options{Drop: w.drop.Handle("run"), Site: w.site.Handle("run")}
}

// inboxOf lists what waits for a channel.
func (w *world) inboxOf(channel string) []string {
	var keys []string
	for key := range w.drop.Snapshot() {
		if strings.HasPrefix(key, "inbox/"+channel+"/") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// Whatever pages take, every channel is published and every receipt is written
// before them. The uploads stay in the inbox, so that a later run makes the pages.
func TestPagesThatNeverEnd(t *testing.T) {
	w, uploads := threeChannels(t)
	w.pages = &madePages{never: true}
	ctx, cancel := context.WithCancel(context.Background())
	w.inject(nil)
	late := testenv.Deadline(t)
	go func() {
		for !w.concluded(uploads) && time.Now().Before(late) {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	report, err := w.startWithin(ctx, w.options())
	if !errors.Is(err, context.Canceled) || len(report.Channels) != 3 || !report.OnlyPages() {
		t.Fatalf("the run says %v, %+v", err, report)
	}
	w.mustHold()
	w.mustShowNewest()
	site, drop := w.site.Snapshot(), w.drop.Snapshot()
	for channel, ids := range uploads {
		if site[channel+"/index.yaml"] == nil {
			t.Errorf("%s is not published", channel)
		}
		for _, id := range ids {
			if drop["receipts/"+id+".json"] == nil {
				t.Errorf("upload %s has no receipt", id)
			}
			if drop["inbox/"+channel+"/"+id+".tgz"] == nil {
				t.Errorf("upload %s has left the inbox, so nothing brings the next run here", id)
			}
		}
	}
	w.pages = newPages(t)
	w.mustRun()
	w.mustHavePages()
	if left := w.inboxOf("a"); len(left) > 0 {
		t.Errorf("with its pages made, the inbox has %q", left)
	}
}

// numbered names parts of a channel, from the first to before the second.
func numbered(channel string, from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "%s %d, ", channel, i)
	}
	return b.String()
}

// Channels take turns, and a part that needs several has them one by one. What
// fails in one channel stops no other.
func TestTurns(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name  string
		pages madePages
		want  string
		left  []string // channels whose uploads stay
	}{
		{"parts", madePages{parts: map[string]int{"a": 3, "b": 1, "c": 0}}, "a 0, b 0, c lists, a 1, b lists, a 2, a lists", nil},
		{"long parts", madePages{parts: map[string]int{"a": 2, "b": 2, "c": 0}, slow: map[string]int{"a": 2}}, "a 0, b 0, c lists, a 0, b 1, a 1, b lists, a 1, a lists", nil},
		{"a failure", madePages{parts: map[string]int{"a": 2, "b": 2, "c": 1}, fail: map[string]error{"b": broken}}, "a 0, b 0, c 0, a 1, b 1, c lists, a lists, b pause", []string{"b"}},
		{"failures", madePages{parts: map[string]int{"b": 50}, fail: map[string]error{"b": broken}}, "a lists, b 0, c lists, " + numbered("b", 1, 20) + "b pause", []string{"b"}},
	} {
		for _, held := range []int64{64 << 20, 1} {
			t.Run(fmt.Sprint(tt.name, held), func(t *testing.T) {
				generator.SetMaxHeld(t, held)
				w, _ := threeChannels(t)
				pages := tt.pages
				w.pages = &pages
				report, err := w.startWithin(context.Background(), w.options())
				if (len(tt.left) > 0) != errors.Is(err, broken) || len(report.Channels) != 3 {
					t.Errorf("the run says %v, %+v", err, report)
				}
				if got := strings.Join(pages.done, ", "); held > 1 && got != tt.want {
					t.Errorf("got  %s\nwant %s", got, tt.want)
				}
				if got := len(pages.done); held == 1 && got != len(strings.Split(tt.want, ", ")) {
					t.Errorf("with little room, %v was done", pages.done)
				}
				for _, channel := range []string{"a", "b", "c"} {
					if left := w.inboxOf(channel); (len(left) > 0) != slices.Contains(tt.left, channel) {
						t.Errorf("%s has %q in its inbox", channel, left)
					}
				}
				w.mustHold()
			})
		}
	}
}

// Pages that fail again and again are tried less and less often. In between, a
// run has nothing to do, or only what is new.
func TestPatience(t *testing.T) {
	w, _ := threeChannels(t)
	broken := errors.New("broken")
	pages := &madePages{fail: map[string]error{"b": broken}}
	w.pages = pages
	o := w.options()
	o.Patience = &generator.Patience{First: time.Minute, Last: 4 * time.Minute}
	tries := func() int {
		n := 0
		for _, what := range pages.done {
			if what == "b 0" {
				n++
			}
		}
		return n
	}
	var when []int
	for minute := range 16 {
		before := tries()
		var report *generator.Report
		var err error
		ops := w.operations(func() { report, err = w.startWithin(context.Background(), o) })
		if !errors.Is(err, broken) || !report.OnlyPages() {
			t.Fatalf("minute %d: the run says %v", minute, err)
		}
		if tries() > before {
			when = append(when, minute)
		} else if len(ops) != 1 {
			t.Errorf("minute %d: a run that has nothing to try does %q", minute, ops)
		}
		if minute > 0 && report.Count(verdict.Accepted) > 0 {
			t.Errorf("minute %d: verdicts are told again", minute)
		}
		w.clock = w.clock.Add(time.Minute)
	}
	if want := []int{0, 1, 3, 7, 11, 15}; !slices.Equal(when, want) {
		t.Errorf("tried in the minutes %v, want %v", when, want)
	}
	w.mustUpload("b", id(90), gamma, nil)
	report, err := w.startWithin(context.Background(), o)
	if !errors.Is(err, broken) || report.Count(verdict.Accepted) != 1 || report.Count(verdict.Rejected) != 0 {
		t.Errorf("a new upload: %v, %+v", err, report)
	}
	w.mustShowNewest()
	delete(pages.fail, "b")
	w.clock = w.clock.Add(5 * time.Minute)
	if report, err = w.startWithin(context.Background(), o); err != nil || len(w.inboxOf("b")) > 0 {
		t.Errorf("when the pages can be made: %v, %+v; the inbox has %q", err, report, w.inboxOf("b"))
	}
	if ops := w.operations(func() { _, err = w.startWithin(context.Background(), o) }); err != nil || len(ops) != 1 {
		t.Errorf("then: %v, %q", err, ops)
	}
	w.mustHold()
}
