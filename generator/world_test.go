package generator_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// world is a drop area and a site in memory, with one clock, and everything
// that was ever promised to an uploader.
type world struct {
	t          testing.TB
	mu         sync.Mutex // held while operations are counted and judged: some programs have many workers
	drop, site *buckettest.Mem
	clock      time.Time
	promises   []promise
	n          int // operations on both stores
	config     *config.Config
	pages      generator.Pages // nil for none
	judge      judge
	quiet      bool // no invariants are checked
	older      int  // versions that head does not list, in the end
	failed     error
	frees      *time.Duration  // how long prunes leave what is yanked; nil for the usual time
	retains    int             // nonces of prunes that carry out rules
	pruned     map[string]bool // keys in the drop area
	shown      map[string]int  // the generation that an index which is replaced has shown; see checkOrder
}

// releaseFile fits the files of releases, among which lie pages.
var releaseFile = regexp.MustCompile(`/charts/[^/]+/[^/]+/[^/]+/[^/]+$`)

// promise is an upload that was acknowledged: the bytes, and under which id, if
// portolan gave it one.
type promise struct {
	id     string // "" for a file under a name of its owner's
	digest string
}

// faultFunc decides what goes wrong with the n-th operation on both stores.
type faultFunc func(n int, store string, op buckettest.Op) buckettest.Fault

func newWorld(t testing.TB) *world {
	w := &world{t: t, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), judge: newJudge(), pruned: map[string]bool{}, shown: map[string]int{}}
	w.drop, w.site = &buckettest.Mem{TB: t}, &buckettest.Mem{TB: t}
	w.site.Immutable = func(key string) bool {
		k, _ := registry.ParseKey(key)
		return k.Digest() != "" || releaseFile.MatchString(key) || strings.Contains(key, "/log/") || strings.Contains(key, "/snapshots/")
	}
	w.drop.Immutable = func(key string) bool { return strings.HasPrefix(key, "receipts/") }
	w.drop.Now, w.site.Now = w.now, w.now
	w.inject(nil)
	return w
}

func (w *world) now() time.Time { return w.clock }

