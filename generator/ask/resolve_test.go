package ask

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/portolan-charts/portolan/publisher/action"
)

// shelfOf is a chart with these versions, the newest first; those with a ! are yanked.
func shelfOf(versions ...string) *shelf {
	s := &shelf{channel: "stable", chart: "web"}
	change := s.state.Begin()
	change.Bury(action.Tombstone{
		Chart: "web", Version: "0.0.1", Digest: strings.Repeat("0", 64), Kind: action.TakeDown,
		Time: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	})
	for i, text := range versions {
		text, yanked := strings.CutSuffix(text, "!")
		v := version{Pin: action.Pin{Chart: "web", Version: text, Digest: fmt.Sprintf("%064d", i)}}
		v.semantic, _ = semver.NewVersion(text)
		if yanked {
			v.yanked = &action.Yanked{Chart: "web", Version: text}
		}
		s.versions = append(s.versions, v)
	}
	s.state = change.State()
	return s
}

func textsOf(versions []version) (texts []string) {
	for _, v := range versions {
		texts = append(texts, v.Version)
	}
	return texts
}

// TestResolve: texts mean the versions that the package comment says.
func TestResolve(t *testing.T) {
	t.Parallel()
	s := shelfOf("2.0.0", "1.3.0-rc.1", "1.2.10", "1.2.3", "1.2.3+b", "v1.2.2", "1.2", "odd", "1.0.0")
	for _, tt := range []struct {
		texts string // with a ; between them
		want  string
	}{
		{"1.2.3", "1.2.3"},
		{"1.2.3+b", "1.2.3+b"},
		{"v1.2.2", "v1.2.2"},
		{"odd", "odd"},
		{"1.2", "1.2"}, // is a version here, though it would be a range elsewhere
		{"1.2.x", "1.2.10 1.2.3 1.2.3+b v1.2.2 1.2"},
		{"~1.2.3", "1.2.10 1.2.3 1.2.3+b"},
		{">=1.2.3 <2.0.0", "1.2.10 1.2.3 1.2.3+b"},
		{">=1.2.3, <2", "1.2.10 1.2.3 1.2.3+b"},
		{"<1.1 || >=2", "2.0.0 1.0.0"},
		{"1.2.3 - 1.2.9", "1.2.3 1.2.3+b"},
		{"=1.2.3", "1.2.3 1.2.3+b"},
		{"*", "2.0.0 1.2.10 1.2.3 1.2.3+b v1.2.2 1.2 1.0.0"},
		{">=1.3.0-0 <1.3.0", "1.3.0-rc.1"},
		{">=0.0.0-0", "2.0.0 1.3.0-rc.1 1.2.10 1.2.3 1.2.3+b v1.2.2 1.2 1.0.0"},
		{"1.0.0;2.0.0;>=2", "2.0.0 1.0.0"},
		{"~1.2.3;2.0.0", "2.0.0 1.2.10 1.2.3 1.2.3+b"},
	} {
		got, err := s.resolve(strings.Split(tt.texts, ";"))
		if want := strings.Fields(tt.want); err != nil || !slices.Equal(textsOf(got), want) {
			t.Errorf("%q: got %q, %v; want %q", tt.texts, textsOf(got), err, want)
		}
	}
}

