package check

import (
	"fmt"
	"strings"
	"testing"
)

func newBounds() *bounds {
	return &bounds{limits: Limits{}.WithDefaults(), marks: maxYAMLMarksTotal}
}

// TestValuesMemo: what is known costs what it did at first, and what is bad, or
// to be warned of, is found each time.
func TestValuesMemo(t *testing.T) {
	for values, rule := range map[string]string{
		"": "", "a: {b: [1, 2, &x y, *x]}\n": "", "a: 1\na: 2\n": "yaml-duplicate-key", "a: [": "yaml", "a: &a [*a]\n": "yaml-aliases", "- 1\n": "yaml",
	} {
		var first bounds
		for i := range 3 {
			b := newBounds()
			p := b.checkValues("values.yaml", []byte(values), true)
			got := ""
			if p != nil {
				got = p.Rule
			}
			if got != rule {
				t.Errorf("%q, time %d: got %q, want %q", values, i, got, rule)
			}
			if i == 0 {
				first = *b
			}
			if rule == "" && (b.marks != first.marks || b.yamlNodes != first.yamlNodes || b.yamlText != first.yamlText) {
				t.Errorf("%q, time %d: costs %+v, and at first %+v", values, i, b, first)
			}
		}
	}
	for range 2 { // a subchart's are not refused for it
		b := newBounds()
		if p := b.checkValues("charts/x/values.yaml", []byte("a: 1\na: 2\n"), false); p != nil || b.warn.total() != 1 {
			t.Errorf("got %v, and %d warnings", p, b.warn.total())
		}
	}
}

// TestValuesMemoBudget: many known files are too much for one archive, as many
// unknown ones are.
func TestValuesMemoBudget(t *testing.T) {
	values := []byte("a: [" + strings.Repeat("1,", 90_000) + "]\n")
	b, taken := newBounds(), 0
	for ; b.checkValues("values.yaml", values, true) == nil; taken++ {
	}
	if want := maxYAMLMarksTotal / 90_002; taken != want {
		t.Errorf("%d files are taken, want %d", taken, want)
	}
}

// TestValuesMemoBounded: it does not grow without end.
func TestValuesMemoBounded(t *testing.T) {
	for i := range 2*maxValuesMemo + 1 {
		goodValues.add([32]byte{byte(i), byte(i >> 8), byte(i >> 16)}, yamlCost{})
	}
	if n := len(goodValues.good); n > maxValuesMemo {
		t.Errorf("%d are remembered, of at most %d", n, maxValuesMemo)
	}
	goodValues.good = nil
	if p := newBounds().checkValues("values.yaml", []byte(fmt.Sprint("a: ", 1)), true); p != nil {
		t.Error(p)
	}
}
