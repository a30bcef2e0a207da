package publisher_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/sweep"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// acting is a site whose channel has alpha 1.0.0 to 3.0.0 and beta 1.0.0, in four
// generations.
func acting(t *testing.T) *buckettest.Mem {
	t.Helper()
	m, _ := buckettest.Clocked(t)
	s := m.Handle("test")
	for i, id := range []string{id1, id2, id3} {
		commit(t, s, "stable", release("alpha", fmt.Sprintf("%d.0.0", i+1), id, ""))
	}
	commit(t, s, "stable", release("beta", "1.0.0", id4, "signature"))
	return m
}

// acts is a draft of an accepted action on versions, which hides them or shows them again.
func acts(c *publisher.Channel, kind action.Kind, id, chart string, versions ...string) publisher.Draft {
	a := publisher.ActionDecision{ID: id, Arrival: buckettest.Start(), Kind: kind, Verdict: verdict.Accepted}
	if kind == action.Yank {
		a.Reason = "broken"
	}
	hidden := make([]bool, len(c.Index().Lines(chart)))
	for i, line := range c.Index().Lines(chart) {
		hidden[i] = !c.Index().Shown(chart).Has(i)
		for _, v := range versions {
			if strings.Contains(line, fmt.Sprintf(`"version":%q`, v)) {
				_, digest, _ := strings.Cut(line, `"digest":"`)
				a.Versions = append(a.Versions, publisher.ActionVersion{Pin: action.Pin{Chart: chart, Version: v, Digest: digest[:64]}})
				hidden[i] = kind == action.Yank
			}
		}
	}
	d := publisher.Draft{Time: buckettest.Start().Add(time.Duration(c.Generation()) * time.Minute), Nonce: "nonce-" + id, Actions: []publisher.ActionDecision{a}}
	d.Shown = []publisher.Shown{publisher.ShownBut(chart, hidden)}
	return d
}

func deprecates(c *publisher.Channel, id, chart string, own ...string) publisher.Draft {
	return publisher.Draft{Time: buckettest.Start().Add(time.Duration(c.Generation()) * time.Minute), Nonce: "nonce-" + id, Actions: []publisher.ActionDecision{{
		ID: id, Arrival: buckettest.Start(), Kind: action.Deprecate, Verdict: verdict.Accepted, Chart: chart, Reason: "old", Own: own,
	}}}
}

// act commits what a draft makes of the channel, and projects it.
func act(t *testing.T, s bucket.Store, draft func(*publisher.Channel) publisher.Draft) *publisher.Channel {
	t.Helper()
	c, err := publisher.OpenChannel(t.Context(), s, "stable")
	if err == nil {
		err = c.Commit(t.Context(), draft(c))
	}
	if err == nil {
		err = c.Project(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// acted is acting after alpha 2.0.0 was yanked, alpha was deprecated, all of beta was yanked,
// and an upload was refused: in generations 5 to 8.
func acted(t *testing.T) *buckettest.Mem {
	t.Helper()
	m := acting(t)
	s := m.Handle("test")
	act(t, s, func(c *publisher.Channel) publisher.Draft { return acts(c, action.Yank, "y1", "alpha", "2.0.0") })
	act(t, s, func(c *publisher.Channel) publisher.Draft { return deprecates(c, "d1", "alpha", "1.0.0") })
	act(t, s, func(c *publisher.Channel) publisher.Draft { return acts(c, action.Yank, "y2", "beta", "1.0.0") })
	commit(t, s, "stable", nil)
	return m
}

const newestState = "stable/log/00000007-nonce-y2.state.json"

// states are the keys of the files of states.
func states(m *buckettest.Mem) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m.Snapshot())), func(key string) bool { return !strings.HasSuffix(key, ".state.json") })
}

func wantSound(t *testing.T, m *buckettest.Mem, when string) {
	t.Helper()
	for _, deep := range []bool{false, true} {
		if r := verify(t, m.Handle("verify"), publisher.VerifyOptions{Deep: deep}); !r.OK() {
			t.Errorf("%s, deep %t: %+v", when, deep, r)
		}
	}
}

