package survey_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/survey"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

type verdicts = map[verdict.Verdict]int

func TestLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.edit("stable").put("web", "1.0.0", "a").put("db", "1.0.0", "a").commit()
	w.edit("stable").put("web", "1.0.0", "b").put("web", "1.1.0", "c").reject("not-gzip").reject("not-gzip").commit()
	w.edit("stable").decide(publisher.Decision{Upload: "u", Chart: "web", Version: "1.0.0", Verdict: verdict.Unchanged}).commit()
	w.edit("stable").put("web", "1.1.0", "c").commit() // the same archive in another place
	w.edit("stable").
		act(publisher.ActionDecision{Kind: action.Yank, Reason: "leaks", Versions: pins("web 1.1.0")}).
		act(publisher.ActionDecision{Kind: action.Restore, Verdict: verdict.Rejected, Rule: "not-yanked"}).hide("web", true, false).commit()
	w.edit("stable").take("db", "1.0.0").act(publisher.ActionDecision{Kind: action.TakeDown, Reason: "secret", Versions: pins("db 1.0.0")}).commit()
	w.edit("stable").hide("web", true, true).commit()
	e := w.edit("stable")
	e.draft.Floor = 4
	e.commit()

	all, err := survey.Log(t.Context(), w.store(), "stable", 100)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "log", all, []survey.Entry{
		{Generation: 8, Time: at(8), Changes: []survey.Change{}, Floor: 4},
		{Generation: 7, Time: at(7), Changes: []survey.Change{}, Settings: true},
		{Generation: 6, Time: at(6), Changes: []survey.Change{{What: survey.Removed, Chart: "db", Version: "1.0.0", Digest: digest("a")}}, Actions: []survey.Action{
			{ID: id(10), Kind: action.TakeDown, About: "takedown db 1.0.0", Verdict: verdict.Accepted, Reason: "secret", Versions: []action.Pin{{Chart: "db", Version: "1.0.0", Digest: digest("db 1.0.0")}}},
		}},
		{Generation: 5, Time: at(5), Changes: []survey.Change{}, Actions: []survey.Action{
			{ID: id(8), Kind: action.Yank, About: "yank web 1.1.0", Verdict: verdict.Accepted, Reason: "leaks", Versions: []action.Pin{{Chart: "web", Version: "1.1.0", Digest: digest("web 1.1.0")}}},
			{ID: id(9), Kind: action.Restore, About: "restore", Verdict: verdict.Rejected, Rule: "not-yanked"},
		}},
		{Generation: 4, Time: at(4), Changes: []survey.Change{{What: survey.Signed, Chart: "web", Version: "1.1.0", Digest: digest("c")}}, Verdicts: verdicts{verdict.Replaced: 1}},
		{Generation: 3, Time: at(3), Changes: []survey.Change{}, Verdicts: verdicts{verdict.Unchanged: 1}},
		{Generation: 2, Time: at(2), Changes: []survey.Change{
			{What: survey.Added, Chart: "web", Version: "1.1.0", Digest: digest("c")},
			{What: survey.Changed, Chart: "web", Version: "1.0.0", Digest: digest("b"), Was: digest("a")},
		}, Verdicts: verdicts{verdict.Accepted: 1, verdict.Replaced: 1, verdict.Rejected: 2}},
		{Generation: 1, Time: at(1), Changes: []survey.Change{
			{What: survey.Added, Chart: "db", Version: "1.0.0", Digest: digest("a")},
			{What: survey.Added, Chart: "web", Version: "1.0.0", Digest: digest("a")},
		}, Verdicts: verdicts{verdict.Accepted: 2}},
	})
	if _, err := survey.Log(t.Context(), w.store(), "nosuch", 1); !errors.Is(err, survey.ErrNoChannel) {
		t.Errorf("no channel: %v", err)
	}
}

// TestLogOfRollback: versions that got earlier content are among the changes, and the
// others are told apart.
func TestLogOfRollback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.edit("stable").put("web", "1.0.0", "a").put("web", "1.1.0", "b").commit()
	w.edit("stable").act(publisher.ActionDecision{Kind: action.Yank, Reason: "r", Versions: pins("web 1.1.0")}).hide("web", true, false).commit()
	w.edit("stable").put("web", "1.2.0", "c").hide("web", false, true, false).commit()
	versions := pins("web 1.2.0", "web 1.1.0", "web 1.0.0")
	versions[1].Restores, versions[2].Upload = true, id(1)
	w.edit("stable").act(publisher.ActionDecision{Kind: action.Rollback, Generation: 1, Reason: "rolled back to 1", Versions: versions}).hide("web", true, false, false).commit()
	all, err := survey.Log(t.Context(), w.store(), "stable", 1)
	if err != nil {
		t.Fatal(err)
	}
	pin := func(version string) []action.Pin {
		return []action.Pin{{Chart: "web", Version: version, Digest: digest("web " + version)}}
	}
	equal(t, "rollback", all[0].Actions, []survey.Action{{
		ID: id(5), Kind: action.Rollback, About: "roll back to generation 1", Verdict: verdict.Accepted, Reason: "rolled back to 1",
		Generation: 1, Versions: pin("1.2.0"), Restored: pin("1.1.0"),
	}})
}

