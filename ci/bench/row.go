package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// row is one goal and its result.
type row struct {
	work, goal, figure, ratio string
	met                       bool
	info                      bool // a figure without a goal
}

type table struct{ rows []row }

func (t *table) add(r row) {
	t.rows = append(t.rows, r)
	say("%s: %s; %s", r.work, r.figure, r.ratio)
}

func (t *table) print(w io.Writer) {
	out := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintln(out, "| work\t| goal\t| figure\t| ratio\t| met\t|")
	fmt.Fprintln(out, "|---\t|---\t|---\t|---\t|---\t|")
	for _, r := range t.rows {
		met := "no"
		switch {
		case r.info:
			met = ""
		case r.met:
			met = "yes"
		}
		fmt.Fprintf(out, "| %s\t| %s\t| %s\t| %s\t| %s\t|\n", r.work, r.goal, r.figure, r.ratio, met)
	}
	_ = out.Flush() // to standard output
}

// String returns the cost as the tables show it.
func (c cost) String() string {
	text := c.wall()
	if c.CPU > 0 {
		text += fmt.Sprintf(", CPU %s", seconds(c.CPU))
	}
	if c.Peak > 0 {
		text += fmt.Sprintf(", %s", megabytes(c.Peak))
	}
	return text
}

func (c cost) wall() string { return seconds(c.Wall) }

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// megabytes returns a size in decimal megabytes, as in the goals.
func megabytes(n int64) string { return fmt.Sprintf("%d MB", (n+mb/2)/mb) }

const mb = 1_000_000

// times returns how many times as long one measurement took as another.
func times(a, b time.Duration) string { return fmt.Sprintf("%.2f×", quotient(a, b)) }

func quotient(a, b time.Duration) float64 { return float64(a) / float64(b) }