// TestState: what actions have made of a channel is what the next one who opens it reads,
// and what each list shows.
func TestState(t *testing.T) {
	m := acted(t)
	c := open(t, m)
	if y, ok := c.State().FindYanked("alpha", "2.0.0"); !ok || y.Reason != "broken" || y.Action != "y1" {
		t.Errorf("alpha 2.0.0 is %+v", y)
	}
	if d, ok := c.State().FindDeprecated("alpha"); !ok || !slices.Equal(d.Own, []string{"1.0.0"}) {
		t.Errorf("alpha is %+v", d)
	}
	site := m.Snapshot()
	for key, want := range map[string]int{
		"stable/index.yaml": 2, alphaIndex: 2, "stable/charts/beta/index.yaml": 0, allIndex: 4,
		"stable/snapshots/00000007/index.yaml": 2, "stable/snapshots/00000007/older/index.yaml": 3,
	} {
		if n := strings.Count(string(site[key]), `"urls"`); n != want {
			t.Errorf("%s has %d versions, want %d:\n%s", key, n, want, site[key])
		}
	}
	if got := states(m); len(got) != 3 || got[2] != newestState {
		t.Errorf("states: %q", got)
	}
	wantSound(t, m, "as it was published")
	act(t, m.Handle("test"), func(c *publisher.Channel) publisher.Draft { return acts(c, action.Restore, "r1", "beta", "1.0.0") })
	if n := strings.Count(string(m.Snapshot()["stable/index.yaml"]), `"urls"`); n != 3 {
		t.Errorf("after it was restored, head has %d versions", n)
	}
	wantSound(t, m, "restored")
}

// TestStateCosts: to open a channel with a state takes one get more than without one; a
// record that leaves the state alone reads and writes none.
func TestStateCosts(t *testing.T) {
	cost := func(m *buckettest.Mem) int {
		before := len(m.Ops())
		open(t, m)
		return len(m.Ops()) - before
	}
	without := acting(t)
	commit(t, without.Handle("test"), "stable", nil)

	a, b := cost(without), cost(acted(t))
	if b != a+2 {
		t.Errorf("%d operations, and %d without a state", b, a)
	}
}

// TestStateAt: the state of an earlier generation is what it was then, even if its file was
// removed since. That of the generation at which the channel was opened is not read again.
func TestStateAt(t *testing.T) {
	m := acted(t)
	c := open(t, m)
	if err := c.Commit(t.Context(), acts(c, action.Restore, "r1", "alpha", "2.0.0")); err != nil {
		t.Fatal(err)
	}
	remove(t, m, states(m)[0])
	for generation, want := range map[int][2]int{0: {}, 4: {}, 5: {1, 0}, 6: {1, 1}, 7: {2, 1}, 9: {1, 1}} {
		before := len(m.Ops())
		state, err := c.StateAt(t.Context(), generation)
		if err != nil {
			t.Fatal(err)
		}
		var got [2]int
		if state != nil {
			got = [2]int{len(state.Yanked), len(state.Deprecated)}
		}
		if got != want {
			t.Errorf("at generation %d, %d versions were yanked, and %d charts deprecated; want %d", generation, got[0], got[1], want)
		}
		if n := len(m.Ops()) - before; n > 0 && (generation == 0 || generation >= 7) {
			t.Errorf("the state of generation %d took %d operations", generation, n)
		}
	}
}

// TestStateLost: if the file of the newest state is lost or damaged, a channel that
// is opened derives it from the log, verify tells, and rebuild writes it again.
func TestStateLost(t *testing.T) {
	for name, spoil := range map[string]func(*buckettest.Mem){
		"missing":  func(m *buckettest.Mem) { remove(t, m, newestState) },
		"empty":    func(m *buckettest.Mem) { m.Put(newestState, nil) },
		"another":  func(m *buckettest.Mem) { m.Put(newestState, m.Snapshot()[states(m)[0]]) },
		"no state": func(m *buckettest.Mem) { m.Put(newestState, []byte("{]")) },
	} {
		m := acted(t)
		want := m.Snapshot()
		spoil(m)
		c := open(t, m)
		if _, ok := c.State().FindYanked("beta", "1.0.0"); !ok || len(c.State().Yanked) != 2 {
			t.Errorf("%s: the state is %+v", name, c.State())
		}
		faults := verify(t, m.Handle("verify"), publisher.VerifyOptions{}).Channels[0].Faults
		if len(faults) != 1 || faults[0].Key != newestState || !strings.Contains(faults[0].Fix, "portolan rebuild --channel stable") {
			t.Errorf("%s: %+v", name, faults)
		}
		if r, err := rebuild(t, m); err != nil || !slices.Equal(r.Written, []string{newestState}) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		sameSite(t, m.Snapshot(), want, name)
	}
}

