package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/portolan-charts/portolan/generator/ask"
)

// printPlan prints what an action would do, version by version, and what it leaves out.
func (p *program) printPlan(plan *ask.Plan) error {
	for _, note := range plan.Notes {
		p.say("note", note)
	}
	if plan.Idle() {
		p.printf("nothing to do\n")
		return nil
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CHART\tVERSION\tDIGEST\tEFFECT")
	for _, s := range plan.Steps {
		fmt.Fprintf(w, "%s\t%s\t%.12s\t%s\n", short(s.Chart, maxName), short(s.Version, maxName), s.Digest, s.Effect)
	}
	return w.Flush()
}
