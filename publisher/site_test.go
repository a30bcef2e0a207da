package publisher_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

const (
	id1 = "019cab00-0000-7000-8000-000000000001"
	id2 = "019cab00-0000-7000-8000-000000000002"
)

// published is a site with a channel of three generations: the second adds a
// signed release, the third leaves the index alone.
func published(t *testing.T) *buckettest.Mem {
	t.Helper()
	m, _ := buckettest.Clocked(t)
	s := m.Handle("test")
	commit(t, s, "stable", release("alpha", "1.0.0", id1, ""))
	commit(t, s, "stable", release("beta", "1.0.0", id2, "signature"))
	commit(t, s, "stable", nil)
	return m
}

func release(chart, version, upload, prov string) *publisher.Release {
	archive := []byte("archive of " + chart)
	r := &publisher.Release{Chart: chart, Version: version, Archive: bucket.Bytes(archive)}
	r.Info = publisher.ReleaseInfo{Upload: upload, Digest: hash(archive), Size: int64(len(archive))}
	if prov != "" {
		r.Prov, r.Info.Provenance = bucket.Bytes([]byte(prov)), hash([]byte(prov))
	}
	return r
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// commit publishes the release, or with nil a verdict that changes nothing.
func commit(t *testing.T, s bucket.Store, channel string, r *publisher.Release) {
	t.Helper()
	c, err := publisher.OpenChannel(t.Context(), s, channel)
	if err != nil {
		t.Fatal(err)
	}
	d := publisher.Draft{Time: buckettest.Start().Add(time.Duration(c.Generation()) * time.Minute), Nonce: "n"}
	d.Decisions = []publisher.Decision{{Upload: fmt.Sprint("bad-", c.Generation()), Arrival: buckettest.Start(), Verdict: verdict.Rejected, Rule: "r"}}
	if r != nil {
		if err := publisher.PutRelease(t.Context(), s, channel, r); err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf(`{"name":%q,"version":%q,"digest":%q,"urls":[%q]}`, r.Chart, r.Version, r.Info.Digest, r.URL())
		d.Removed, d.Added = c.Index().Diff(map[string][]string{r.Chart: append([]string{line}, c.Index().Lines(r.Chart)...)})
		d.Decisions = append(d.Decisions, publisher.Decision{
			Upload: r.Info.Upload, Arrival: buckettest.Start(), Chart: r.Chart, Version: r.Version,
			Verdict: verdict.Accepted, Digest: r.Info.Digest, Size: r.Info.Size, Provenance: r.Info.Provenance,
		})
	}
	if err := c.Commit(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := c.Project(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// verify verifies long after everything was committed, unless o has a clock.
func verify(t *testing.T, s bucket.Store, o publisher.VerifyOptions) *publisher.VerifyReport {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return buckettest.Start().Add(24 * time.Hour) }
	}
	if o.Sleep == nil {
		o.Sleep = func(context.Context, time.Duration) error {
			t.Error("it waited")
			return nil
		}
	}
	report, err := publisher.Verify(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// again commits one more release to published.
func again(t *testing.T, m *buckettest.Mem, chart string) {
	commit(t, m.Handle("publisher"), "stable", release(chart, "1.0.0", id1[:35]+chart[:1], ""))
}

// halfPublish publishes as far as the store lets it.
func halfPublish(t *testing.T, m *buckettest.Mem) {
	s := m.Handle("publisher")
	r := release("gamma", "1.0.0", id1[:35]+"9", "")
	if err := publisher.PutRelease(t.Context(), s, "stable", r); err != nil {
		t.Fatal(err)
	}
	c, err := publisher.OpenChannel(t.Context(), s, "stable")
	if err != nil {
		t.Fatal(err)
	}
	line := fmt.Sprintf(`{"name":"gamma","version":"1.0.0","digest":%q,"urls":[%q]}`, r.Info.Digest, r.URL())
	d := publisher.Draft{Time: buckettest.Start().Add(3 * time.Minute), Nonce: "n"}
	_, d.Added = c.Index().Diff(map[string][]string{"gamma": {line}})
	d.Decisions = []publisher.Decision{{Upload: r.Info.Upload, Arrival: buckettest.Start(), Verdict: verdict.Accepted, Digest: r.Info.Digest, Size: r.Info.Size}}
	if err := c.Commit(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	_ = c.Project(t.Context())
}

// project lets whatever is committed reach head.
func project(t *testing.T, m *buckettest.Mem) {
	c, err := publisher.OpenChannel(t.Context(), m.Handle("publisher"), "stable")
	if err == nil {
		err = c.Project(t.Context())
	}
	if err != nil {
		t.Error(err)
	}
}

func open(t *testing.T, m *buckettest.Mem) *publisher.Channel {
	t.Helper()
	c, err := publisher.OpenChannel(t.Context(), m.Handle("test"), "stable")
	if err != nil {
		t.Fatal(err)
	}
	return c
}