// TestStateRefresh: one who has opened the channel follows it to a state that another makes,
// and is as before if that cannot be read.
func TestStateRefresh(t *testing.T) {
	m := acting(t)
	c := open(t, m)
	act(t, m.Handle("other"), func(c *publisher.Channel) publisher.Draft { return acts(c, action.Yank, "y1", "alpha", "2.0.0") })
	m.Hook = func(op buckettest.Op) buckettest.Fault {
		if strings.HasSuffix(op.Key, ".state.json") {
			return buckettest.Refused
		}
		return buckettest.None
	}
	if err := c.Refresh(t.Context()); !errors.Is(err, buckettest.ErrInjected) || c.Generation() != 4 {
		t.Fatalf("generation %d, %v", c.Generation(), err)
	}
	m.Hook = nil
	if err := c.Refresh(t.Context()); err != nil || c.Generation() != 5 || len(c.State().Yanked) != 1 {
		t.Errorf("generation %d, %+v, %v", c.Generation(), c.State(), err)
	}
}

// TestStateRebuild derives all that follows from the log of a channel with actions.
func TestStateRebuild(t *testing.T) {
	m := acted(t)
	want := m.Snapshot()
	for key := range want {
		if strings.HasSuffix(key, "/index.yaml") || key == newestState {
			remove(t, m, key)
		}
	}
	if _, err := rebuild(t, m); err != nil {
		t.Fatal(err)
	}
	sameSite(t, m.Snapshot(), want, "rebuilt")
	remove(t, m, "stable/index.yaml")
	if c := open(t, m); len(c.State().Yanked) != 2 { // which begins with the first record
		t.Errorf("without head: %+v", c.State())
	}
	project(t, m)
	sameSite(t, m.Snapshot(), want, "projected again")
}

// TestStateOwn: new content of a version is marked as deprecated by itself, or not, from
// then on.
func TestStateOwn(t *testing.T) {
	m := acting(t)
	s := m.Handle("test")
	act(t, s, func(c *publisher.Channel) publisher.Draft { return deprecates(c, "d1", "alpha", "1.0.0") })
	for i, own := range []bool{false, false, true, true} {
		c := act(t, s, func(c *publisher.Channel) publisher.Draft {
			id := upload(10 + i)
			lines := slices.Clone(c.Index().Lines("alpha"))
			before := lines[2]
			r := release("alpha", "1.0.0", id, "")
			if err := publisher.PutRelease(t.Context(), s, "stable", r); err != nil {
				t.Fatal(err)
			}
			lines[2] = fmt.Sprintf(`{"name":"alpha","version":"1.0.0","digest":%q,"urls":[%q]}`, r.Info.Digest, r.URL())
			d := publisher.Draft{Time: c.Time(), Nonce: "n"}
			d.Removed, d.Added = c.Index().Diff(map[string][]string{"alpha": lines})
			d.Decisions = []publisher.Decision{{
				Upload: id, Arrival: buckettest.Start(), Chart: "alpha", Version: "1.0.0", Verdict: verdict.Replaced, Digest: r.Info.Digest, Size: r.Info.Size, Deprecated: own,
			}}
			if before == lines[2] {
				t.Fatal("nothing is replaced")
			}
			return d
		})
		d, _ := c.State().FindDeprecated("alpha")
		if slices.Contains(d.Own, "1.0.0") != own {
			t.Errorf("%d: its own are %q, want 1.0.0: %t", i, d.Own, own)
		}
	}
	if n := len(states(m)); n != 3 { // the deprecation, and the two changes
		t.Errorf("%d states", n)
	}
	wantSound(t, m, "replaced")
}

