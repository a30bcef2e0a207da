package publisher_test

import (
	"fmt"
	"testing"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
)

// oneChartOps is how many Store operations a run may need that publishes one
// chart, however many the channel has.
const oneChartOps = 14

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
	methods := &buckettest.Counter{}
	for _, r := range requests {
		methods.Add(r.Method)
	}
	return "HTTP requests " + methods.String()
}

// countRuns makes a run with 100 charts, one with one more, and an idle one.
func countRuns(t *testing.T, drop, site bucket.Store, watch func(run func()) string) {
	next := 0
	for _, charts := range []int{100, 1, 0} {
		for range charts {
			next++
			chart := charttest.Simple(fmt.Sprintf("chart-%d", next), "1.0.0")
			id, err := publisher.NewID()
			if err != nil {
				t.Fatal(err)
			}
			if err := publisher.Submit(t.Context(), drop, "stable", id, publisher.Submission{Chart: bucket.Bytes(chart)}); err != nil {
				t.Fatal(err)
			}
		}
		c := &buckettest.Counter{}
		requests := watch(func() {
			if _, err := generator.Run(t.Context(), generator.Options{Drop: c.Of(drop), Site: c.Of(site)}); err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("%d charts: %s; %s", charts, c, requests)
		if charts == 1 && c.Count("") > oneChartOps {
			t.Errorf("one chart took %s, want at most %d", c, oneChartOps)
		}
		if charts == 0 && c.Count("") != c.Count(buckettest.List) {
			t.Errorf("nothing to do took %s, want a listing only", c)
		}
	}
}