// inject makes f decide about faults from the next operation on, which is
// number 0, and has the invariants checked after each.
func (w *world) inject(f faultFunc) {
	w.n = 0
	hook := func(store string) func(buckettest.Op) buckettest.Fault {
		return func(op buckettest.Op) buckettest.Fault {
			w.mu.Lock()
			n := w.n
			w.n++
			w.mu.Unlock() // f may run another program
			if f == nil {
				return buckettest.None
			}
			return f(n, store, op)
		}
	}
	after := func(op buckettest.Op) {
		if op.Kind == buckettest.Get || op.Kind == buckettest.List || w.quiet {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if op.Kind == buckettest.Delete && op.Actor == pruneActor && !strings.HasPrefix(op.Key, "inbox/") {
			w.pruned[op.Key] = true
		}
		if err := w.check(); err != nil && w.failed == nil {
			w.failed = fmt.Errorf("after %s: %w", op, err)
		}
	}
	w.drop.Hook, w.site.Hook = hook("drop"), hook("site")
	w.drop.After, w.site.After = after, after
}

// upload submits a chart as 'portolan drop' does, a second after the last one.
func (w *world) upload(actor, channel, id string, chart, prov []byte) error {
	w.clock = w.clock.Add(time.Second)
	s := droparea.Submission{Request: droparea.Request{File: "upload.tgz"}}
	body := prov
	if chart != nil {
		s.Chart, body = bucket.Bytes(chart), chart
	}
	if prov != nil {
		s.Prov = bucket.Bytes(prov)
	}
	if err := droparea.Submit(context.Background(), w.drop.Handle(actor), channel, id, s); err != nil {
		return err
	}
	w.promises = append(w.promises, promise{id, digest(body)})
	return nil
}

// put is a file that somebody copies into the inbox with a client of their own.
func (w *world) put(channel, name string, data []byte) {
	w.clock = w.clock.Add(time.Second)
	w.drop.Put(path.Join("inbox", channel, name), data)
	w.promises = append(w.promises, promise{digest: digest(data)})
}

// run is one generation run of a process of its own.
func (w *world) run(actor string) (*generator.Report, error) {
	return w.start(generator.Options{Drop: w.drop.Handle(actor), Site: w.site.Handle(actor)}, actor)
}

func (w *world) start(o generator.Options, _ string) (*generator.Report, error) {
	return w.startWithin(context.Background(), o)
}

// startWithin is start with a context.
func (w *world) startWithin(ctx context.Context, o generator.Options) (*generator.Report, error) {
	o.Workers, o.Config, o.Pages = 1, w.config, w.pages
	o.Now = func() time.Time { return w.clock }
	o.Sleep = func(_ context.Context, d time.Duration) error {
		w.clock = w.clock.Add(d)
		return nil
	}
	if o.Nonce == nil {
		o.Nonce = func() string { return "nonce" }
	}
	return generator.Run(ctx, o)
}

// mustRun is a run in which nothing may go wrong.
func (w *world) mustRun() *generator.Report {
	w.t.Helper()
	w.inject(nil)
	report := w.mustRunQuiet()
	w.mustHold()
	return report
}

// mustRunQuiet is mustRun without a look at the invariants.
func (w *world) mustRunQuiet() *generator.Report {
	w.t.Helper()
	report, err := w.run("clean")
	if err != nil {
		w.t.Fatalf("clean run: %v", err)
	}
	return report
}

// mustHold fails the test if an invariant was broken at any time.
func (w *world) mustHold() {
	w.t.Helper()
	if w.failed != nil {
		w.t.Fatalf("broken invariant: %v", w.failed)
	}
	if err := w.check(); err != nil {
		w.t.Fatalf("broken invariant: %v", err)
	}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// judge checks the invariants of publisher/DESIGN.md on the bare objects. What it has
// read it remembers by the address of the bytes, which a Mem never changes.
type judge struct {
	digests map[*byte]string
	records map[*byte]*publisher.Record
	indexes map[*byte]*index

	manifests map[*byte]*registry.Manifest
}

// index is an index.yaml as a Helm client reads it.
type index struct {
	APIVersion  string                  `json:"apiVersion"`
	Annotations map[string]string       `json:"annotations"`
	Entries     map[string][]indexEntry `json:"entries"`
}

type indexEntry struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Digest  string   `json:"digest"`
	Created string   `json:"created"`
	URLs    []string `json:"urls"`

	Deprecated bool `json:"deprecated"`
}

func newJudge() judge {
	return judge{map[*byte]string{}, map[*byte]*publisher.Record{}, map[*byte]*index{}, map[*byte]*registry.Manifest{}}
}

func (j judge) digest(b []byte) string {
	if len(b) == 0 {
		return digest(b)
	}
	if j.digests[&b[0]] == "" {
		j.digests[&b[0]] = digest(b)
	}
	return j.digests[&b[0]]
}

func (j judge) record(b []byte) (*publisher.Record, error) {
	if j.records[&b[0]] == nil {
		var r publisher.Record
		if err := json.Unmarshal(b, &r); err != nil {
			return nil, err
		}
		j.records[&b[0]] = &r
	}
	return j.records[&b[0]], nil
}

func (j judge) index(b []byte) (*index, error) {
	if j.indexes[&b[0]] == nil {
		var x index
		if err := json.Unmarshal(b, &x); err != nil {
			return nil, err
		}
		j.indexes[&b[0]] = &x
	}
	return j.indexes[&b[0]], nil
}

// state is what lies in both stores at one moment.
type state struct {
	drop, site map[string][]byte
	channels   map[string]*channelState
	decided    map[string]decided // by upload
	pruned     map[string]bool    // keys in the drop area
	gone       map[string]bool    // digests of what was taken down or freed
}

type channelState struct {
	records []*publisher.Record // by generation, from 1
	head    int                 // the generation that head shows; 0 if absent
	floor   int                 // the oldest generation that is kept
}

type decided struct {
	publisher.Decision
	channel    string
	generation int
}

// check tells which of the invariants 1 to 4 and 6 does not hold right now.
func (w *world) check() error {
	s := &state{drop: w.drop.Snapshot(), site: w.site.Snapshot(), channels: map[string]*channelState{}, decided: map[string]decided{}, pruned: w.pruned, gone: map[string]bool{}}
	if err := s.readLogs(w.judge); err != nil {
		return err
	}
	for key, b := range s.site {
		if path.Base(key) != "index.yaml" {
			continue
		}
		if err := s.checkIndex(w.judge, key, b); err != nil {
			return fmt.Errorf("invariant 2: %s: %w", key, err)
		}
		if err := w.checkOrder(key, b); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	if err := w.checkRegistry(s); err != nil {
		return fmt.Errorf("invariant 8: %w", err)
	}
	if err := s.checkSnapshots(); err != nil {
		return fmt.Errorf("invariant 2: %w", err)
	}
	for _, p := range w.promises {
		if err := s.checkPromise(w.judge, p); err != nil {
			return fmt.Errorf("upload %s (%.8s): %w", p.id, p.digest, err)
		}
	}
	return nil
}

func (s *state) readLogs(j judge) error {
	var keys []string
	for key := range s.site {
		if path.Base(path.Dir(key)) == "log" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	if s.gone == nil {
		s.gone = map[string]bool{}
	}
	for _, key := range keys {
		if strings.HasSuffix(key, ".state.json") {
			continue
		}
		r, err := j.record(s.site[key])
		if err != nil {
			return fmt.Errorf("%s: %v", key, err)
		}
		name := path.Dir(path.Dir(key))
		if s.channels[name] == nil {
			s.channels[name] = &channelState{}
		}
		c := s.channels[name]
		c.records = append(c.records, r)
		if r.Floor < c.floor {
			return fmt.Errorf("%s: the floor went back", key)
		}
		c.floor = r.Floor
		if r.Generation != len(c.records) {
			return fmt.Errorf("%s: the log has a gap", key)
		}
		for _, d := range r.Decisions {
			if before, ok := s.decided[d.Upload]; ok {
				return fmt.Errorf("invariant 4: upload %s is decided by generations %d and %d", d.Upload, before.generation, r.Generation)
			}
			s.decided[d.Upload] = decided{d, name, r.Generation}
		}
		for _, a := range r.Actions {
			if before, ok := s.decided[a.ID]; ok {
				return fmt.Errorf("invariant 4: action %s is decided by generations %d and %d", a.ID, before.generation, r.Generation)
			}
			s.decided[a.ID] = decided{publisher.Decision{Upload: a.ID, Verdict: a.Verdict}, name, r.Generation}
			for _, v := range a.Versions {
				if a.Kind == action.TakeDown || a.Kind == action.Free {
					s.gone[v.Digest] = true
				}
			}
		}
	}
	return nil
}

// checkIndex checks that every URL of an index or a snapshot returns bytes that
// match the digest.
func (s *state) checkIndex(j judge, key string, b []byte) error {
	x, err := j.index(b)
	if err != nil {
		return err
	}
	folder := path.Dir(key) // what clients resolve URLs against
	generation := 0
	fmt.Sscan(x.Annotations["portolan/generation"], &generation)
	if channel, _, snapshot := strings.Cut(folder, "/snapshots/"); snapshot && generation < s.channels[channel].floor {
		return nil
	}
	if c := s.channels[folder]; c != nil {
		c.head = generation
	}
	if older := x.Annotations["portolan/older"]; older != "" && s.channels[folder] != nil {
		if _, ok := s.site[path.Join(folder, older, "index.yaml")]; !ok {
			return fmt.Errorf("its older index %s is missing", older)
		}
	}
	for _, entries := range x.Entries {
		for _, e := range entries {
			archive, ok := s.site[path.Join(folder, e.URLs[0])]
			if !ok && s.gone[e.Digest] && strings.Contains(folder, "/snapshots/") {
				continue
			}
			if !ok {
				return fmt.Errorf("%s is missing", e.URLs[0])
			}
			if j.digest(archive) != e.Digest {
				return fmt.Errorf("%s has another digest", e.URLs[0])
			}
		}
	}
	return nil
}

// checkOrder checks that an index that is replaced never goes back: head, those that
// follow from it, and the one in the site's root, if it shows the same channel.
func (w *world) checkOrder(key string, b []byte) error {
	if strings.Contains(key, "/snapshots/") {
		return nil
	}
	x, err := w.judge.index(b)
	if err != nil {
		return err
	}
	generation := 0
	fmt.Sscan(x.Annotations["portolan/generation"], &generation)
	key += " " + x.Annotations["portolan/channel"]
	if generation < w.shown[key] {
		return fmt.Errorf("it shows generation %d, but has shown %d", generation, w.shown[key])
	}
	w.shown[key] = generation
	return nil
}

// checkSnapshots checks that of the kept generations that head covers, each has
// its snapshot.
func (s *state) checkSnapshots() error {
	for name, c := range s.channels {
		for _, r := range c.records[:c.head] {
			folder := fmt.Sprintf("%s/snapshots/%08d/", name, r.Generation)
			if _, ok := s.site[folder+"index.yaml"]; !ok && r.Change != nil && r.Generation >= c.floor {
				return fmt.Errorf("%sindex.yaml is missing", folder)
			}
			if _, ok := s.site[folder+"older/index.yaml"]; !ok && r.Change != nil && r.Change.Older != nil && r.Generation >= c.floor {
				return fmt.Errorf("%solder/index.yaml is missing", folder)
			}
		}
	}
	return nil
}

var (
	errLost  = errors.New("invariant 1: it is neither in the inbox nor decided")
	errKept  = errors.New("invariant 1: it is rejected, but not kept with its reason")
	errEarly = errors.New("invariant 6: it was taken out of the inbox too early")
)

func (s *state) checkPromise(j judge, p promise) error {
	id, waits := s.find(j, p)
	if id == "" {
		if waits {
			return nil
		}
		return errLost
	}
	d, decided := s.decided[id]
	switch {
	case waits:
		return nil
	case !decided:
		return errLost
	case d.Verdict == verdict.Rejected && !s.kept(d.channel, id):
		return errKept
	}
	c := s.channels[d.channel]
	receipt := "receipts/" + id + ".json"
	if _, ok := s.drop[receipt]; !ok && !s.pruned[receipt] || c.head < c.records[d.generation-1].IndexGeneration() {
		return errEarly
	}
	return nil
}

// find returns the upload's id, if it has one yet, and whether it is in the inbox.
func (s *state) find(j judge, p promise) (id string, waits bool) {
	for key, b := range s.drop {
		name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(path.Base(key), ".prov"), ".tgz"), ".action.json")
		if !strings.HasPrefix(key, "inbox/") || j.digest(b) != p.digest || p.id != "" && name != p.id {
			continue
		}
		return p.id, true
	}
	if p.id != "" {
		return p.id, false
	}
	for id, d := range s.decided {
		if d.Digest == p.digest || d.Provenance == p.digest {
			return id, false
		}
		// A refused file may have no digest in the log; it is kept, though.
		for _, ext := range []string{".tgz", ".tgz.prov"} {
			if kept, ok := s.drop[path.Join("rejected", d.channel, id+ext)]; ok && j.digest(kept) == p.digest {
				return id, false
			}
		}
	}
	return "", false
}

func (s *state) kept(channel, id string) bool {
	base := path.Join("rejected", channel, id)
	if s.pruned[base+".tgz"] || s.pruned[base+".tgz.prov"] || s.pruned[base+".action.json"] {
		return true
	}
	_, reason := s.drop[base+".json"]
	_, chart := s.drop[base+".tgz"]
	_, prov := s.drop[base+".tgz.prov"]
	_, action := s.drop[base+".action.json"]
	return reason && (chart || prov || action)
}

// outcome is what clients and uploaders end up with, whichever way it went:
// the releases, the verdicts, and what waits or is kept.
func (w *world) outcome() string {
	var lines []string
	drop, site := w.drop.Snapshot(), w.site.Snapshot()
	for key, b := range site {
		if path.Base(key) != "index.yaml" || strings.Contains(key, "/snapshots/") {
			continue
		}
		x, err := w.judge.index(b)
		if err != nil {
			w.t.Fatal(err)
		}
		for name, entries := range x.Entries {
			for i, e := range entries {
				_, signed := site[path.Join(path.Dir(key), e.URLs[0])+".prov"]
				lines = append(lines, fmt.Sprintf("%s %s #%d %s %s %s signed=%t", key, name, i, e.Version, e.Digest, e.URLs[0], signed))
			}
		}
	}
	for key, b := range drop {
		if !strings.HasPrefix(key, "receipts/") {
			lines = append(lines, key)
			continue
		}
		var r droparea.Receipt
		if err := json.Unmarshal(b, &r); err != nil {
			w.t.Fatal(err)
		}
		if r.Verdict == verdict.Unchanged {
			r.URL = "" // where the content was at that moment; a signature may have moved it since
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %s %s", key, r.Verdict, r.Rule, r.Message, r.URL))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// mustEndAs fails if the outcome is not the one wanted.
func (w *world) mustEndAs(want, when string) {
	w.t.Helper()
	got := w.outcome()
	if got == want {
		return
	}
	var diff strings.Builder
	for line := range strings.Lines(got + "\n") {
		if !strings.Contains(want+"\n", line) {
			diff.WriteString("+ " + line)
		}
	}
	for line := range strings.Lines(want + "\n") {
		if !strings.Contains(got+"\n", line) {
			diff.WriteString("- " + line)
		}
	}
	w.t.Fatalf("%s: it ends otherwise (+) than undisturbed (-):\n%s", when, diff.String())
}

// mustShowNewest fails unless head, and the files that follow from the log as
// it does, show the newest record that changed the index, in every channel:
// invariant 5.
func (w *world) mustShowNewest() {
	w.t.Helper()
	s := &state{drop: w.drop.Snapshot(), site: w.site.Snapshot(), channels: map[string]*channelState{}, decided: map[string]decided{}}
	if err := s.readLogs(w.judge); err != nil {
		w.t.Fatal(err)
	}
	for name, c := range s.channels {
		newest := c.records[len(c.records)-1].IndexGeneration()
		if newest == 0 {
			continue
		}
		head := s.site[name+"/index.yaml"]
		if got, want := digest(head), c.records[newest-1].Change.SHA256; got != want {
			w.t.Fatalf("invariant 5: head of %s is not generation %d", name, newest)
		}
		if err := c.checkDerived(name, s.site); err != nil {
			w.t.Fatalf("invariant 5: %v", err)
		}
		if err := c.checkTags(name, s.site); err != nil {
			w.t.Fatalf("invariant 8: %v", err)
		}
		if w.config != nil && w.config.RootChannel == name && string(s.site["index.yaml"]) != atRoot(head, name) {
			w.t.Fatalf("invariant 5: the site's root does not show generation %d of %s", newest, name)
		}
	}
}

// atRoot is what the site's root must show of a channel's head.
func atRoot(head []byte, channel string) string {
	return strings.NewReplacer(
		`"urls":["charts/`, `"urls":["`+channel+`/charts/`,
		`"annotations":{`, `"annotations":{"portolan/channel":"`+channel+`",`,
	).Replace(string(head))
}
