package ask

import (
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
	now := shelfOf("2.0.0", "1.5.0!", "1.4.0", "1.3.0", "1.2.0!", "1.1.0", "1.0.0")
	then := shelfOf("2.0.0", "1.5.0", "1.4.0", "1.3.0", "1.2.0", "1.1.0!", "1.0.0")
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
	p := r.done()
	var got []string
	for _, s := range p.Steps {
		got = append(got, fmt.Sprintf("%s %s %.3s %.3s", s.Version, s.Effect, s.Digest, s.Was))
	}
	want := []string{"2.0.0 hidden 000 ", "1.4.0 put back old new", "1.1.0 hidden 000 "}
	if !slices.Equal(got, want) || p.Idle || p.Request.Check() != nil {
		t.Errorf("got %q, want %q", got, want)
	}
	notes := strings.Join(p.Notes, "\n")
	for _, want := range []string{"2 versions of that generation yanked since", "1 version with the content of today"} {
		if !strings.Contains(notes, want) {
			t.Errorf("it notes %q, want %q", notes, want)
		}
	}
	same := &rollback{plan: newPlan("stable", action.Request{Kind: action.Rollback, Generation: 3})}
	if same.chart(now, now); !same.done().Idle {
		t.Errorf("there is %+v to do", same.plan.Steps)
	}
}
