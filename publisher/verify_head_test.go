package publisher_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// TestVerifyHeadBehind: a run that was broken off after committing is no
// damage, but worth saying.
func TestVerifyHeadBehind(t *testing.T) {
	m := published(t)
	putHead(m, 1)
	faults := verify(t, m.Handle("test"), publisher.VerifyOptions{}).Channels[0].Faults
	if len(faults) != 1 || !strings.Contains(faults[0].Message, "generation 1, but generation 2 is committed") {
		t.Errorf("got %v", faults)
	}
}

// TestVerifyWhilePublishing commits a generation between any two steps of a
// verification, and lets it reach the snapshot and head there, or later.
func TestVerifyWhilePublishing(t *testing.T) {
	for n := 0; ; n++ {
		for _, parts := range []int{1, 2, 3} { // record; snapshot; head
			m := published(t)
			later := parts // of which as many follow while it waits
			step, writes := -1, 0
			begun, ended := false, false
			m.Hook = func(op buckettest.Op) buckettest.Fault {
				if op.Actor != "verify" {
					log := strings.Contains(op.Key, "/log/") || strings.Contains(op.Key, "/snapshots/") || strings.HasSuffix(op.Key, "index.yaml")
					if log && op.Kind != buckettest.Get {
						if writes++; writes > later {
							return buckettest.Refused
						}
					}
					return buckettest.None
				}
				if step++; step == n {
					begun = true
					halfPublish(t, m)
				}
				return buckettest.None
			}
			report := verify(t, m.Handle("verify"), publisher.VerifyOptions{
				Deep: true, Workers: 1, Now: func() time.Time { return buckettest.Start().Add(3 * time.Minute) },
				Sleep: func(context.Context, time.Duration) error {
					writes, later, ended = 0, 3, true
					project(t, m)
					return nil
				},
			})
			if !report.OK() {
				t.Errorf("%d parts at step %d, waited %t: %+v", parts, n, ended, report.Channels[0].Faults)
			}
			if !begun {
				return
			}
		}
	}
}

// TestVerifyBusy never finds head at the newest generation, for there is a
// newer one whenever it looks.
func TestVerifyBusy(t *testing.T) {
	m := published(t)
	n := byte('a')
	m.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Actor == "verify" && op.Key == "stable/index.yaml" && n < 'z' {
			n++
			again(t, m, string(n)+"-chart")
		}
		return buckettest.None
	}
	if report := verify(t, m.Handle("verify"), publisher.VerifyOptions{}); !report.OK() {
		t.Errorf("%+v", report.Channels[0].Faults)
	}
}

// TestVerifyHeadLate: head gets some time to show what was committed a moment
// ago, but not forever, and no time if that was long ago.
func TestVerifyHeadLate(t *testing.T) {
	for age, wantWaits := range map[time.Duration]int{time.Second: 4, time.Hour: 0} {
		m := published(t)
		putHead(m, 1)
		waits := 0
		report := verify(t, m.Handle("verify"), publisher.VerifyOptions{
			Now:   func() time.Time { return buckettest.Start().Add(time.Minute + age) },
			Sleep: func(context.Context, time.Duration) error { waits++; return nil },
		})
		if report.OK() || waits != wantWaits {
			t.Errorf("age %v: waited %d times, found %v", age, waits, report.Channels[0].Faults)
		}
	}
}

// putHead makes head the given generation.
func putHead(m *buckettest.Mem, generation int) {
	b := m.Snapshot()[fmt.Sprintf("stable/snapshots/%08d/index.yaml", generation)]
	m.Put("stable/index.yaml", bytes.ReplaceAll(b, []byte(`"../../charts/`), []byte(`"charts/`)))
}

// TestVerifyCachedHead: over the web, head may be what a cache remembers, but
// no longer than its header allows.
func TestVerifyCachedHead(t *testing.T) {
	m := published(t)
	putHead(m, 1)
	web := httptest.NewServer(publisher.Handler(m.Handle("web"), nil))
	defer web.Close()
	site, err := bucket.OpenWeb(web.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for age, want := range map[time.Duration]bool{time.Minute: true, 3 * time.Minute: false} {
		report := verify(t, site, publisher.VerifyOptions{
			Channels: []string{"stable"}, Now: func() time.Time { return buckettest.Start().Add(time.Minute + age) },
		})
		if report.OK() != want {
			t.Errorf("%v after the commit: %v", age, report.Channels[0].Faults)
		}
	}
}