// TestResolveNothing: what means no version says what was near, or how to write it.
func TestResolveNothing(t *testing.T) {
	t.Parallel()
	s := shelfOf("2.0.0", "1.3.0-rc.1", "1.2.10", "1.2.3!", "1.0.2", "1.0.1", "1.0.0")
	for _, tt := range []struct{ texts, want, fix string }{
		{"1.2.4", "web has no version 1.2.4 in stable", "the nearest: 1.2.3, 1.2.10"},
		{"v2.0.0", "web has no version v2.0.0", "the nearest: 2.0.0"},
		{"3.0.0", "web has no version 3.0.0", "the nearest: 2.0.0"},
		{"1.3.0-rc.2", "web has no version 1.3.0-rc.2", "the nearest: 1.3.0-rc.1, 2.0.0"},
		{"0.0.1", "web 0.0.1 was taken down from stable on 2026-03-01", "nothing brings"},
		{"1.3.x", `no version of web in stable is in the range "1.3.x"`, "leaves out prereleases unless it names one, as '>=1.2.0-0 <1.3.0' does; these would be in it: 1.3.0-rc.1"},
		{">3", `no version of web in stable is in the range ">3"`, "its newest versions: 2.0.0, 1.3.0-rc.1, 1.2.10, 1.2.3, 1.0.2 and 2 more, which 'portolan list stable web' lists"},
		{"", `"" is neither a version nor a range`, "write a version such as"},
		{" ", `" " is neither a version nor a range`, "in quotes"},
		{"1.2.3 || ", `is neither`, "in quotes"},
		{"latest", `"latest" is neither`, "in quotes"},
		{strings.Repeat("1.0.0 || ", 1000) + "1.0.0", `is neither`, "in quotes"},
		{">=1.0.0;<1.2.0", `">=1.0.0" and "<1.2.0" are two ranges`, "'>=1.0.0 <1.2.0' for what is in both"},
		{"2.0.0;1.2.4", "no version 1.2.4", "nearest"},
	} {
		_, err := s.resolve(strings.Split(tt.texts, ";"))
		e := (*Error)(nil)
		if !errors.As(err, &e) || !strings.Contains(e.Message, tt.want) || !strings.Contains(e.Fix(), tt.fix) {
			t.Errorf("%.80q: got %v, %v; want %q and %q", tt.texts, err, e, tt.want, tt.fix)
		}
	}
}

// TestYankLeavesOut: what is yanked already is left out, and said; so is what cannot be
// restored since it is listed. A plan that leaves out everything asks for nothing.
func TestYankLeavesOut(t *testing.T) {
	t.Parallel()
	s := shelfOf("1.2.2", "1.2.1!", "1.2.0!")
	for _, tt := range []struct {
		plan   func(...string) (*Plan, error)
		texts  string
		want   string
		effect Effect
		note   string
	}{
		{s.yankFor("it is broken"), "1.2.x", "1.2.2", Hidden, "left out (yanked already): web 1.2.1, 1.2.0"},
		{s.yankFor("it is broken"), "1.2.2", "1.2.2", Hidden, ""},
		{s.yankFor("it is broken"), "1.2.1", "", "", "left out (yanked already): web 1.2.1"},
		{s.restoreThem, "1.2.x", "1.2.1 1.2.0", Listed, "left out (not yanked): web 1.2.2"},
		{s.restoreThem, "1.2.2", "", "", "left out (not yanked): web 1.2.2"},
	} {
		p, err := tt.plan(tt.texts)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if last := len(p.Notes) - 1; tt.effect == Hidden && last >= 0 && strings.Contains(p.Notes[last], "the repository stable/all does") {
			p.Notes = p.Notes[:last]
		} else if tt.effect == Hidden {
			t.Errorf("it does not note who still finds what is yanked: %q", p.Notes)
		}
		for i, step := range p.Steps {
			got = append(got, step.Version)
			if step.Effect != tt.effect || p.Request.Versions[i] != step.Pin {
				t.Errorf("%s %s: step %+v, request %+v", p.Request.Kind, tt.texts, step, p.Request.Versions[i])
			}
		}
		if !slices.Equal(got, strings.Fields(tt.want)) || strings.Join(p.Notes, ";") != tt.note || p.Idle != (tt.want == "") {
			t.Errorf("%s %s: got %q and %q", p.Request.Kind, tt.texts, got, p.Notes)
		}
		if !p.Idle && p.Request.Check() != nil {
			t.Errorf("it cannot be asked for: %v", p.Request.Check())
		}
	}
}

func (s *shelf) yankFor(reason string) func(...string) (*Plan, error) {
	return func(texts ...string) (*Plan, error) { return s.yank(texts, reason) }
}

func (s *shelf) restoreThem(texts ...string) (*Plan, error) { return s.restore(texts) }

// TestTooMany: more versions than an action may name are an error that says how to divide them.
func TestTooMany(t *testing.T) {
	t.Parallel()
	var versions []string
	for i := range action.MaxVersions + 1 {
		versions = append(versions, fmt.Sprintf("1.0.%d", action.MaxVersions-i))
	}
	_, err := shelfOf(versions...).yank([]string{"*"}, "all of it")
	if e := (*Error)(nil); !errors.As(err, &e) || !strings.Contains(err.Error(), "divide it") || !strings.Contains(e.Fix(), "'<1.0.5000' and then '>=1.0.5000'") {
		t.Errorf("got %v, %v", err, e)
	}
}
