package generator_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// largeWorld is smallWorld with files that are too large, under names of their
// owners' and under an id.
func largeWorld(t testing.TB) *world {
	w := newWorld(t)
	w.configure("channels: [{match: stable, limits: {packed: 100KiB}}]")
	w.small()
	w.put("stable", "large-1.0.0.tgz", bytes.Repeat([]byte("chart "), 40<<10))
	w.put("stable", "large-2.0.0.tgz.prov", bytes.Repeat([]byte("prov "), 1<<18))
	w.mustUpload("stable", id(60), bytes.Repeat([]byte("more "), 40<<10), nil)
	w.clock = w.clock.Add(time.Minute)
	return w
}

// Whatever goes wrong, what is too large is refused once, kept, and reported.
func TestEveryCrashWithLargeFiles(t *testing.T) { crashEverywhere(t, largeWorld) }

// What is too large, as the listing says, is not read to find that out.
func TestTooLargeIsNotRead(t *testing.T) {
	w := largeWorld(t)
	var report *generator.Report
	ops := w.operations(func() {
		var err error
		if report, err = w.run("run"); err != nil {
			t.Error(err)
		}
	})
	reads := map[string]int{}
	for _, op := range ops {
		if key, ok := strings.CutPrefix(op, "drop get "); ok {
			reads[key]++
		}
		if strings.HasPrefix(op, "drop create inbox/") && strings.Contains(op, ".tgz") {
			t.Errorf("%s: a file that is refused is copied within the inbox", op)
		}
	}
	for _, key := range []string{"inbox/stable/large-1.0.0.tgz", "inbox/stable/large-2.0.0.tgz.prov", "inbox/stable/" + id(60) + ".tgz"} {
		if reads[key] != 1 {
			t.Errorf("%s is read %d times; once is enough, to keep it", key, reads[key])
		}
	}
	rules := map[string]int{}
	for _, r := range report.Channels[0].Receipts {
		if r.Verdict == verdict.Rejected {
			rules[r.Rule]++
		}
	}
	if rules["packed-size"] != 2 || rules["prov-size"] != 1 {
		t.Errorf("refused by %v", rules)
	}
	w.mustHold()
}

// A provenance file that grows after it was checked is not published.
func TestProvenanceGrows(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, alphaOld)
	w.mustUpload("stable", id(2), nil, signer.Sign("alpha-1.0.0.tgz", alphaOld))
	w.clock = w.clock.Add(time.Minute)
	prov := "inbox/stable/" + id(2) + ".tgz.prov"
	read := false
	w.inject(func(_ int, _ string, op buckettest.Op) buckettest.Fault {
		if read && op.Key == prov && op.Kind == buckettest.Get {
			w.drop.Put(prov, bytes.Repeat([]byte("x"), 2<<20))
		}
		read = read || op.Key == prov
		return buckettest.None
	})
	report, err := w.run("run")
	if err != nil || report.Count(verdict.Rejected) != 1 || report.Channels[0].Receipts[0].Rule != "upload-overwritten" {
		t.Errorf("got %+v, %v", report, err)
	}
	for key := range w.site.Snapshot() {
		if strings.HasSuffix(key, ".prov") {
			t.Errorf("%s is on the site", key)
		}
	}
}