// TestLogReads: however long the log is, a part of it costs those records, and what finds
// its end.
func TestLogReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 60 {
		w.edit("stable").reject("not-gzip").commit()
	}
	w.edit("stable").put("web", "1.0.0", "a").commit()
	for range 3 {
		w.edit("stable").reject("not-gzip").commit()
	}
	ops := &buckettest.Counter{}
	all, err := survey.Log(t.Context(), ops.Of(w.store()), "stable", 20)
	if err != nil || len(all) != 20 || all[0].Generation != 64 || all[19].Generation != 45 {
		t.Fatalf("got %+v, %v", all, err)
	}
	if n := ops.Count(buckettest.Get); n > 1+20+5 || ops.Count("") > n {
		t.Errorf("it took %s", ops)
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.edit("stable").put("web", "1.0.0", "a").put("web", "1.1.0", "b").put("db", "1.0.0", "a").put("old", "1.0.0", "a").commit()
	w.edit("stable").act(publisher.ActionDecision{Kind: action.Yank, Reason: "slow", Versions: pins("old 1.0.0")}).hide("old", true).commit()
	w.edit("stable").put("web", "1.0.0", "c").put("web", "1.2.0", "d").put("web", "1.1.0", "b").take("db", "1.0.0").commit()
	w.edit("stable").
		act(publisher.ActionDecision{Kind: action.Yank, Reason: "leaks", Versions: pins("web 1.1.0")}).
		act(publisher.ActionDecision{Kind: action.Restore, Versions: pins("old 1.0.0")}).
		act(publisher.ActionDecision{Kind: action.Deprecate, Chart: "old", Reason: "gone", Successor: "web"}).hide("web", false, true, false).hide("old", false).commit()
	w.edit("stable").reject("not-gzip").commit()

	point := func(n int) survey.Point { return survey.Point{Generation: n, Time: at(min(n, 4))} } // 5 has the index of 4
	changes := []survey.Change{
		{What: survey.Removed, Chart: "db", Version: "1.0.0", Digest: digest("a")},
		{What: survey.Added, Chart: "web", Version: "1.2.0", Digest: digest("d")},
		{What: survey.Signed, Chart: "web", Version: "1.1.0", Digest: digest("b")},
		{What: survey.Changed, Chart: "web", Version: "1.0.0", Digest: digest("c"), Was: digest("a")},
	}
	acted := []survey.Change{
		{What: survey.IsYanked, Chart: "web", Version: "1.1.0", Reason: "leaks"},
		{What: survey.Restored, Chart: "old", Version: "1.0.0"},
		{What: survey.Deprecated, Chart: "old", Reason: "gone", Successor: "web"},
	}
	for _, test := range []struct {
		from, to int
		want     survey.Difference
	}{
		{2, 3, survey.Difference{Channel: "stable", From: point(2), To: point(3), Changes: changes}},
		{3, 4, survey.Difference{Channel: "stable", From: point(3), To: point(4), Changes: acted}},
		{2, -1, survey.Difference{Channel: "stable", From: point(2), To: point(5), Changes: append(changes, acted...)}},
		{4, 5, survey.Difference{Channel: "stable", From: point(4), To: point(5), Changes: []survey.Change{}}},
		{4, 3, survey.Difference{Channel: "stable", From: point(4), To: point(3), Changes: []survey.Change{
			{What: survey.IsYanked, Chart: "old", Version: "1.0.0", Reason: "slow"},
			{What: survey.Restored, Chart: "web", Version: "1.1.0"},
			{What: survey.Undeprecated, Chart: "old"},
		}}},
		{0, 0, survey.Difference{Channel: "stable", Changes: []survey.Change{}}},
	} {
		got, err := survey.Diff(t.Context(), w.store(), "stable", test.from, test.to)
		if err != nil {
			t.Errorf("%d to %d: %v", test.from, test.to, err)
			continue
		}
		equal(t, "difference", *got, test.want)
	}
	if got, err := survey.Diff(t.Context(), w.store(), "stable", 0, 1); err != nil || len(got.Changes) != 4 || got.From.Generation != 0 {
		t.Errorf("from the beginning: %+v, %v", got, err)
	}
	if _, err := survey.Diff(t.Context(), w.store(), "nosuch", 0, 1); !errors.Is(err, survey.ErrNoChannel) {
		t.Errorf("no channel: %v", err)
	}
}

// TestDiffMissing: what cannot be compared is told from what does not exist, and each error
// has its fix.
func TestDiffMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, version := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0"} {
		w.edit("stable").put("web", version, version).commit()
	}
	e := w.edit("stable")
	e.draft.Floor = 3
	e.commit()
	for _, n := range []string{"1", "3"} {
		if err := w.site.Handle("vandal").Delete(t.Context(), "stable/snapshots/0000000"+n+"/index.yaml", ""); err != nil {
			t.Fatal(err)
		}
	}
	for generation, want := range map[int][2]string{
		1: {"generation 1 of channel stable is not kept any more: the last prune kept those from 3 on", "portolan log stable"},
		3: {"the snapshot of generation 3 of channel stable is missing", "portolan rebuild --channel stable"},
		9: {"channel stable has no generation 9: its newest is 5", "portolan log stable"},
	} {
		_, err := survey.Diff(t.Context(), w.store(), "stable", generation, -1)
		missing := (*survey.GenerationError)(nil)
		if !errors.As(err, &missing) || !strings.HasPrefix(err.Error(), want[0]) || !strings.Contains(missing.Fix(), want[1]) {
			t.Errorf("%d: got %v, want %q", generation, err, want)
		}
	}
}
