package generator_test

import (
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
)

// TestActions: what is yanked is in no list but all/, and comes back; a deprecation marks
// the lines of a chart and leaves them as they were once it is undone.
func TestActions(t *testing.T) {
	w := newWorld(t)
	one, two := alphaAt("1.1.0"), alphaAt("1.2.0")
	w.publish("stable", 1, one, two, beta)
	published := w.entries("stable")
	for i, step := range []struct {
		ask     func(id string)
		message string
		listed  []string
		marked  int
	}{
		{w.asks(yank(pin("alpha", "1.2.0", two))), "alpha 1.2.0 is yanked: lists hide it, its URL stays", []string{"1.1.0"}, 0},
		{w.asks(yank(pin("alpha", "1.1.0", one))), "alpha 1.1.0 is yanked: lists hide it, its URL stays", nil, 0},
		{w.asks(restore(pin("alpha", "1.2.0", two), pin("alpha", "1.1.0", one))), "alpha 1.2.0 and 1.1.0 are shown again", []string{"1.2.0", "1.1.0"}, 0},
		{w.asks(deprecate("alpha")), "all versions of alpha are marked as deprecated, also later ones", []string{"1.2.0", "1.1.0"}, 2},
		{w.asks(undeprecate("alpha")), "alpha is not deprecated any more, but for versions whose Chart.yaml says so", []string{"1.2.0", "1.1.0"}, 0},
	} {
		step.ask(id(10 + i))
		if r := w.runOnce()[id(10+i)]; r.Verdict != publisher.Accepted || r.Message != step.message {
			t.Errorf("step %d is %s: %s", i, r.Verdict, r.Message)
		}
		w.mustList("stable/index.yaml", "alpha", step.listed...)
		w.mustList("stable/charts/alpha/index.yaml", "alpha", step.listed...)
		w.mustList("stable/all/index.yaml", "alpha", "1.2.0", "1.1.0")
		if n := strings.Count(w.entries("stable"), `"deprecated":true`); n != step.marked {
			t.Errorf("step %d: %d versions are marked as deprecated", i, n)
		}
	}
	if got := w.entries("stable"); got != published {
		t.Errorf("in the end, the channel lists\n%s\nnot, as in the beginning,\n%s", got, published)
	}
}
