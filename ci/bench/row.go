package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// row is a line of the table.
type row struct {
	work     string
	rounds   int
	figure   string
	against  string // what its ratios are of
	outcomes []outcome
}

// outcome is a goal of a row, and what came out.
type outcome struct {
	goal, got string
	met       bool
}

// goal is what a program has to reach; zero asks for nothing.
type goal struct {
	cpu, wall float64 // of the peer's
	took      time.Duration
	peak      int64 // bytes
}

// row returns the row of a program beside its peer, if it has one.
func (s *series) row(work, program, peer string, g goal) row {
	m := s.median(program)
	r := row{work: work, figure: m.String()}
	if peer != "" {
		r.against = fmt.Sprintf("%s: %s", peer, s.median(peer))
	}
	if g.cpu > 0 {
		r.atMost("CPU", s.ratio(program, peer, cpu), g.cpu)
	}
	if g.wall > 0 {
		r.atMost("wall", s.ratio(program, peer, wall), g.wall)
	}
	if g.took > 0 {
		r.outcomes = append(r.outcomes, outcome{goal: "≤ " + seconds(g.took), met: m.Wall <= g.took})
	}
	if g.peak > 0 {
		r.outcomes = append(r.outcomes, outcome{goal: "≤ " + megabytes(g.peak), met: m.Peak <= g.peak})
	}
	return r
}

// atMost adds a ratio, and how large it may be.
func (r *row) atMost(what string, ratio, most float64) {
	r.outcomes = append(r.outcomes, outcome{fmt.Sprintf("%s ≤ %.2f×", what, most), fmt.Sprintf("%s %.2f×", what, ratio), ratio <= most})
}

// goals, ratio and result are cells of the table.
func (r row) goals() string {
	var goals []string
	for _, c := range r.outcomes {
		goals = append(goals, c.goal)
	}
	return strings.Join(goals, ", ")
}

func (r row) ratio() string {
	var got []string
	for _, c := range r.outcomes {
		if c.got != "" {
			got = append(got, c.got)
		}
	}
	ratio := strings.Join(got, ", ")
	if r.against != "" {
		ratio += " of " + r.against
	}
	return ratio
}

// result is empty for a row without goals.
func (r row) result() string {
	var missed []string
	for _, c := range r.outcomes {
		if !c.met {
			missed = append(missed, c.goal)
		}
	}
	switch {
	case len(r.outcomes) == 0:
		return ""
	case len(missed) == 0:
		return "met"
	case len(missed) == len(r.outcomes):
		return "missed"
	}
	return "missed: " + strings.Join(missed, ", ")
}

func printTable(w io.Writer, rows []row) {
	out := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintln(out, "\n| work\t| rounds\t| goal\t| figure\t| ratio\t| result\t|")
	fmt.Fprintln(out, "|---\t|---\t|---\t|---\t|---\t|---\t|")
	for _, r := range rows {
		fmt.Fprintf(out, "| %s\t| %d\t| %s\t| %s\t| %s\t| %s\t|\n", r.work, r.rounds, r.goals(), r.figure, r.ratio(), r.result())
	}
	_ = out.Flush() // to standard output
}

// String returns the cost as the table shows it.
func (c cost) String() string {
	text := seconds(c.Wall)
	if c.CPU > 0 {
		text += ", CPU " + seconds(c.CPU)
	}
	if c.Peak > 0 {
		text += ", " + megabytes(c.Peak)
	}
	return text
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

const mb = 1_000_000

// megabytes returns a size in decimal megabytes, as in the goals.
func megabytes(n int64) string { return fmt.Sprintf("%d MB", (n+mb/2)/mb) }

// thousands returns a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
