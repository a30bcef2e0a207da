package generator_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// model is what a channel is to show, by a description that is as short as can be: uploads
// and actions happen one after another, in order of arrival.
type model struct {
	final      bool                    // duplicates: reject
	content    map[ref]string          // digests
	had        map[ref]map[string]bool // digests that were ever published
	yanked     map[ref]bool            // whether a rollback has done it
	deprecated map[string]bool         // charts
	gone       map[string]bool         // digests
	buried     map[ref]bool            // versions that were taken down
	shown      map[int]map[ref]string  // what earlier generations showed
}

type ref struct{ chart, version string }

func newModel(final bool) *model {
	return &model{
		final, map[ref]string{}, map[ref]map[string]bool{}, map[ref]bool{}, map[string]bool{}, map[string]bool{},
		map[ref]bool{}, map[int]map[ref]string{},
	}
}

// upload publishes content, also that of a promotion.
func (m *model) upload(r ref, digest string) {
	is, ok := m.content[r]
	if m.gone[digest] || is == digest || m.final && (ok || m.buried[r]) {
		return
	}
	m.content[r] = digest
	delete(m.yanked, r)
	if m.had[r] == nil {
		m.had[r] = map[string]bool{}
	}
	m.had[r][digest] = true
}

// hide yanks versions, or restores them, if all are what they were to be.
func (m *model) hide(yank bool, pins []action.Pin) {
	for _, p := range pins {
		if m.content[ref{p.Chart, p.Version}] != p.Digest {
			return
		}
	}
	for _, p := range pins {
		r := ref{p.Chart, p.Version}
		if _, is := m.yanked[r]; yank && !is {
			m.yanked[r] = false
		} else if !yank {
			delete(m.yanked, r)
		}
	}
}

func (m *model) rollBack(to map[ref]string) {
	for r, is := range m.content {
		digest, shown := to[r]
		rolledBack, yanked := m.yanked[r]
		switch {
		case shown && digest != is && m.gone[digest]:
			continue
		case !shown && !yanked:
			m.yanked[r] = true
		case shown && yanked && rolledBack:
			delete(m.yanked, r)
		}
		if shown {
			m.content[r] = digest
		}
	}
}

func (m *model) takeDown(r ref) {
	maps.Copy(m.gone, m.had[r])
	m.buried[r] = true
	delete(m.content, r)
	delete(m.yanked, r)
}

// visible is all that is not yanked.
func (m *model) visible() map[ref]string {
	all := maps.Clone(m.content)
	maps.DeleteFunc(all, func(r ref, _ string) bool { _, is := m.yanked[r]; return is })
	return all
}

// lists writes down what an index lists of a chart.
func (m *model) lists(chart string, of map[ref]string, most int) string {
	var lines []string
	for r, digest := range of {
		if r.chart == chart {
			lines = append(lines, fmt.Sprintf("%s %s %t", r.version, digest, m.deprecated[chart]))
		}
	}
	slices.Sort(lines)
	slices.Reverse(lines) // versions have one digit each
	if most > 0 && len(lines) > most {
		lines = lines[:most]
	}
	return strings.Join(lines, "\n")
}

// modelled is a world with a model of each channel.
type modelled struct {
	*world
	*rand.Rand
	models map[string]*model
	n      int                     // ids that are used
	batch  map[string]map[ref]bool // uploads since the last run
	keep   int                     // of the configuration
	kept   map[string]int          // of the newest record
	oci    map[string]bool         // likewise
}

var modelCharts = []string{"alpha", "beta"}

// TestModel: whatever is uploaded and asked for, however many generators decide it, and
// whatever happens to them, channels show what happened in order of arrival.
func TestModel(t *testing.T) {
	seeds := 40
	if testing.Short() {
		seeds = 8
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := &modelled{
				world: newWorld(t), Rand: rand.New(rand.NewPCG(uint64(seed), 17)),
				models: map[string]*model{"dev": newModel(false), "stable": newModel(true)},
				batch:  map[string]map[ref]bool{"dev": {}, "stable": {}}, kept: map[string]int{}, oci: map[string]bool{},
			}
			w.reconfigure()
			for range 40 {
				w.something()
			}
			w.flush()
			w.mustVerify()
			w.mustComeBack()
		})
	}
}

