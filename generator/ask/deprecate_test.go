package ask

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/action"
)

// deprecated is the shelf once an action has deprecated the chart; these versions were
// before.
func (s *shelf) deprecated(message string, own ...string) *shelf {
	change := s.state.Begin()
	change.Deprecate(action.Deprecation{Chart: s.chart, Message: message, Own: own})
	s.state = change.State()
	for i := range s.versions {
		s.versions[i].deprecated = true
	}
	return s
}

// TestDeprecate: all versions get the mark. With the same words as before, there is nothing
// to do, and with others there is.
func TestDeprecate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		shelf              *shelf
		message, successor string
		idle               bool
	}{
		{shelfOf("1.1.0", "1.0.0!"), "use db", "", false},
		{shelfOf("1.1.0", "1.0.0!"), "", "db", false},
		{shelfOf("1.1.0", "1.0.0").deprecated("use db"), "use db", "", true},
		{shelfOf("1.1.0", "1.0.0").deprecated("use db"), "", "", false},
		{shelfOf("1.1.0", "1.0.0").deprecated("use db"), "use db", "db", false},
	} {
		p, err := tt.shelf.deprecate(tt.message, tt.successor)
		if err != nil {
			t.Fatal(err)
		}
		if p.Idle != tt.idle || !p.Idle && len(p.Steps) != 2 || p.Request.Check() != nil || p.Request.Reason != tt.message || p.Request.Successor != tt.successor {
			t.Errorf("%q, %q: got %+v", tt.message, tt.successor, p)
		}
	}
	_, err := shelfOf("1.0.0").deprecate("", "web")
	if e := (*Error)(nil); !errors.As(err, &e) || !strings.Contains(err.Error(), "its own successor") {
		t.Errorf("got %v", err)
	}
}

// TestUndeprecate: versions whose Chart.yaml says it keep the mark.
func TestUndeprecate(t *testing.T) {
	t.Parallel()
	own := shelfOf("1.1.0", "1.0.0")
	own.versions[1].deprecated = true
	for name, tt := range map[string]struct {
		shelf *shelf
		want  []string
		notes string
		idle  bool
	}{
		"all":     {shelfOf("1.1.0", "1.0.0").deprecated(""), []string{"1.1.0", "1.0.0"}, "", false},
		"but one": {shelfOf("1.1.0", "1.0.0").deprecated("", "1.0.0"), []string{"1.1.0"}, "left out (their own Chart.yaml says so): web 1.0.0", false},
		"none":    {shelfOf("1.0.0").deprecated("", "1.0.0"), nil, "left out (their own Chart.yaml says so): web 1.0.0", false},
		"is not":  {shelfOf("1.0.0"), nil, "no action has deprecated web", true},
		"own":     {own, nil, "left out (their own Chart.yaml says so): web 1.0.0;no action has deprecated web", true},
	} {
		p := tt.shelf.undeprecate()
		var got []string
		for _, s := range p.Steps {
			got = append(got, s.Version)
		}
		if p.Idle != tt.idle || !slices.Equal(got, tt.want) || strings.Join(p.Notes, ";") != tt.notes || p.Request.Check() != nil {
			t.Errorf("%s: got %+v", name, p)
		}
	}
}
