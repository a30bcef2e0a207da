package survey

import (
	"cmp"
	"slices"

	"github.com/portolan-charts/portolan/publisher"
)

// Change is what became of one version, or of a chart.
type Change struct {
	What      What   `json:"what"`
	Chart     string `json:"chart"`
	Version   string `json:"version,omitempty"`   // "" if it is about all of the chart
	Digest    string `json:"digest,omitempty"`    // SHA-256 of the archive, in hex; of a removed version, what it was
	Was       string `json:"was,omitempty"`       // the digest before, of a changed version
	Reason    string `json:"reason,omitempty"`    // of a yank; the message of a deprecation
	Successor string `json:"successor,omitempty"` // the chart to use instead of a deprecated one
}

// What is the kind of a change.
type What string

// The kinds.
const (
	Added   What = "added"
	Changed What = "changed" // other content took its place
	Signed  What = "signed"  // the same archive got a provenance file, another one, or lost it
	Removed What = "removed"

	// These are not in a log, which has the actions that made them.
	IsYanked     What = "yanked"
	Restored     What = "restored"
	Deprecated   What = "deprecated"
	Undeprecated What = "undeprecated"
)

// changes returns what became of the versions whose lines were removed and added: by chart
// and, in it, in the order of the index. What only changes how a line reads is left out.
func changes(removed, added []publisher.Line) ([]Change, error) {
	before, err := parseLines(removed)
	if err != nil {
		return nil, err
	}
	after, err := parseLines(added)
	if err != nil {
		return nil, err
	}
	was := make(map[[2]string]release, len(before))
	for i, r := range before {
		was[[2]string{removed[i].Chart, r.Version}] = r
	}
	var found []placed
	for i, r := range after {
		key := [2]string{added[i].Chart, r.Version}
		old, stood := was[key]
		delete(was, key)
		c := Change{What: whatOf(old, r, stood), Chart: added[i].Chart, Version: r.Version, Digest: r.Digest}
		if c.What == Changed {
			c.Was = old.Digest
		}
		if c.What != "" {
			found = append(found, placed{c, added[i].At})
		}
	}
	for i, r := range before {
		if _, gone := was[[2]string{removed[i].Chart, r.Version}]; gone {
			found = append(found, placed{Change{What: Removed, Chart: removed[i].Chart, Version: r.Version, Digest: r.Digest}, removed[i].At})
		}
	}
	return inOrder(found), nil
}

func parseLines(lines []publisher.Line) ([]release, error) {
	all := make([]release, len(lines))
	for i, l := range lines {
		var err error
		if all[i], err = parseLine(l.Text); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// whatOf says how a version's line changed; "" if the version did not.
func whatOf(before, after release, stood bool) What {
	switch {
	case !stood:
		return Added
	case before.Digest != after.Digest:
		return Changed
	case before.URLs[0] != after.URLs[0]:
		return Signed // nothing else moves an archive
	}
	return ""
}

// placed is a change at a place among the lines of its chart.
type placed struct {
	Change
	at int
}

func inOrder(found []placed) []Change {
	slices.SortStableFunc(found, func(a, b placed) int { return cmp.Or(cmp.Compare(a.Chart, b.Chart), cmp.Compare(a.at, b.at)) })
	all := make([]Change, len(found))
	for i, f := range found {
		all[i] = f.Change
	}
	return all
}