func (w *modelled) reconfigure() {
	w.keep = 1 + w.IntN(5)
	w.configure(fmt.Sprintf("channels: [{match: stable, duplicates: reject, keep: %d, oci: %t}, {match: dev, keep: %d, oci: %t}]",
		w.keep, w.IntN(3) > 0, w.keep, w.IntN(3) > 0))
}

func (w *modelled) id() string { w.n++; return id(w.n) }

func pick[T any](w *modelled, from ...T) T { return from[w.IntN(len(from))] }

// something does one thing to one channel.
func (w *modelled) something() {
	channel := pick(w, "dev", "stable")
	m := w.models[channel]
	chart := pick(w, modelCharts...)
	var there []ref
	for r := range m.content {
		there = append(there, r)
	}
	slices.SortFunc(there, func(a, b ref) int { return strings.Compare(a.chart+a.version, b.chart+b.version) })
	switch what := w.IntN(20); {
	case what < 8 || len(there) == 0:
		w.uploadAny(channel, m, ref{chart, fmt.Sprintf("1.%d.0", w.IntN(5))})
	case what < 12:
		w.hideAny(channel, m, there)
	case what == 12:
		if slices.ContainsFunc(there, func(r ref) bool { return r.chart == chart }) {
			m.deprecated[chart] = !m.deprecated[chart]
			kind := map[bool]action.Kind{true: action.Deprecate, false: action.Undeprecate}[m.deprecated[chart]]
			w.mustAsk(channel, w.id(), action.Request{Kind: kind, Chart: chart})
			w.batch[channel][ref{}] = true
		}
	case what < 15:
		w.promoteAny(channel, m, pick(w, there...))
	case what == 15:
		w.rollBackAny(channel, m)
	case what == 16:
		w.flush()
		if !w.oci[channel] {
			return // a registry that the channel has left stays as it was
		}
		r := pick(w, there...)
		_, err := generator.TakeDown(context.Background(), w.site.Handle("takedown"), publisher.TakeDownOptions{
			Channel: channel, Chart: r.chart, Version: r.version, Reason: "leaked", Workers: 1, Again: true, Drop: w.drop.Handle(pruneActor),
			Now: func() time.Time { return w.clock }, Nonce: func() string { return "takedown" },
		})
		if err != nil {
			w.t.Fatal(err)
		}
		m.takeDown(r)
		w.mustAgree()
	case what == 17:
		w.flush()
		w.clock = w.clock.Add(leap)
		if _, err := w.prune(w.drop.Handle(pruneActor), w.site.Handle(pruneActor)); err != nil {
			w.t.Fatal(err)
		}
	case what == 18:
		w.flush()
		w.reconfigure()
	default:
		w.flush()
	}
}

func (w *modelled) uploadAny(channel string, m *model, r ref) {
	if w.batch[channel][r] {
		w.flush() // of two uploads that are decided together, the first one never was
	}
	archive := charttest.Simple(r.chart, r.version, "README.md", fmt.Sprint("content ", w.IntN(3)))
	w.mustUpload(channel, w.id(), archive, nil)
	m.upload(r, digest(archive))
	w.batch[channel][r] = true
}

func (w *modelled) hideAny(channel string, m *model, there []ref) {
	var pins []action.Pin
	for _, i := range w.Perm(len(there))[:min(len(there), 1+w.IntN(3))] {
		p := action.Pin{Chart: there[i].chart, Version: there[i].version, Digest: m.content[there[i]]}
		if w.IntN(10) == 0 {
			p.Digest = digest([]byte("other content"))
		}
		pins = append(pins, p)
	}
	if w.IntN(2) == 0 {
		w.mustAsk(channel, w.id(), yank(pins...))
		m.hide(true, pins)
	} else {
		w.mustAsk(channel, w.id(), restore(pins...))
		m.hide(false, pins)
	}
	w.batch[channel][ref{}] = true
}