// TestStateForeign: records that name a state which their actions do not make, or another
// one than the record before, are damaged.
func TestStateForeign(t *testing.T) {
	sum := func(m *buckettest.Mem) string { return hash(m.Snapshot()[newestState]) }
	for want, change := range map[string]func(m *buckettest.Mem, record string) string{
		"names the state 00000007-nonce-y2.state.json with the SHA-256": func(m *buckettest.Mem, r string) string {
			return strings.Replace(r, sum(m), hash(nil), 1)
		},
		"names the state 00000006-nonce-d1.state.json with the SHA-256": func(m *buckettest.Mem, r string) string {
			return strings.ReplaceAll(r, "00000007-nonce-y2", "00000006-nonce-d1")
		},
		"names the state 00000006-nonce-d1.state.json, but its index does not": func(m *buckettest.Mem, r string) string {
			return strings.Replace(r, "00000007-nonce-y2", "00000006-nonce-d1", 1)
		},
		`names the state "00000007.json" with`: func(m *buckettest.Mem, r string) string {
			return strings.Replace(r, "00000007-nonce-y2.state", "00000007", 1)
		},
		`names the state "00000008-nonce-y2.st`: func(m *buckettest.Mem, r string) string {
			return strings.Replace(r, "00000007-nonce-y2", "00000008-nonce-y2", 1)
		},
		`names the state "00000007-../x.state.j`: func(m *buckettest.Mem, r string) string {
			return strings.Replace(r, "00000007-nonce-y2", "00000007-../x", 1)
		},
	} {
		m := acted(t)
		remove(t, m, "stable/log/00000008.json")
		const key = "stable/log/00000007.json"
		before := string(m.Snapshot()[key])
		after := change(m, before)
		if after == before {
			t.Fatalf("%s: nothing is changed", want)
		}
		m.Put(key, []byte(after))
		faults := verify(t, m.Handle("verify"), publisher.VerifyOptions{}).Channels[0].Faults
		if !slices.ContainsFunc(faults, func(f publisher.Fault) bool {
			return f.Key == key && strings.Contains(f.Message, want) && strings.Contains(f.Fix, "restore the channel's log folder")
		}) {
			t.Errorf("got %+v, want one that %s", faults, want)
		}
	}
	m := acted(t)
	const key = "stable/log/00000008.json"
	record := string(m.Snapshot()[key])
	for want, after := range map[string]string{
		"though it changes nothing of 00000007-nonce-y2": strings.Replace(record, "00000007-nonce-y2", "00000006-nonce-d1", 1),
		"it names no state, though the record before":    regexp.MustCompile(`(?s),\s*"state": \{[^}]*\}`).ReplaceAllString(strings.Replace(record, `"format": 5`, `"format": 1`, 1), ""),
	} {
		m.Put(key, []byte(after))
		faults := verify(t, m.Handle("verify"), publisher.VerifyOptions{}).Channels[0].Faults
		if len(faults) != 1 || faults[0].Key != key || !strings.Contains(faults[0].Message, want) {
			t.Errorf("got %+v, want one that %s", faults, want)
		}
	}
}

