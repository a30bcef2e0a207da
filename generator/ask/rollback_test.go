package ask

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/action"
)

// TestRollback: what the generation did not list is hidden, what was replaced since is put
// back, and what was yanked or removed since stays so.
func TestRollback(t *testing.T) {
	t.Parallel()
	now := shelfOf("2.0.0", "1.5.0!", "1.4.0", "1.3.0", "1.2.0!", "1.1.0", "1.0.0", "0.9.0!")
	now.versions[7].yanked.Rollback = 2
	then := shelfOf("2.0.0", "1.5.0", "1.4.0", "1.3.0", "1.2.0", "1.1.0!", "1.0.0", "0.9.0")
	then.versions = then.versions[1:] // without 2.0.0
	content := func(s *shelf, version, digest string) {
		for i := range s.versions {
			if s.versions[i].Version == version {
				s.versions[i].Digest = digest
			}
		}
	}
	content(now, "1.4.0", "new")
	content(then, "1.4.0", "old")
	content(now, "1.3.0", "new")
	content(then, "1.3.0", "secret")
	change := now.state.Begin()
	change.Bury(action.Tombstone{Chart: "web", Version: "1.3.0", Digest: "secret", Kind: action.TakeDown})
	now.state = change.State()

	r := &rollback{plan: newPlan("stable", action.Request{Kind: action.Rollback, Generation: 3})}
	r.chart(now, then)
	p, err := r.done()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range p.Steps {
		got = append(got, fmt.Sprintf("%s %s %.3s %.3s", s.Version, s.Effect, s.Digest, s.Was))
	}
	want := []string{"2.0.0 hidden 000 ", "1.4.0 put back old new", "1.1.0 hidden 000 ", "0.9.0 listed 000 "}
	if !slices.Equal(got, want) || p.Idle || p.Request.Check() != nil {
		t.Errorf("got %q, want %q", got, want)
	}
	notes := strings.Join(p.Notes, "\n")
	for _, want := range []string{"2 versions of that generation yanked since", "1 version with the content of today"} {
		if !strings.Contains(notes, want) {
			t.Errorf("it notes %q, want %q", notes, want)
		}
	}
	same := &rollback{plan: newPlan("stable", p.Request)}
	same.chart(shelfOf("1.0.0", "0.9.0!"), shelfOf("1.0.0", "0.9.0"))
	if p, err := same.done(); err != nil || !p.Idle {
		t.Errorf("there is %+v to do, %v", same.plan.Steps, err)
	}
}

// TestRollbackTooLarge: what does not fit a record is refused at once.
func TestRollbackTooLarge(t *testing.T) {
	t.Parallel()
	var versions []string
	for i := range action.MaxVersions + 1 {
		versions = append(versions, fmt.Sprintf("1.0.%d", i))
	}
	r := &rollback{plan: newPlan("stable", action.Request{Kind: action.Rollback, Generation: 3})}
	r.chart(shelfOf(versions...), shelfOf())
	_, err := r.done()
	if e := (*Error)(nil); !errors.As(err, &e) || e.Rule != "action-too-large" {
		t.Errorf("got %v", err)
	}
}
