package generator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// The tests in this file let one request of a run go wrong, on the network
// between portolan and a real server, for every request and in every way.

func TestS3Ambiguity(t *testing.T) { testAmbiguity(t, servers.S3(t)) }

func TestGCSAmbiguity(t *testing.T) { testAmbiguity(t, servers.GCS(t)) }

func TestAzureAmbiguity(t *testing.T) { testAmbiguity(t, servers.Azure(t)) }

// cellsAtOnce are those on one server: much of a cell is waiting.
var cellsAtOnce = 6 * runtime.GOMAXPROCS(0)

// healed are the faults that a run gets over, when they come once. The others
// may stop it.
var healed = map[servers.Fault]bool{
	servers.None: true, servers.Dropped: true, servers.Half: true, servers.Reset: true, servers.Stalled: true,
	servers.TooMany: true, servers.Broken: true, servers.Unavailable: true,
}

// A cell is a drop area and a site in a bucket of their own, with a chart that
// is published, and four that wait: a replacement, a version with a '+', a bad one
// with a signature, and a file under a name of its owner's, to be adopted.
type cell struct {
	server *servers.Server
	bucket string
}

var (
	ambiguousOld    = charttest.Simple("alpha", "1.0.0")
	ambiguousNew    = charttest.Simple("alpha", "1.0.0", "README.md", "changed")
	ambiguousPlus   = charttest.Simple("beta", "1.0.0+b.1")
	ambiguousAlien  = charttest.Simple("foreign", "2.0.0")
	ambiguousBad    = charttest.Simple("bad", "not-a-version")
	ambiguousSigned = charttest.NewSigner().Sign("bad-not-a-version.tgz", ambiguousBad)
)

// wantDecisions are the verdicts on the uploads, in alphabetical order. An upload
// that cannot be read has no name.
var wantDecisions = []string{" rejected", "alpha accepted", "alpha replaced", "beta accepted", "foreign accepted"}

func newCell(t *testing.T, s *servers.Server) (*cell, error) {
	ctx := t.Context()
	c := &cell{s, s.Bucket(t)}
	drop, site, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	submit := func(n int, chart, prov []byte) error {
		u := droparea.Submission{Chart: bucket.Bytes(chart)}
		if prov != nil {
			u.Prov = bucket.Bytes(prov)
		}
		return droparea.Submit(ctx, drop, "stable", id(n), u)
	}
	err = submit(1, ambiguousOld, nil)
	if err == nil {
		_, err = generator.Run(ctx, generator.Options{Drop: drop, Site: site})
	}
	alien := bucket.Object{Key: "inbox/stable/foreign-2.0.0.tgz", Body: bucket.Bytes(ambiguousAlien)}
	return c, errors.Join(err, drop.Create(ctx, alien), submit(2, ambiguousNew, nil), submit(3, ambiguousPlus, nil), submit(4, ambiguousBad, ambiguousSigned))
}

func (c *cell) open(ctx context.Context) (drop, site bucket.Store, err error) {
	drop, err = servers.Open(ctx, servers.Folder(c.bucket, "drop"))
	if err != nil {
		return nil, nil, err
	}
	site, err = servers.Open(ctx, servers.Folder(c.bucket, "site"))
	return drop, site, err
}

// settled is when files that were written a moment ago may be adopted.
func settled() time.Time { return time.Now().Add(droparea.Settle + time.Second) }

// run is a run in which the k-th request has a fault. It returns how many
// requests there were.
func (c *cell) run(ctx context.Context, k int, f servers.Fault) (int, error) {
	drop, site, err := c.open(ctx)
	if err != nil {
		return 0, err
	}
	servers.Await(drop, f)
	servers.Await(site, f)
	c.server.Inject(c.bucket, servers.At(k, f))
	_, err = generator.Run(ctx, generator.Options{Drop: drop, Site: site, Now: settled})
	n := len(c.server.Requests(c.bucket))
	c.server.Inject(c.bucket, nil)
	return n, err
}

// check has everything decided, once, and the site whole.
func (c *cell) check(ctx context.Context) error {
	drop, site, err := c.open(ctx)
	if err != nil {
		return err
	}
	for e, err := range drop.List(ctx, "inbox", bucket.Descendants) {
		if err != nil {
			return err
		}
		return fmt.Errorf("%s is still there", e.Key)
	}
	report, err := publisher.Verify(ctx, site, publisher.VerifyOptions{Deep: true})
	if err != nil || !report.OK() || len(report.Channels) != 1 {
		return fmt.Errorf("verify: %v, %+v", err, report)
	}
	decided, err := decisions(ctx, site)
	if err != nil {
		return err
	}
	var got []string
	for id, d := range decided {
		got = append(got, d.Chart+" "+string(d.Verdict))
		if r, err := droparea.ReadReceipt(ctx, drop, id); err != nil || r.Verdict != d.Verdict {
			return fmt.Errorf("receipt %s: %v, %+v", id, err, r)
		}
	}
	if slices.Sort(got); !slices.Equal(got, wantDecisions) {
		return fmt.Errorf("decided %q, want %q", got, wantDecisions)
	}
	for _, name := range []string{".tgz", ".tgz.prov", ".json"} {
		if _, _, err := bucket.ReadAll(ctx, drop, "rejected/stable/"+id(4)+name, 1<<20); err != nil {
			return err
		}
	}
	return nil
}

// decisions reads the log: what was decided, by upload.
func decisions(ctx context.Context, site bucket.Store) (map[string]publisher.Decision, error) {
	decided := map[string]publisher.Decision{}
	for n := 1; ; n++ {
		b, _, err := bucket.ReadAll(ctx, site, fmt.Sprintf("stable/log/%08d.json", n), 1<<20)
		if errors.Is(err, bucket.ErrNotFound) {
			return decided, nil
		}
		var r publisher.Record
		if err := errors.Join(err, json.Unmarshal(b, &r)); err != nil {
			return nil, err
		}
		for _, d := range r.Decisions {
			if was, ok := decided[d.Upload]; ok {
				return nil, fmt.Errorf("upload %s was decided twice: %s and %s", d.Upload, was.Verdict, d.Verdict)
			}
			decided[d.Upload] = d
		}
	}
}

// testCell lets the k-th request of a run have a fault, runs once more, and
// has everything right then. It returns how many requests the first run made.
func testCell(t *testing.T, s *servers.Server, k int, f servers.Fault) (n int, err error) {
	ctx := testenv.Context(t)
	c, err := newCell(t, s)
	if err != nil {
		return 0, fmt.Errorf("making it ready: %w", err)
	}
	n, err = c.run(ctx, k, f)
	switch {
	case err != nil && healed[f]:
		return n, fmt.Errorf("the run did not get over it: %w", err)
	case err == nil:
		if err := c.check(ctx); err != nil {
			return n, fmt.Errorf("the run failed, and did not say so: %w", err)
		}
		return n, nil
	}
	if _, err := c.run(ctx, 0, servers.None); err != nil {
		return n, fmt.Errorf("the next run: %w", err)
	}
	return n, c.check(ctx)
}

func testAmbiguity(t *testing.T, s *servers.Server) {
	t.Parallel()
	requests, err := testCell(t, s, 0, servers.None)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d requests", requests)
	var cells errgroup.Group
	cells.SetLimit(cellsAtOnce)
	for k := range requests {
		for _, f := range servers.FaultsOf(k) {
			cells.Go(func() error {
				if _, err := testCell(t, s, k, f); err != nil {
					t.Errorf("request %d, fault %v: %v", k, f, err)
				}
				return nil
			})
		}
	}
	_ = cells.Wait() // they report themselves
}