func (w *modelled) promoteAny(from string, source *model, r ref) {
	w.flush()
	to := map[string]string{"dev": "stable", "stable": "dev"}[from]
	w.mustAsk(to, w.id(), promote(from, action.Pin{Chart: r.chart, Version: r.version, Digest: source.content[r]}))
	w.batch[to][ref{}] = true
	if _, yanked := source.yanked[r]; !yanked {
		w.models[to].upload(r, source.content[r])
	}
	w.flush()
}

func (w *modelled) rollBackAny(channel string, m *model) {
	w.flush()
	n := pick(w, slices.Sorted(maps.Keys(m.shown))...)
	w.mustAsk(channel, w.id(), action.Request{Kind: action.Rollback, Generation: n})
	w.batch[channel][ref{}] = true
	if n >= w.floor(channel) {
		m.rollBack(m.shown[n])
	}
	w.flush()
}

func (w *modelled) floor(channel string) int {
	s := &state{site: w.site.Snapshot(), channels: map[string]*channelState{}, decided: map[string]decided{}}
	if err := s.readLogs(w.judge); err != nil {
		w.t.Fatal(err)
	}
	return s.channels[channel].floor
}

// flush lets generators decide all that waits: some of them die, or come upon another.
func (w *modelled) flush() {
	w.t.Helper()
	w.clock = w.clock.Add(time.Minute)
	for range w.IntN(3) {
		// If one of them only failed to read an upload, it would decide what came later first.
		fault := pick(w, buckettest.None, buckettest.DieAfter, buckettest.DieBefore)
		at := w.IntN(120)
		fails := dying(at, fault)
		w.inject(func(n int, store string, op buckettest.Op) buckettest.Fault {
			if n == at && fault == buckettest.None {
				o := generator.Options{Drop: w.drop.Handle("another"), Site: w.site.Handle("another"), Nonce: func() string { return "another" }}
				_, _ = w.start(o, "another")
			}
			return fails(n, store, op)
		})
		_, _ = w.run("generator")
	}
	w.mustRun()
	w.mustShowNewest()
	for channel, batch := range w.batch {
		if len(batch) > 0 {
			w.kept[channel], w.oci[channel] = w.keep, w.config.Policy(channel).OCI
		}
		clear(batch)
	}
	w.mustAgree()
}

// mustAgree compares the lists with the models, and notes what is shown.
func (w *modelled) mustAgree() {
	w.t.Helper()
	site := w.site.Snapshot()
	for channel, m := range w.models {
		if site[channel+"/index.yaml"] == nil {
			continue
		}
		for _, chart := range modelCharts {
			w.wantList(channel+"/index.yaml", chart, m.lists(chart, m.visible(), w.kept[channel]))
			if key := path.Join(channel, "charts", chart, "index.yaml"); site[key] != nil {
				w.wantList(key, chart, m.lists(chart, m.visible(), 0))
			}
			if all := channel + "/all/index.yaml"; site[all] != nil {
				w.wantList(all, chart, m.lists(chart, m.content, 0))
			}
		}
		if n := w.newest(channel); m.shown[n] == nil {
			m.shown[n] = m.visible()
		}
	}
}

func (w *modelled) wantList(key, chart, want string) {
	w.t.Helper()
	x, err := w.judge.index(w.site.Snapshot()[key])
	if err != nil {
		w.t.Fatal(err)
	}
	var got []string
	for _, e := range x.Entries[chart] {
		got = append(got, fmt.Sprintf("%s %s %t", e.Version, e.Digest, e.Deprecated))
	}
	if got := strings.Join(got, "\n"); got != want {
		w.t.Fatalf("%s lists of %s\n%s\nand not\n%s", key, chart, got, want)
	}
}

// mustComeBack removes all that follows from the log, and compares what rebuild writes.
func (w *modelled) mustComeBack() {
	before := w.site.Snapshot()
	for key := range before {
		if path.Base(key) == "index.yaml" {
			w.removeAll(key)
		}
	}
	for channel := range w.models {
		if before[channel+"/index.yaml"] != nil {
			w.mustRebuild(channel)
		}
	}
	after := w.site.Snapshot()
	for key, b := range before {
		if !bytes.Equal(after[key], b) {
			w.t.Errorf("%s comes back as\n%s\nand was\n%s", key, after[key], b)
		}
	}
}
