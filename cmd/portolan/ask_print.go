package main

import "github.com/portolan-charts/portolan/generator/ask"

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
	w := p.table("CHART", "VERSION", "DIGEST", "EFFECT")
	for i, s := range plan.Steps {
		if i == maxSteps {
			break
		}
		effect := string(s.Effect)
		if s.Was != "" {
			effect += ", was " + cut(s.Was)
		}
		row(w, cell(s.Chart), cell(s.Version), cut(s.Digest), effect)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if more := len(plan.Steps) - maxSteps; more > 0 {
		p.printf("and %d more; --output json lists all\n", more)
	}
	return nil
}
