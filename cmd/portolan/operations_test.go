package main

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// oneChartOps is how many Store operations a run may need that publishes one
// new chart, however many the channel has.
const oneChartOps = 15

// TestReadmeOperations compares the table of what a run asks of each backend
// with what it does: a run with 100 charts, one with one more, and an idle one.
func TestReadmeOperations(t *testing.T) {
	t.Parallel()
	t.Run("file", func(t *testing.T) {
		t.Parallel()
		o := &operations{drop: newPlace(t, "file").open(t), site: newPlace(t, "file").open(t)}
		stored := []string{}
		for _, n := range []int{100, 1, 0} {
			o.submit(t, "stable", n)
			stored = append(stored, o.run(t, n))
		}
		wantReadmeRow(t, "Store operations", stored)
	})
	for _, scheme := range sortedKeys(backends) {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			server := backends[scheme](t)
			bucket := newPlace(t, scheme)
			o := &operations{drop: bucket.folder("drop").open(t), site: bucket.folder("site").open(t)}
			stored, requested := []string{}, []string{}
			for _, n := range []int{100, 1, 0} {
				o.submit(t, "stable", n)
				server.Inject(bucket.url, nil)
				stored = append(stored, o.run(t, n))
				methods := &buckettest.Counter{}
				for _, r := range server.Requests(bucket.url) {
					methods.Add(r.Method)
				}
				requested = append(requested, methods.String())
			}
			wantReadmeRow(t, "Store operations", stored)
			wantReadmeRow(t, "`"+scheme+"://`", requested)
		})
	}
}

// wantReadmeRow compares a row of the table of operations, which begins with the
// run that was last.
func wantReadmeRow(t *testing.T, row string, got []string) {
	t.Helper()
	slices.Reverse(got)
	if want := readmeRow(t, row); !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nthe README says\n%q", row, got, want)
	}
}

// readmeRow are the last three cells of a row of the table of operations.
func readmeRow(t *testing.T, name string) []string {
	t.Helper()
	for _, cells := range table(t, "operations") {
		if cells[0] == name && len(cells) == 5 {
			return cells[2:]
		}
	}
	t.Fatalf("the table of operations has no row of five cells for %s", name)
	return nil
}

func (p place) open(t *testing.T) bucket.Store {
	t.Helper()
	store, err := bucket.Open(t.Context(), p.url)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// operations are those of runs of the generator.
type operations struct {
	drop, site bucket.Store
	next       int
}

// submit uploads n charts.
func (o *operations) submit(t *testing.T, channel string, n int) {
	t.Helper()
	for range n {
		id, err := droparea.NewID()
		if err != nil {
			t.Fatal(err)
		}
		o.next++
		chart := charttest.Simple(fmt.Sprintf("chart-%d", o.next), "1.0.0")
		if err := droparea.Submit(t.Context(), o.drop, channel, id, droparea.Submission{Chart: bucket.Bytes(chart)}); err != nil {
			t.Fatal(err)
		}
	}
}

// run makes a run of the command for this many charts, and counts.
func (o *operations) run(t *testing.T, charts int) string {
	t.Helper()
	c := o.count(t)
	if charts == 1 && c.Count("") > oneChartOps {
		t.Errorf("one chart took %s, want at most %d", c, oneChartOps)
	}
	if charts == 0 && c.Count("") != c.Count(buckettest.List) {
		t.Errorf("nothing to do took %s, want listings only", c)
	}
	return c.String()
}

// count makes a run of the command, and counts.
func (o *operations) count(t *testing.T) *buckettest.Counter {
	t.Helper()
	c := &buckettest.Counter{}
	p := &program{stdout: &checkedWriter{w: io.Discard}, stderr: io.Discard}
	if _, err := p.round(t.Context(), newGenerateFlags(), generator.Options{Drop: c.Of(o.drop), Site: c.Of(o.site)}); err != nil {
		t.Fatal(err)
	}
	return c
}
