package publisher

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestIndexAsRead: an index that was read is written as one that was not, after any
// changes. The benchmarks tell whether less is copied.
func TestIndexAsRead(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		read, derived := mustParseIndex(t, sampleIndex), mustParseIndex(t, sampleIndex)
		derived.text = ""
		for generation := range 5 {
			charts := map[string][]string{}
			for range r.IntN(3) {
				name := fmt.Sprintf("chart-%d", r.IntN(6))
				for v := range r.IntN(4) {
					charts[name] = append(charts[name], fmt.Sprintf(`{"name":%q,"version":"%d.%d.0","urls":["charts/%s"]}`, name, generation, v, name))
				}
			}
			change := &Change{Header: headerOf(t, generation+8)}
			change.Removed, change.Added = derived.Diff(charts)
			for name, lines := range charts {
				if len(lines) > 2 {
					change.Shown = append(change.Shown, Shown{Chart: name, First: 1})
				}
			}
			var errs [2]error
			read, errs[0] = read.Apply(change)
			derived, errs[1] = derived.Apply(change)
			if errs[0] != nil || errs[1] != nil {
				t.Fatal(errs)
			}
			got, want := text(t, read), text(t, derived)
			if got != want {
				t.Fatalf("round %d: got\n%s\nwant\n%s", round, got, want)
			}
			if r.IntN(3) == 0 && read.olderIndex() == nil {
				read = mustParseIndex(t, got)
			}
		}
	}
}

func headerOf(t *testing.T, generation int) string {
	t.Helper()
	line, err := Header{Generation: generation}.line()
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// TestIndexAsReadWhole: of an index in which one chart has changed, the others are two
// pieces of its text.
func TestIndexAsReadWhole(t *testing.T) {
	x := largeIndex()
	x = mustParseIndex(t, text(t, x))
	middle := x.charts[len(x.charts)/2].name
	change := &Change{Header: headerOf(t, 9)}
	change.Removed, change.Added = x.Diff(map[string][]string{middle: {`{"name":"` + middle + `"}`}})
	next, err := x.Apply(change)
	if err != nil {
		t.Fatal(err)
	}
	before, n := next.asRead(next.charts)
	after, m := next.asRead(next.charts[n+1:])
	if n != len(x.charts)/2 || n+1+m != len(x.charts) || len(before)+len(after) < len(x.text)*9/10 {
		t.Errorf("%d charts in %d bytes, %d in %d; the text has %d charts in %d bytes", n, len(before), m, len(after), len(x.charts), len(x.text))
	}
}