// TestCommitActionsCrash fails each operation of a yank, a deprecation and a restore in
// turn, also with a power cut. A clean run afterwards makes the site what it would have
// been, and at no moment does the log name a state that is not there.
func TestCommitActionsCrash(t *testing.T) {
	for name, draft := range map[string]func(*publisher.Channel) publisher.Draft{
		"yank": func(c *publisher.Channel) publisher.Draft {
			return acts(c, action.Yank, "x", "alpha", "1.0.0", "3.0.0")
		},
		"deprecate": func(c *publisher.Channel) publisher.Draft { return deprecates(c, "x", "beta") },
		"restore":   func(c *publisher.Channel) publisher.Draft { return acts(c, action.Restore, "x", "beta", "1.0.0") },
	} {
		clean := acted(t)
		before := len(clean.Ops())
		act(t, clean.Handle("test"), draft)
		ops := len(clean.Ops()) - before
		for n := range ops {
			for _, fault := range []buckettest.Fault{buckettest.Refused, buckettest.Unacked, buckettest.DieBefore, buckettest.DieAfter} {
				when := fmt.Sprintf("%s, operation %d, fault %d", name, n, fault)
				m := acted(t)
				first := len(m.Ops())
				m.Hook = func(op buckettest.Op) buckettest.Fault {
					if op.N == first+n {
						return fault
					}
					return buckettest.None
				}
				h := m.Handle("dies")
				c, err := publisher.OpenChannel(t.Context(), h, "stable")
				if err == nil {
					err = c.Commit(t.Context(), draft(c))
				}
				if err == nil {
					_ = c.Project(t.Context())
				}
				if m.Hook = nil; h.Dead() {
					m.PowerCut()
				}
				wantStated(t, m, when)
				c = open(t, m)
				if c.Generation() == 8 {
					act(t, m.Handle("again"), draft)
				} else if err := c.Project(t.Context()); err != nil {
					t.Fatal(err)
				}
				sameSite(t, m.Snapshot(), clean.Snapshot(), when)
			}
		}
	}
}

// wantStated makes sure that the state which each record names is there.
func wantStated(t *testing.T, m *buckettest.Mem, when string) {
	t.Helper()
	site := m.Snapshot()
	for key, record := range site {
		name := regexpState.FindSubmatch(record)
		if strings.HasPrefix(key, "stable/log/") && name != nil && !strings.HasSuffix(key, ".state.json") &&
			hash(site["stable/log/"+string(name[1])]) != string(name[2]) {
			t.Errorf("%s: %s names %s, which is not there", when, key, name[1])
		}
	}
}

// TestStateRaced: of two who act at the same time one commits. The other's state stays, and
// is in nobody's way; prune removes it, but none that may still be committed.
func TestStateRaced(t *testing.T) {
	m := acted(t)
	m.Now = func() time.Time { return buckettest.Start() }
	slow := open(t, m)
	act(t, m.Handle("fast"), func(c *publisher.Channel) publisher.Draft { return acts(c, action.Yank, "fast", "alpha", "1.0.0") })
	draft := func(c *publisher.Channel) publisher.Draft { return acts(c, action.Yank, "slow", "alpha", "3.0.0") }
	if err := slow.Commit(t.Context(), draft(slow)); !errors.Is(err, bucket.ErrConflict) {
		t.Fatal(err)
	}
	if len(slow.State().Yanked) != 2 {
		t.Errorf("the loser's state is %+v", slow.State())
	}
	const coming = "stable/log/00000010-coming.state.json"
	m.Put(coming, []byte("{}\n"))
	prune := func(after time.Duration) sweep.Freed {
		t.Helper()
		r, err := publisher.Prune(t.Context(), (&buckettest.Mem{TB: t}).Handle("prune"), m.Handle("prune"), publisher.PruneOptions{
			Grace: week, Now: func() time.Time { return buckettest.Start().Add(after) }, Nonce: func() string { return "p" },
		})
		if err != nil {
			t.Fatal(err)
		}
		return r.Channels[0].States
	}
	wantSound(t, m, "raced")
	if f := prune(day); f.Files != 0 || len(states(m)) != 6 {
		t.Errorf("within the grace time: %+v; %q", f, states(m))
	}
	if f := prune(2 * week); f.Files != 4 || !slices.Equal(states(m), []string{"stable/log/00000009-nonce-fast.state.json", coming}) {
		t.Errorf("after it: %+v; %q", f, states(m))
	}
	wantSound(t, m, "pruned")
	if err := slow.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := slow.Commit(t.Context(), draft(slow)); err != nil || len(slow.State().Yanked) != 4 {
		t.Errorf("decided again: %+v, %v", slow.State(), err)
	}
}

