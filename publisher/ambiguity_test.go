package publisher_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
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
)

// The tests in this file let one request of a run go wrong, on the network
// between portolan and a real server, for every request and in every way.

func TestS3Ambiguity(t *testing.T) { testAmbiguity(t, servers.S3(t)) }

func TestGCSAmbiguity(t *testing.T) { testAmbiguity(t, servers.GCS(t)) }

func TestAzureAmbiguity(t *testing.T) { testAmbiguity(t, servers.Azure(t)) }

const (
	cellsAtOnce = 12 // on one server: most of a cell is waiting
	shortWait   = 5 * time.Millisecond
	noLimit     = 24 * time.Hour
)

// hasten makes a store patient: a server that is only slow is waited for. It
// gives up soon where the test sees to it that waiting is in vain.
func hasten(s bucket.Store, f servers.Fault) {
	stall, total := noLimit, noLimit
	switch f {
	case servers.Stalled:
		stall = 2 * time.Second // a slow answer is cut off, too, and asked for once more
	case outage:
		total = 200 * time.Millisecond
	}
	servers.Hasten(s, stall, total, shortWait)
}

// outage is not one request that fails, but all from that one on.
const outage servers.Fault = -1

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

// wantDecisions are what becomes of the uploads, in alphabetical order. Of one that
// cannot be read there is no name.
var wantDecisions = []string{" rejected", "alpha accepted", "alpha replaced", "beta accepted", "foreign accepted"}

func uploadID(n int) string { return fmt.Sprintf("019cab00-0000-7000-8000-%012d", n) }

func newCell(t *testing.T, s *servers.Server) (*cell, error) {
	ctx := t.Context()
	c := &cell{s, s.Bucket(t)}
	drop, site, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	submit := func(n int, chart, prov []byte) error {
		u := publisher.Submission{Chart: bucket.Bytes(chart)}
		if prov != nil {
			u.Prov = bucket.Bytes(prov)
		}
		return publisher.Submit(ctx, drop, "stable", uploadID(n), u)
	}
	err = submit(1, ambiguousOld, nil)
	if err == nil {
		_, err = generator.Run(ctx, generator.Options{Drop: drop, Site: site})
	}
	alien := bucket.Object{Key: "inbox/stable/foreign-2.0.0.tgz", Body: bucket.Bytes(ambiguousAlien)}
	return c, errors.Join(err, drop.Create(ctx, alien), submit(2, ambiguousNew, nil), submit(3, ambiguousPlus, nil), submit(4, ambiguousBad, ambiguousSigned))
}

func (c *cell) open(ctx context.Context) (drop, site bucket.Store, err error) {
	drop, err = bucket.Open(ctx, servers.Folder(c.bucket, "drop"))
	if err != nil {
		return nil, nil, err
	}
	site, err = bucket.Open(ctx, servers.Folder(c.bucket, "site"))
	return drop, site, err
}

// settled is when files that were written a moment ago may be adopted.
func settled() time.Time { return time.Now().Add(publisher.Settle + time.Second) }

// run is a run in which the k-th request has a fault. It returns how many
// requests there were.
func (c *cell) run(ctx context.Context, k int, f servers.Fault) (int, error) {
	drop, site, err := c.open(ctx)
	if err != nil {
		return 0, err
	}
	hasten(drop, f)
	hasten(site, f)
	c.server.Inject(c.bucket, func(r servers.Request) servers.Fault {
		switch {
		case f == outage && r.N >= k:
			return servers.Unavailable
		case f != outage && r.N == k:
			return f
		}
		return servers.None
	})
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
		if r, err := publisher.ReadReceipt(ctx, drop, id); err != nil || r.Verdict != d.Verdict {
			return fmt.Errorf("receipt %s: %v, %+v", id, err, r)
		}
	}
	if slices.Sort(got); !slices.Equal(got, wantDecisions) {
		return fmt.Errorf("decided %q, want %q", got, wantDecisions)
	}
	for _, name := range []string{".tgz", ".tgz.prov", ".json"} {
		if _, _, err := bucket.ReadAll(ctx, drop, "rejected/stable/"+uploadID(4)+name, 1<<20); err != nil {
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

// faultsOf are the faults of the k-th request. A lost answer is the one that
// tells a store that asks again from one that guesses, and an outage one that
// stops from one that goes on: each request has them. The others take turns,
// and all do if PORTOLAN_EVERY_FAULT is set, which takes some minutes.
func faultsOf(k int) []servers.Fault {
	if testing.Short() {
		return []servers.Fault{servers.Dropped}
	}
	others := []servers.Fault{
		servers.Half, servers.Reset, servers.Conflict, servers.Refused, servers.Stalled, servers.TooMany, servers.Broken, servers.Unavailable,
	}
	faults := []servers.Fault{outage, servers.Dropped}
	if os.Getenv("PORTOLAN_EVERY_FAULT") != "" {
		return append(faults, others...)
	}
	return append(faults, others[k%len(others)])
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
		for _, f := range faultsOf(k) {
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

// An upload itself is made through faults: what was acknowledged is there, and
// what was not can be sent again.
func TestS3SubmitAmbiguity(t *testing.T) { testSubmitAmbiguity(t, servers.S3(t)) }

func TestGCSSubmitAmbiguity(t *testing.T) { testSubmitAmbiguity(t, servers.GCS(t)) }

func TestAzureSubmitAmbiguity(t *testing.T) { testSubmitAmbiguity(t, servers.Azure(t)) }

func testSubmitAmbiguity(t *testing.T, s *servers.Server) {
	t.Parallel()
	const requests = 3 // provenance, request, chart
	for k := range requests {
		for _, f := range faultsOf(k) {
			bucketURL, tries := s.Bucket(t), 0
			submit := func() error {
				drop := openStore(t, bucketURL)
				hasten(drop, f)
				tries++
				return publisher.Submit(t.Context(), drop, "stable", uploadID(1), publisher.Submission{
					Chart: bucket.Bytes(ambiguousNew), Prov: bucket.Bytes(ambiguousSigned),
				})
			}
			s.Inject(bucketURL, func(r servers.Request) servers.Fault {
				switch {
				case f == outage && r.N >= k && tries == 1:
					return servers.Unavailable
				case f != outage && r.N == k:
					return f
				}
				return servers.None
			})
			err := submit()
			if err != nil {
				err = submit()
			}
			if err != nil {
				t.Errorf("request %d, fault %v: %v", k, f, err)
			}
			key := "inbox/stable/" + uploadID(1)
			for name, want := range map[string][]byte{key + ".tgz": ambiguousNew, key + ".tgz.prov": ambiguousSigned} {
				if got, _, err := bucket.ReadAll(t.Context(), openStore(t, bucketURL), name, 1<<20); err != nil || !bytes.Equal(got, want) {
					t.Errorf("request %d, fault %v: %s: %v, %d bytes", k, f, name, err, len(got))
				}
			}
		}
	}
}
