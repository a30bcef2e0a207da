package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
)

// TestReadmeOperations compares README.md's table of what a run asks of each
// backend with what it does.
func TestReadmeOperations(t *testing.T) {
	for _, scheme := range sortedKeys(backends) {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			server := backends[scheme](t)
			bucket := newPlace(t, scheme)
			o := &operations{drop: bucket.folder("drop").open(t), site: bucket.folder("site").open(t)}
			stored, requested := []string{}, []string{}
			for _, n := range []int{100, 1, 0} {
				o.submit(t, n)
				server.Inject(bucket.url, nil)
				stored = append(stored, o.run(t))
				methods := counts{}
				for _, r := range server.Requests(bucket.url) {
					methods[r.Method]++
				}
				requested = append(requested, methods.String())
			}
			for row, got := range map[string][]string{"Store operations": stored, "`" + scheme + "://`": requested} {
				slices.Reverse(got)
				if want := readmeRow(t, row); !slices.Equal(got, want) {
					t.Errorf("%s:\n got %q\nREADME.md says\n%q", row, got, want)
				}
			}
		})
	}
}

// readmeRow are the last three cells of a row of README.md.
func readmeRow(t *testing.T, name string) []string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, row, ok := strings.Cut(string(readme), "\n| "+name+" |")
	row, _, _ = strings.Cut(row, " |\n")
	cells := strings.Split(row, " | ")
	if !ok || len(cells) != 4 {
		t.Fatalf("README.md has no row of four cells for %s: %q", name, cells)
	}
	return cells[1:]
}

// counts are how many there were of each kind.
type counts map[string]int

// kinds are those of operations and of requests, as README.md orders them.
var kinds = []string{"list", "get", "create", "replace", "delete", "GET", "HEAD", "PUT", "POST", "DELETE"}

func (c counts) String() string {
	sum, parts := 0, []string{}
	for kind, n := range c {
		if sum += n; !slices.Contains(kinds, kind) {
			parts = append(parts, fmt.Sprintf("%d of an unknown kind %s", n, kind))
		}
	}
	for _, kind := range kinds {
		if n := c[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	return fmt.Sprintf("%d: %s", sum, strings.Join(parts, ", "))
}

func (p place) open(t *testing.T) publisher.Store {
	t.Helper()
	store, err := publisher.Open(t.Context(), p.url)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// operations are those of runs of the generator.
type operations struct {
	drop, site publisher.Store
	next       int
}

// submit uploads n charts.
func (o *operations) submit(t *testing.T, n int) {
	t.Helper()
	for range n {
		id, err := publisher.NewID()
		if err != nil {
			t.Fatal(err)
		}
		o.next++
		chart := charttest.Simple(fmt.Sprintf("chart-%d", o.next), "1.0.0")
		if err := publisher.Submit(t.Context(), o.drop, "stable", id, publisher.Submission{Chart: publisher.Bytes(chart)}); err != nil {
			t.Fatal(err)
		}
	}
}

// run runs the generator, and counts.
func (o *operations) run(t *testing.T) string {
	t.Helper()
	c := &counter{n: counts{}}
	if _, err := generator.Run(t.Context(), generator.Options{Drop: counted{o.drop, c}, Site: counted{o.site, c}}); err != nil {
		t.Fatal(err)
	}
	return c.n.String()
}

// counter counts the operations of several stores.
type counter struct {
	mu sync.Mutex
	n  counts
}

func (c *counter) count(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[kind]++
}

// counted is a store whose operations are counted.
type counted struct {
	publisher.Store
	*counter
}

func (s counted) Create(ctx context.Context, o publisher.Object) error {
	s.count("create")
	return s.Store.Create(ctx, o)
}

func (s counted) Replace(ctx context.Context, o publisher.Object, token string) error {
	s.count("replace")
	return s.Store.Replace(ctx, o, token)
}

func (s counted) Get(ctx context.Context, key string) (*publisher.Reader, error) {
	s.count("get")
	return s.Store.Get(ctx, key)
}

func (s counted) List(ctx context.Context, dir string, depth publisher.Depth) iter.Seq2[publisher.Entry, error] {
	s.count("list")
	return s.Store.List(ctx, dir, depth)
}

func (s counted) Delete(ctx context.Context, key, token string) error {
	s.count("delete")
	return s.Store.Delete(ctx, key, token)
}
