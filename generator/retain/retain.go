// Package retain says which versions of a chart a channel's rule lets go. It knows no
// bucket, no log and no clock.
package retain

import (
	"fmt"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/days"
)

// Rule says how long, or how many, versions of a chart stay. A version stays if any part
// of the rule keeps it, or if no part is about it. The newest version of a chart always
// stays, and so does the newest that is not a prerelease.
type Rule struct {
	Prereleases time.Duration // keeps prereleases that are younger; it is about no others. 0 is not a part of the rule
	Newest      int           // keeps that many of the newest; 0 is not a part of the rule
	PerMinor    int           // keeps that many of the newest of each minor version; likewise. It is about semantic versions
}

// None reports whether the rule keeps everything.
func (r Rule) None() bool { return r == Rule{} }

// String is the rule in words, as a reason that stays in the log.
func (r Rule) String() string {
	var parts []string
	if r.Prereleases > 0 {
		parts = append(parts, fmt.Sprintf("prereleases for %s", days.Format(r.Prereleases)))
	}
	if r.Newest > 0 {
		parts = append(parts, fmt.Sprintf("the newest %d", r.Newest))
	}
	if r.PerMinor > 0 {
		parts = append(parts, fmt.Sprintf("%d of each minor version", r.PerMinor))
	}
	return "retention keeps " + strings.Join(parts, ", ")
}

// Version is a version of a chart.
type Version struct {
	check.Version
	Created time.Time
}

// Expired returns the places of the versions that the rule lets go at the time now. They
// are in the index's order, the newest first, and none of them is yanked.
func (r Rule) Expired(versions []Version, now time.Time) []int {
	if r.None() {
		return nil
	}
	var expired []int
	minors := map[string]int{}
	stable := false // a version that is not a prerelease has been seen
	for at, v := range versions {
		minor, semantic := v.Minor()
		minors[minor]++
		first := at == 0 || !v.Prerelease() && !stable
		stable = stable || !v.Prerelease()
		about := r.Newest > 0 || r.PerMinor > 0 && semantic || r.Prereleases > 0 && v.Prerelease()
		keeps := at < r.Newest ||
			semantic && minors[minor] <= r.PerMinor ||
			v.Prerelease() && now.Sub(v.Created) < r.Prereleases
		if about && !keeps && !first {
			expired = append(expired, at)
		}
	}
	return expired
}
