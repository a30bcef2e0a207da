package ask

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/spelling"
)

// most is how many versions a message names.
const most = 5

// resolve returns the versions that the texts mean, each once, in the index's order, and
// by text how many of them it means. It fails for a text that means none.
func (s *shelf) resolve(texts []string) ([]version, error) {
	if err := checkApart(texts); err != nil {
		return nil, err
	}
	chosen := make([]bool, len(s.versions))
	for _, text := range texts {
		matches, err := s.matcher(text)
		if err != nil {
			return nil, err
		}
		found := false
		for i, v := range s.versions {
			if matches(v) {
				chosen[i], found = true, true
			}
		}
		if !found {
			return nil, s.nothing(text)
		}
	}
	var all []version
	for i, v := range s.versions {
		if chosen[i] {
			all = append(all, v)
		}
	}
	return all, nil
}

// matcher returns what a text means.
func (s *shelf) matcher(text string) (func(version) bool, error) {
	exact := func(v version) bool { return v.Version == text }
	if slices.ContainsFunc(s.versions, exact) {
		return exact, nil
	}
	if strings.TrimSpace(text) == "" { // which would be any version at all
		return nil, notRange(text)
	}
	if whole(text) {
		return nil, s.missing(text)
	}
	c, err := semver.NewConstraint(text)
	if err != nil {
		return nil, notRange(text)
	}
	return func(v version) bool { return v.semantic != nil && c.Check(v.semantic) }, nil
}

// whole reports whether a text is one version with all its parts, and no range.
func whole(text string) bool {
	_, err := semver.StrictNewVersion(strings.TrimPrefix(text, "v"))
	return err == nil
}

func notRange(text string) error {
	return wrong(fmt.Sprintf("%q is neither a version nor a range of versions", text),
		"write a version such as 1.2.3, or a range in quotes, such as '1.2.x', '~1.2' or '>=1.2.0 <1.3.0'")
}

// checkApart refuses the two halves of one range: each alone would mean far more.
func checkApart(texts []string) error {
	var above, below string
	for _, text := range texts {
		if strings.ContainsAny(strings.TrimSpace(text), " ,|") {
			continue
		}
		if text = strings.TrimSpace(text); strings.HasPrefix(text, ">") {
			above = text
		} else if strings.HasPrefix(text, "<") {
			below = text
		}
	}
	if above == "" || below == "" {
		return nil
	}
	return wrong(fmt.Sprintf("%q and %q are two ranges", above, below),
		fmt.Sprintf("write '%s %s' for what is in both, or '%s || %s' for what is in either", above, below, above, below))
}

// nothing is the error for a range that no version is in.
func (s *shelf) nothing(text string) error {
	e := wrong(fmt.Sprintf("no version of %s in %s is in the range %q", s.chart, s.channel, text), "")
	early := s.early(text)
	if len(early) == 0 {
		e.fix = "its newest versions: " + s.list(s.texts())
		return e
	}
	e.fix = fmt.Sprintf("a range leaves out prereleases unless it names one, as '>=1.2.0-0 <1.3.0' does; these would be in it: %s", s.list(early))
	return e
}

// early returns the prereleases of versions that are in a range.
func (s *shelf) early(text string) (early []string) {
	c, err := semver.NewConstraint(text)
	if err != nil {
		return nil
	}
	for _, v := range s.versions {
		if v.semantic == nil || v.semantic.Prerelease() == "" {
			continue
		}
		if of, err := v.semantic.SetPrerelease(""); err == nil && c.Check(&of) {
			early = append(early, v.Version)
		}
	}
	return early
}

// missing is the error for a version that the chart does not have.
func (s *shelf) missing(text string) error {
	if gone, ok := s.state.FindGoneVersion(s.chart, text); ok {
		return wrong(fmt.Sprintf("%s %s %s", s.chart, text, goneFrom(s.channel, gone)),
			"nothing brings its content back; 'portolan log "+s.channel+"' tells more")
	}
	near := s.near(text)
	return wrong(fmt.Sprintf("%s has no version %s in %s", s.chart, text, s.channel), "the nearest: "+s.list(near))
}

// goneFrom says why something does not come back to a channel: it …
func goneFrom(channel string, t action.Tombstone) string {
	return fmt.Sprintf("%s from %s on %s", t.Fate(), channel, t.Time.UTC().Format(time.DateOnly))
}

// near returns versions that may have been meant: those of the same number, or else those
// right below and above, and the one spelt most alike.
func (s *shelf) near(text string) []string {
	wanted, err := semver.NewVersion(text)
	if err != nil {
		return s.texts()
	}
	var same []string
	var below, above *version
	for i, v := range s.versions {
		switch {
		case v.semantic == nil:
		case v.semantic.Equal(wanted):
			same = append(same, v.Version)
		case v.semantic.LessThan(wanted):
			if below == nil || below.semantic.LessThan(v.semantic) {
				below = &s.versions[i]
			}
		case above == nil || v.semantic.LessThan(above.semantic):
			above = &s.versions[i]
		}
	}
	if len(same) > 0 {
		return same
	}
	var near []string
	for _, v := range []*version{below, above} {
		if v != nil {
			near = append(near, v.Version)
		}
	}
	if alike := spelling.Nearest(text, s.texts()); alike != "" && !slices.Contains(near, alike) {
		near = append(near, alike)
	}
	return near
}

func (s *shelf) texts() []string {
	texts := make([]string, len(s.versions))
	for i, v := range s.versions {
		texts[i] = v.Version
	}
	return texts
}

// list writes the first of some versions.
func (s *shelf) list(versions []string) string {
	if more := len(versions) - most; more > 0 {
		return fmt.Sprintf("%s and %d more, which 'portolan list %s %s' lists", strings.Join(versions[:most], ", "), more, s.channel, s.chart)
	}
	return strings.Join(versions, ", ")
}
