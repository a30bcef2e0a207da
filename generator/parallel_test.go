package generator_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// TestParallel lets two runs with many workers decide the same uploads on disk,
// of which several are of one version and some are bad.
func TestParallel(t *testing.T) {
	drop, site := folder(t), folder(t)
	const versions, copies = 20, 3
	ids := map[string]bool{}
	for i := range versions {
		for j := range copies {
			ids[submit(t, drop, charttest.Simple("chart", fmt.Sprintf("1.%d.0", i), "README.md", fmt.Sprint(j)))] = true
		}
		ids[submit(t, drop, charttest.Simple("bad", "no-version"))] = true
	}
	var runs sync.WaitGroup
	for range 2 {
		runs.Go(func() {
			if _, err := generator.Run(t.Context(), generator.Options{Drop: drop, Site: site, Workers: 8}); err != nil {
				t.Error(err)
			}
		})
	}
	runs.Wait()
	for id := range ids {
		if _, err := droparea.ReadReceipt(t.Context(), drop, id); err != nil {
			t.Errorf("receipt: %v", err)
		}
	}
	inbox, err := droparea.ReadInbox(t.Context(), drop)
	if err != nil || len(inbox.Channels) != 0 {
		t.Errorf("the inbox still holds %+v, %v", inbox, err)
	}
	report, err := publisher.Verify(t.Context(), site, publisher.VerifyOptions{Deep: true})
	if err != nil || !report.OK() || report.Channels[0].Versions != versions {
		t.Errorf("got %+v, %v", report, err)
	}
	newest(t, site, versions, copies)
}

// newest checks that the last of each version's uploads is the one published.
func newest(t *testing.T, site bucket.Store, versions, copies int) {
	t.Helper()
	c, err := publisher.OpenChannel(t.Context(), site, "stable")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Join(c.Index().Lines("chart"), "\n")
	for i := range versions {
		want := digest(charttest.Simple("chart", fmt.Sprintf("1.%d.0", i), "README.md", fmt.Sprint(copies-1)))
		if !strings.Contains(lines, want) {
			t.Errorf("version 1.%d.0 is not the one uploaded last", i)
		}
	}
}

func folder(t *testing.T) bucket.Store {
	t.Helper()
	s, err := bucket.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func submit(t *testing.T, drop bucket.Store, chart []byte) string {
	t.Helper()
	id, err := droparea.NewID()
	if err != nil {
		t.Fatal(err)
	}
	if err := droparea.Submit(t.Context(), drop, "stable", id, droparea.Submission{Chart: bucket.Bytes(chart)}); err != nil {
		t.Fatal(err)
	}
	return id
}

// TestApart: each upload is taken once, and those that are taken at the same time lie far
// from each other.
func TestApart(t *testing.T) {
	for workers := 1; workers < 20; workers++ {
		for n := range 50 {
			var order []int
			for i := range n {
				order = append(order, generator.Apart(i, workers, n))
			}
			for i := 1; i < len(order); i++ {
				if d := order[i] - order[i-1]; i%workers != 0 && d < n/workers {
					t.Errorf("%d workers take %v", workers, order)
				}
			}
			slices.Sort(order)
			for i, index := range order {
				if i != index {
					t.Fatalf("%d workers take %v", workers, order)
				}
			}
		}
	}
}
