package action

import (
	"fmt"
	"strings"
)

// Subject names what is asked for in a few words, such as "yank web 1.2.3". It has the
// request's own texts, which may not be safe to print.
func (r Request) Subject() string {
	switch r.Kind {
	case "":
		return "an action that cannot be read"
	case Deprecate, Undeprecate:
		return fmt.Sprintf("%s %s", r.Kind, r.Chart)
	case Rollback:
		return fmt.Sprintf("roll back to generation %d", r.Generation)
	case Promote:
		return fmt.Sprintf("%s %s from %s", r.Kind, r.subjects(), r.From)
	}
	return fmt.Sprintf("%s %s", r.Kind, r.subjects())
}

// subjects names one version, or counts them.
func (r Request) subjects() string {
	var charts []string
	seen := map[string]bool{}
	for _, v := range r.Versions {
		if !seen[v.Chart] {
			seen[v.Chart], charts = true, append(charts, v.Chart)
		}
	}
	switch {
	case len(r.Versions) == 0:
		return "nothing"
	case len(r.Versions) == 1:
		return r.Versions[0].Chart + " " + r.Versions[0].Version
	case len(charts) <= 3:
		return fmt.Sprintf("%d versions of %s", len(r.Versions), strings.Join(charts, ", "))
	}
	return fmt.Sprintf("%d versions of %d charts", len(r.Versions), len(charts))
}