// TestStateMany: a channel with 10,000 yanked versions opens without trouble.
func TestStateMany(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second: it makes 10,000 versions")
	}
	const n = 10_000
	m, _ := buckettest.Clocked(t)
	act(t, m.Handle("test"), func(c *publisher.Channel) publisher.Draft {
		d := publisher.Draft{Time: buckettest.Start(), Nonce: "many"}
		lines := make([]string, n)
		for i := range lines {
			id := upload(i)
			v := fmt.Sprintf("1.0.%d", n-i)
			lines[i] = fmt.Sprintf(`{"name":"alpha","version":%q,"digest":%q,"urls":[%q]}`, v, hash([]byte(v)), publisher.ReleaseURL("alpha", v, id))
			d.Decisions = append(d.Decisions, publisher.Decision{Upload: id, Arrival: buckettest.Start(), Chart: "alpha", Version: v, Verdict: verdict.Accepted, Digest: hash([]byte(v))})
		}
		d.Removed, d.Added = c.Index().Diff(map[string][]string{"alpha": lines})
		return d
	})
	act(t, m.Handle("test"), func(c *publisher.Channel) publisher.Draft {
		hidden := make([]bool, n)
		a := publisher.ActionDecision{ID: "y", Arrival: buckettest.Start(), Kind: action.Yank, Verdict: verdict.Accepted, Reason: "all of them"}
		for i := range hidden {
			v := fmt.Sprintf("1.0.%d", n-i)
			hidden[i] = true
			a.Versions = append(a.Versions, publisher.ActionVersion{Pin: action.Pin{Chart: "alpha", Version: v, Digest: hash([]byte(v))}})
		}
		return publisher.Draft{Time: buckettest.Start(), Nonce: "yank", Actions: []publisher.ActionDecision{a}, Shown: []publisher.Shown{publisher.ShownBut("alpha", hidden)}}
	})
	c := open(t, m)
	if len(c.State().Yanked) != n || len(c.Index().Lines("alpha")) != n || len(c.Index().HeadLines("alpha")) != 0 {
		t.Errorf("%d are yanked, of %d", len(c.State().Yanked), len(c.Index().Lines("alpha")))
	}
	if b := m.Snapshot()[alphaIndex]; bytes.Contains(b, []byte(`"urls"`)) {
		t.Error("the chart's index has some")
	}
}

// regexpState finds the state that a record names.
var regexpState = regexp.MustCompile(`(?s) "state": \{\s*"name": "([^"]*)",\s*"sha256": "([^"]*)"\s*\},?\n`)

// TestStateTags: the list of a chart's tags leaves out what is yanked, also before all charts
// of the channel have one.
func TestStateTags(t *testing.T) {
	for name, all := range map[string]bool{"some charts": false, "all charts": true} {
		m := acting(t)
		s := m.Handle("test")
		act(t, s, func(c *publisher.Channel) publisher.Draft {
			c.UseRegistry(true)
			d := c.RegistryDraft(&publisher.RegistryChange{Complete: []string{"alpha"}}, all)
			d.Time, d.Nonce = c.Time(), "registry"
			return d
		})
		list := func() string { return string(m.Snapshot()[registry.TagsKey("stable/alpha")]) }
		if !strings.Contains(list(), `"3.0.0"`) {
			t.Fatalf("%s: the list is %s", name, list())
		}
		act(t, s, func(c *publisher.Channel) publisher.Draft { return acts(c, action.Yank, "y", "alpha", "3.0.0") })
		if strings.Contains(list(), `"3.0.0"`) || !strings.Contains(list(), `"2.0.0"`) {
			t.Errorf("%s: after a yank it is %s", name, list())
		}
		wantSound(t, m, name)
		act(t, s, func(c *publisher.Channel) publisher.Draft { return acts(c, action.Restore, "r", "alpha", "3.0.0") })
		if !strings.Contains(list(), `"3.0.0"`) {
			t.Errorf("%s: restored, it is %s", name, list())
		}
		want := m.Snapshot()
		remove(t, m, registry.TagsKey("stable/alpha"))
		if _, err := rebuild(t, m); err != nil || string(want[registry.TagsKey("stable/alpha")]) != list() {
			t.Errorf("%s: rebuilt, it is %s, %v", name, list(), err)
		}
	}
}
