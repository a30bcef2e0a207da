package generator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

const (
	rivals = 4 // generators that run at the same time
	crowd  = 6 // uploaders
)

var contended = []string{"stable", "group/devel", "group/app/stable"}

// TestContention lets generators with stores of their own run without pause
// while uploads come in to several channels, many of them of versions that
// others upload as well. With PORTOLAN_EVERY_FAULT set there are 300 for each channel.
func TestContention(t *testing.T) {
	uploads := map[string]int{"file": 300, "s3": 60, "gs": 60, "azblob": 60}
	if os.Getenv("PORTOLAN_EVERY_FAULT") != "" {
		uploads = map[string]int{"file": 300, "s3": 300, "gs": 300, "azblob": 300}
	}
	folder := t.TempDir()
	buckets := map[string]func(testing.TB) string{
		"file":   func(testing.TB) string { return filepath.Join(folder, "bucket") },
		"s3":     func(t testing.TB) string { return servers.S3(t).Bucket(t) },
		"gs":     func(t testing.TB) string { return servers.GCS(t).Bucket(t) },
		"azblob": func(t testing.TB) string { return servers.Azure(t).Bucket(t) },
	}
	for scheme, bucketOf := range buckets {
		t.Run(scheme, func(t *testing.T) {
			n := uploads[scheme]
			if testing.Short() {
				n /= 4
			}
			t.Parallel()
			url := bucketOf(t)
			contend(t, n, func(t *testing.T, name string) bucket.Store {
				at, open := filepath.Join(url, name), bucket.Open
				if scheme != "file" {
					at, open = servers.Folder(url, name), servers.Open
				}
				s, err := open(context.Background(), at)
				if err != nil {
					t.Fatal(err)
				}
				return s
			})
		})
	}
}

