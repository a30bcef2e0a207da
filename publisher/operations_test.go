package publisher_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/storetest/servers"
)

// oneChartOps is how many Store operations a run may need that publishes one
// chart, however many the channel has.
const oneChartOps = 14

// A counter counts the operations of a run, by kind.
type counter struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *counter) count(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[kind]++
}

func (c *counter) total() (sum int) {
	for _, n := range c.n {
		sum += n
	}
	return sum
}

func (c *counter) String() string {
	parts := []string{fmt.Sprintf("%d operations", c.total())}
	for _, kind := range slices.Sorted(maps.Keys(c.n)) {
		parts = append(parts, fmt.Sprintf("%d %s", c.n[kind], kind))
	}
	return strings.Join(parts, ", ")
}

// counted is a Store whose operations are counted.
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

// TestOperations counts the operations of runs and, on servers, what they are
// in HTTP requests. Run it with -v to see the table.
func TestOperations(t *testing.T) {
	for _, start := range []func(testing.TB) *servers.Server{servers.S3, servers.GCS, servers.Azure} {
		server := start(t)
		t.Run(server.Scheme, func(t *testing.T) {
			t.Parallel()
			bucket := server.Bucket(t)
			countRuns(t, openStore(t, servers.Folder(bucket, "drop")), openStore(t, servers.Folder(bucket, "site")), func(run func()) string {
				server.Inject(bucket, nil)
				run()
				return requestCount(server.Requests(bucket))
			})
		})
	}
	t.Run("file", func(t *testing.T) {
		t.Parallel()
		countRuns(t, openStore(t, t.TempDir()), openStore(t, t.TempDir()), func(run func()) string {
			run()
			return "no HTTP"
		})
	})
}

func requestCount(requests []servers.Request) string {
	methods := &counter{}
	for _, r := range requests {
		methods.count(r.Method)
	}
	return "HTTP: " + strings.Replace(methods.String(), "operations", "requests", 1)
}

// countRuns makes a run with 100 charts, one with one more, and an idle one.
func countRuns(t *testing.T, drop, site publisher.Store, watch func(run func()) string) {
	next := 0
	for _, charts := range []int{100, 1, 0} {
		for range charts {
			next++
			chart := charttest.Simple(fmt.Sprintf("chart-%d", next), "1.0.0")
			id, err := publisher.NewID()
			if err != nil {
				t.Fatal(err)
			}
			if err := publisher.Submit(t.Context(), drop, "stable", id, publisher.Submission{Chart: publisher.Bytes(chart)}); err != nil {
				t.Fatal(err)
			}
		}
		c := &counter{}
		requests := watch(func() {
			if _, err := generator.Run(t.Context(), generator.Options{Drop: counted{drop, c}, Site: counted{site, c}}); err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("%d charts: %s; %s", charts, c, requests)
		if charts == 1 && c.total() > oneChartOps {
			t.Errorf("one chart took %s, want at most %d", c, oneChartOps)
		}
		if charts == 0 && c.total() != c.n["list"] {
			t.Errorf("nothing to do took %s, want a listing only", c)
		}
	}
}
