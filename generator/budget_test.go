package generator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// TestBudget: from its budget on, a run says how large the channel's index is,
// and which charts fill it; below, no run does.
func TestBudget(t *testing.T) {
	generator.SetIndexBudget(t, 44<<10)
	w := newWorld(t)
	fill(t, w.site.Handle("seed"), 0, 39)
	w.put("stable", "web-1.0.0.tgz", charttest.Simple("web", "1.0.0"))
	if b := w.mustRunQuiet().Channels[0].Budget; b != nil {
		t.Errorf("39 KiB: %+v", b)
	}
	fill(t, w.site.Handle("seed"), 39, 41)
	w.put("stable", "web-1.1.0.tgz", charttest.Simple("web", "1.1.0"))
	b := w.mustRunQuiet().Channels[0].Budget
	if b == nil || b.Size>>10 != 44 || b.Limit != 3<<20 {
		t.Fatalf("41 KiB: %+v", b)
	}
	var got []string
	for _, f := range b.Charts {
		got = append(got, fmt.Sprintf("%s: %d, %d KiB", f.Chart, f.Versions, f.Size>>10))
	}
	if want := []string{"chart-1: 3, 3 KiB", "chart-0: 2, 2 KiB", "chart-10: 1, 1 KiB"}; !slices.Equal(got, want) {
		t.Errorf("filled by %q, want %q", got, want)
	}
}

// fill gives the channel versions of a KiB in the index each, numbered from one
// up to the other. The first two are of chart-0, and three more of chart-1.
func fill(t *testing.T, site bucket.Store, from, to int) {
	t.Helper()
	c, err := publisher.OpenChannel(t.Context(), site, "stable")
	if err != nil {
		t.Fatal(err)
	}
	charts := map[string][]string{}
	for i := from; i < to; i++ {
		name := fmt.Sprintf("chart-%d", i-3)
		switch {
		case i < 2:
			name = "chart-0"
		case i < 5:
			name = "chart-1"
		}
		line := fmt.Sprintf(`{"name":%q,"version":"1.%d.0","description":%q,"urls":["x"]}`, name, 9-i%9, strings.Repeat("x", 1<<10))
		charts[name] = append(charts[name], line)
	}
	d := publisher.Draft{Time: c.Time(), Nonce: "n"}
	if d.Time.IsZero() {
		d.Time = charttest.Time
	}
	_, d.Added = c.Index().Diff(charts)
	if err := c.Commit(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := c.Project(t.Context()); err != nil {
		t.Fatal(err)
	}
}