// contend makes this many uploads for each channel, and checks the verdicts.
func contend(t *testing.T, each int, open func(t *testing.T, name string) bucket.Store) {
	ctx := testenv.Context(t)
	sent := make(chan struct{}) // closed when all uploads are in the inbox
	var generators sync.WaitGroup
	for range rivals {
		o := generator.Options{Drop: open(t, "drop"), Site: open(t, "site"), Workers: 4}
		generators.Go(func() {
			for last := false; !last; {
				select {
				case <-sent:
					last = true // what it finds from now on is all
				default:
				}
				if _, err := generator.Run(ctx, o); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var asked map[string][]string
	var asker sync.WaitGroup
	asker.Go(func() { asked = askAll(ctx, t, open(t, "drop"), open(t, "site"), each/5) })
	ids := uploadAll(ctx, t, open(t, "drop"), each)
	asker.Wait()
	close(sent)
	generators.Wait()
	// A run that saw the inbox before the last rival took its uploads out may
	// have left one that it could not decide; the next one has no rival.
	drop, site := open(t, "drop"), open(t, "site")
	if _, err := generator.Run(ctx, generator.Options{Drop: drop, Site: site}); err != nil {
		t.Fatal(err)
	}
	for _, channel := range contended {
		mustBeDecidedOnce(ctx, t, drop, site, channel, append(ids[channel], asked[channel]...))
	}
	mustBeVerified(ctx, t, drop, site)
}

// uploadAll uploads charts, of which every version comes three times: as it is,
// with other content, and packed once more.
func uploadAll(ctx context.Context, t *testing.T, drop bucket.Store, each int) map[string][]string {
	var mu sync.Mutex
	ids := map[string][]string{}
	var uploaders sync.WaitGroup
	for u := range crowd {
		uploaders.Go(func() {
			for i := u; i < each*len(contended); i += crowd {
				channel, n := contended[i%len(contended)], i/len(contended)
				name, version := fmt.Sprintf("chart-%d", n/3%7), fmt.Sprintf("1.%d.0", n/21)
				files := charttest.Chart(name, version)
				o := &charttest.Options{Reverse: n%3 == 2}
				if n%3 == 1 {
					files["README.md"] = "other content"
				}
				id, err := droparea.NewID()
				if err == nil {
					err = droparea.Submit(ctx, drop, channel, id, droparea.Submission{Chart: bucket.Bytes(charttest.Pack(name, files, o))})
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				ids[channel] = append(ids[channel], id)
				mu.Unlock()
			}
		})
	}
	uploaders.Wait()
	return ids
}

// askAll yanks, restores, deprecates and undeprecates what is published in each channel by
// then, while it may be about to get other content.
func askAll(ctx context.Context, t *testing.T, drop, site bucket.Store, each int) map[string][]string {
	ids := map[string][]string{}
	for _, channel := range contended {
		for n := range each {
			c, err := publisher.OpenChannel(ctx, site, channel)
			if err != nil {
				t.Error(err)
				return ids
			}
			request := undeprecate("chart-1")
			if n%4 == 1 {
				request = deprecate("chart-1")
			}
			if lines := c.Index().Lines("chart-0"); n%2 == 0 && len(lines) > 0 {
				var is action.Pin
				if err := json.Unmarshal([]byte(lines[n/4%len(lines)]), &is); err != nil {
					t.Error(err)
					return ids
				}
				is.Chart = "chart-0"
				if request = yank(is); n%4 == 2 {
					request = restore(is)
				}
			}
			id, err := droparea.NewID()
			if err == nil {
				err = droparea.Ask(ctx, drop, channel, id, request)
			}
			if err != nil {
				t.Error(err)
				return ids
			}
			ids[channel] = append(ids[channel], id)
		}
	}
	return ids
}

// mustBeDecidedOnce fails unless each of the uploads has one decision in the
// channel's log, a receipt that says the same, and nothing else is decided.
func mustBeDecidedOnce(ctx context.Context, t *testing.T, drop, site bucket.Store, channel string, ids []string) {
	t.Helper()
	c, err := publisher.OpenChannel(ctx, site, channel)
	if err != nil {
		t.Fatal(err)
	}
	records, err := c.Since(ctx, time.Time{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	decided, acted := map[string]publisher.Decision{}, map[verdict.Verdict]int{}
	for i, r := range records {
		if want := len(records) - i; r.Generation != want {
			t.Fatalf("%s: generation %d stands where %d should", channel, r.Generation, want)
		}
		for _, d := range r.Decisions {
			if _, twice := decided[d.Upload]; twice {
				t.Errorf("%s: upload %s is decided twice", channel, d.Upload)
			}
			decided[d.Upload] = d
		}
		for _, a := range r.Actions {
			if _, twice := decided[a.ID]; twice {
				t.Errorf("%s: action %s is decided twice", channel, a.ID)
			}
			decided[a.ID] = publisher.Decision{Upload: a.ID, Verdict: a.Verdict}
			acted[a.Verdict]++
		}
	}
	if len(decided) != len(ids) {
		t.Errorf("%s: %d uploads are decided, of %d", channel, len(decided), len(ids))
	}
	for _, id := range ids {
		d, ok := decided[id]
		receipt, err := droparea.ReadReceipt(ctx, drop, id)
		switch {
		case err != nil:
			t.Errorf("%s: %v", channel, err)
		case !ok:
			t.Errorf("%s: upload %s is not decided", channel, id)
		case receipt.Verdict != d.Verdict:
			t.Errorf("%s: upload %s is %s in the log, and its receipt says %s", channel, id, d.Verdict, receipt.Verdict)
		}
	}
	for _, verdict := range slices.Sorted(maps.Keys(acted)) {
		t.Logf("%s: %d actions are %s", channel, acted[verdict], verdict)
	}
	t.Logf("%s: %d uploads and actions in %d generations", channel, len(ids), len(records))
}

// mustBeVerified fails unless the inbox is empty and the site what its logs say.
func mustBeVerified(ctx context.Context, t *testing.T, drop, site bucket.Store) {
	t.Helper()
	inbox, err := droparea.ReadInbox(ctx, drop)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range inbox.Channels {
		t.Errorf("%s: %d uploads are left in the inbox", c.Channel, len(c.Uploads))
	}
	report, err := publisher.Verify(ctx, site, publisher.VerifyOptions{Deep: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Channels {
		for _, f := range c.Faults {
			t.Errorf("%s: %s", f.Key, f.Message)
		}
	}
	if len(report.Channels) != len(contended) {
		t.Errorf("the site has %d channels", len(report.Channels))
	}
}
