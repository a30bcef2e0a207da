package action

import (
	"fmt"
	"strings"
)

// Subject names what is asked for in a few words, such as "yank web 1.2.3", or the kind alone
// if no more is known. It has the request's own texts, which may not be safe to print.
func (r Request) Subject() string {
	switch {
	case r.Kind == "":
		return "an action that cannot be read"
	case r.Chart == "" && len(r.Versions) == 0 && r.Generation == 0:
		return "an action to " + strings.Replace(r.Kind.String(), "rollback", "roll back", 1)
	}
	switch r.Kind {
	case Deprecate, Undeprecate:
		return fmt.Sprintf("%s %s", r.Kind, r.Chart)
	case Rollback:
		return fmt.Sprintf("roll back to generation %d", r.Generation)
	case Promote:
		return fmt.Sprintf("%s %s from %s", r.Kind, r.subjects(), r.From)
	}
	return fmt.Sprintf("%s %s", r.Kind, r.subjects())
}

// Charts are the charts that the request names, each once; none if it is about all.
func (r Request) Charts() (charts []string) {
	if r.Chart != "" {
		charts = append(charts, r.Chart)
	}
	seen := map[string]bool{r.Chart: true}
	for _, v := range r.Versions {
		if !seen[v.Chart] {
			seen[v.Chart], charts = true, append(charts, v.Chart)
		}
	}
	return charts
}

// subjects names one version, or counts them.
func (r Request) subjects() string {
	charts := r.Charts()
	switch {
	case len(r.Versions) == 1:
		return r.Versions[0].Chart + " " + r.Versions[0].Version
	case len(charts) <= 3:
		return fmt.Sprintf("%d versions of %s", len(r.Versions), strings.Join(charts, ", "))
	}
	return fmt.Sprintf("%d versions of %d charts", len(r.Versions), len(charts))
}
