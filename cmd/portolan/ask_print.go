package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/portolan-charts/portolan/generator/ask"
)

// maxSteps is how many versions a table has.
const maxSteps = 50

// printPlan prints what an action would do, version by version, and what it leaves out.
func (p *program) printPlan(plan *ask.Plan) error {
	for _, note := range plan.Notes {
		p.say("note", note)
	}
	if plan.Idle {
		p.printf("nothing to do\n")
		return nil
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CHART\tVERSION\tDIGEST\tEFFECT")
	for i, s := range plan.Steps {
		if i == maxSteps {
			break
		}
		effect := string(s.Effect)
		if s.Was != "" {
			effect += fmt.Sprintf(", was %.12s", s.Was)
		}
		fmt.Fprintf(w, "%s\t%s\t%.12s\t%s\n", short(s.Chart, maxName), short(s.Version, maxName), s.Digest, effect)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if more := len(plan.Steps) - maxSteps; more > 0 {
		p.printf("and %d more; --output json lists all\n", more)
	}
	return nil
}
