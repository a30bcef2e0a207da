package generator_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// again puts an archive into the inbox under the id of an upload.
func (w *world) again(channel, id string, archive []byte) {
	w.drop.Put("inbox/"+channel+"/"+id+".tgz", archive)
}

// TestPutBack: an upload that is decided stays so, however much later and by
// whatever clock it is put into the inbox once more under its id.
func TestPutBack(t *testing.T) {
	for _, later := range []time.Duration{time.Minute, 30 * time.Hour, 1000 * time.Hour} {
		w := newWorld(t)
		w.mustUpload("stable", id(1), bad, nil)
		w.mustUpload("stable", id(2), alphaOld, nil)
		w.mustRun()
		w.publish("stable", 3, alphaNew)
		w.clock = w.clock.Add(later)
		w.again("stable", id(1), bad)
		w.again("stable", id(2), alphaOld)
		w.mustUpload("stable", id(10), gamma, nil)
		got := verdicts(w.mustRun())
		want := map[string]string{id(1): "rejected version", id(2): "accepted", id(10): "accepted"}
		if !maps.Equal(got, want) {
			t.Errorf("%v later: got %v, want %v", later, got, want)
		}
		for key := range w.drop.Snapshot() {
			if strings.HasPrefix(key, "inbox/") {
				t.Errorf("%v later: %s is still in the inbox", later, key)
			}
		}
	}
}

// TestPutBackLate: also when its receipt was pruned, or is not in the backup that
// the drop area was restored from, and many records came since. Else it would take
// the place of what has replaced it.
func TestPutBackLate(t *testing.T) {
	w := newWorld(t)
	w.quiet = true
	w.mustUpload("stable", id(0), alphaOld, nil)
	backup := w.drop.Snapshot()
	w.mustRunQuiet()
	for i := range 40 {
		w.publish("stable", i+1, charttest.Simple("alpha", "1.0.0", "README.md", id(i)))
	}
	w.clock = w.clock.Add(60 * 24 * time.Hour)
	if err := w.drop.Handle("prune").Delete(t.Context(), "receipts/"+id(0)+".json", ""); err != nil {
		t.Fatal(err)
	}
	for key, b := range backup {
		w.drop.Put(key, b)
	}
	if got, want := verdicts(w.mustRunQuiet()), map[string]string{id(0): "accepted"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, ok := w.drop.Snapshot()["receipts/"+id(0)+".json"]; !ok {
		t.Error("it has no receipt")
	}
	if _, ok := w.site.Snapshot()["stable/log/00000042.json"]; ok {
		t.Error("it was decided once more")
	}
}

// TestPutBackForged: an id that claims to be from 1970 does not have the whole
// log read, also when nothing is known of it.
func TestPutBackForged(t *testing.T) {
	const forged = "00000000-0001-7000-8000-000000000001"
	w := newWorld(t)
	w.quiet = true
	for i := range 100 {
		w.publish("stable", i, charttest.Simple("alpha", "1.0.0", "README.md", id(i)))
	}
	w.clock = w.clock.Add(30 * time.Hour)
	w.again("stable", forged, gamma)
	ops := w.operations(func() {
		if _, err := w.run("run"); err != nil {
			t.Error(err)
		}
	})
	if len(ops) > 50 {
		t.Errorf("%d operations, with a log of 100 records", len(ops))
	}
	w.clock = w.clock.Add(30 * time.Hour)
	w.again("stable", forged, gamma)
	ops = w.operations(func() {
		if got := verdicts(w.mustRunQuiet())[forged]; got != "accepted" {
			t.Errorf("put back: %q", got)
		}
	})
	if len(ops) > 10 {
		t.Errorf("%d operations for what is decided:\n%s", len(ops), strings.Join(ops, "\n"))
	}
}

// TestPutBackUnfinished: also where the run that decided it died before it wrote
// the receipt.
func TestPutBackUnfinished(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, beta)
	w.mustUpload("stable", id(2), alphaOld, nil)
	w.inject(func(_ int, _ string, op buckettest.Op) buckettest.Fault {
		if op.Kind == buckettest.Create && strings.HasPrefix(op.Key, "receipts/") {
			return buckettest.DieBefore
		}
		return buckettest.None
	})
	if _, err := w.run("dies"); err == nil {
		t.Fatal("it lived")
	}
	w.clock = w.clock.Add(1000 * time.Hour)
	w.again("stable", id(2), alphaOld)
	if got, want := verdicts(w.mustRun()), map[string]string{id(2): "accepted"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestIDInTwoChannels: each gets a verdict and a receipt of its own, whether
// they come together or one by one.
func TestIDInTwoChannels(t *testing.T) {
	for _, together := range []bool{true, false} {
		w := newWorld(t)
		w.mustUpload("stable", id(1), alphaOld, nil)
		if !together {
			w.mustRun()
		}
		w.clock = w.clock.Add(time.Minute)
		w.again("devel", id(1), bad)
		w.clock = w.clock.Add(time.Minute)
		receipts := 0
		for range 2 {
			w.mustRun()
		}
		for key := range w.drop.Snapshot() {
			if strings.HasPrefix(key, "inbox/") {
				t.Errorf("together %t: %s is still in the inbox", together, key)
			}
			if strings.HasPrefix(key, "receipts/") {
				receipts++
			}
		}
		if receipts != 2 {
			t.Errorf("together %t: %d receipts, want 2", together, receipts)
		}
	}
}
