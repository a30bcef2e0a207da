package generator_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// takeDown takes alpha 1.0.0 of stable down.
func (w *world) takeDown() (*generator.TakeDownReport, error) {
	return generator.TakeDown(context.Background(), w.site.Handle("takedown"), publisher.TakeDownOptions{
		Channel: "stable", Chart: "alpha", Version: "1.0.0", Reason: "has a key in it", Workers: 1, Drop: w.drop.Handle(pruneActor),
		Now: func() time.Time { return w.clock }, Nonce: func() string { return "takedown" },
	})
}

// TestTakeDownWhileRunning takes a version down between any two operations of a run that
// publishes it once more: the same files, packed again. Whatever the run had planned, none of
// it is published; and once the run has ended, one more call leaves nothing of it.
func TestTakeDownWhileRunning(t *testing.T) {
	first := alphaAt("1.0.0")
	again := charttest.Pack("alpha", charttest.Chart("alpha", "1.0.0"), &charttest.Options{Time: charttest.Time.AddDate(1, 0, 0)})
	for n := 0; ; n++ {
		w := newWorld(t)
		w.configure("channels: [{match: '**', oci: true, keep: 1}]")
		w.publish("stable", 1, first, alphaAt("1.1.0"))
		w.mustUpload("stable", id(3), alphaAt("2.0.0"), nil)
		w.mustUpload("stable", id(4), again, nil)
		w.mustUpload("stable", id(5), alphaAt("1.0.0", "README.md", "without it"), nil)
		w.clock = w.clock.Add(time.Minute)
		taken := false
		w.inject(func(_ int, _ string, op buckettest.Op) buckettest.Fault {
			if !taken && op.Actor == "generator" && w.n > n {
				taken = true
				if _, err := w.takeDown(); err != nil {
					t.Error(err)
				}
			}
			return buckettest.None
		})
		_, err := w.run("generator")
		w.inject(nil)
		if !taken {
			return
		}
		if err != nil {
			t.Fatalf("operation %d: %v", n, err)
		}
		w.mustRun()
		if w.failed != nil {
			t.Fatalf("operation %d: %v", n, w.failed)
		}
		r, err := w.takeDown()
		if err != nil || !r.Before {
			t.Fatalf("operation %d: %+v, %v", n, r, err)
		}
		for key, b := range w.site.Snapshot() {
			if bytes.Equal(b, first) || bytes.Equal(b, again) {
				t.Errorf("operation %d: %s is still there", n, key)
			}
		}
		for key, b := range w.drop.Snapshot() {
			if strings.HasPrefix(key, "rejected/") && (bytes.Equal(b, first) || bytes.Equal(b, again)) {
				t.Errorf("operation %d: %s is still there", n, key)
			}
		}
		w.mustVerify()
		w.mustList("stable/index.yaml", "alpha", "2.0.0")
	}
}

// TestTakeDownKeep: head lists as many of the versions that are left as it may, by the rules
// of a run, and none that is yanked.
func TestTakeDownKeep(t *testing.T) {
	w := newWorld(t)
	w.configure("channels: [{match: '**', keep: 1}]")
	w.publish("stable", 1, alphaAt("0.8.0"), alphaAt("0.9.0"), alphaAt("1.0.0"))
	w.mustAsk("stable", id(4), yank(pin("alpha", "0.9.0", alphaAt("0.9.0"))))
	w.runOnce()
	w.mustList("stable/index.yaml", "alpha", "1.0.0")
	if _, err := w.takeDown(); err != nil {
		t.Fatal(err)
	}
	w.mustList("stable/index.yaml", "alpha", "0.8.0")
	w.mustList("stable/all/index.yaml", "alpha", "0.9.0", "0.8.0")
	w.mustVerify()
	w.publish("stable", 5, alphaAt("0.7.0"))
	w.mustList("stable/index.yaml", "alpha", "0.8.0")
}

// TestTakeDownTagsAgain: the list of a chart's tags that is left once all its versions are
// taken down is that of the newest generation, also if the next version is yanked by the run
// that publishes it.
func TestTakeDownTagsAgain(t *testing.T) {
	w := newWorld(t)
	w.configure("channels: [{match: '**', oci: true}]")
	w.publish("stable", 1, alphaAt("1.0.0"), beta)
	if _, err := w.takeDown(); err != nil {
		t.Fatal(err)
	}
	next := alphaAt("1.1.0")
	w.mustUpload("stable", id(10), next, nil)
	w.mustAsk("stable", id(11), yank(pin("alpha", "1.1.0", next)))
	w.runOnce()
}
