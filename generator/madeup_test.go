package generator_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// madeUp is an id as that of a file which was adopted, and arrived, at the time t.
func madeUp(t time.Time) string {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(t.UnixMilli())<<16|0x8000)
	id[8] = 0x80
	return id.String()
}

// TestMadeUpArrival: an arrival that somebody makes up in an id opens no gate earlier, for
// an upload or for what a promotion copied, and is not the time at which a key must be valid.
func TestMadeUpArrival(t *testing.T) {
	w := newWorld(t)
	ann := charttest.NewSignerAt(w.clock)
	w.withKeys("require: true", ann)
	chart := alphaAt("1.0.0")
	long := madeUp(w.clock.Add(-1000 * time.Hour))
	w.put("dev", long+".tgz.prov", ann.Sign("alpha-1.0.0.tgz", chart))
	w.put("dev", long+".tgz", chart)
	if r := w.runOnce()[long]; r.Verdict != verdict.Accepted {
		t.Fatalf("it is %s: %s", r.Verdict, r.Message)
	}

	w.configure("channels: [{match: stable, promote: {soak: 3d}}]")
	w.mustAsk("stable", id(1), promote("dev", pin("alpha", "1.0.0", chart)))
	longer := madeUp(w.clock.Add(-999 * time.Hour))
	w.mustAsk("qa", longer, promote("dev", pin("alpha", "1.0.0", chart)))
	if all := w.runOnce(); all[id(1)].Rule != "gate-soak" || all[longer].Verdict != verdict.Accepted {
		t.Fatalf("promoted: %+v", all)
	}
	w.mustAsk("stable", id(2), promote("qa", pin("alpha", "1.0.0", chart)))
	if r := w.runOnce()[id(2)]; r.Rule != "gate-soak" {
		t.Errorf("of what a promotion copied: %s %s", r.Verdict, r.Message)
	}
	w.clock = w.clock.Add(72 * time.Hour)
	w.mustAsk("stable", id(3), promote("qa", pin("alpha", "1.0.0", chart)))
	if r := w.runOnce()[id(3)]; r.Verdict != verdict.Accepted {
		t.Errorf("three days later: %s %s", r.Verdict, r.Message)
	}
}

// TestIdOfAnotherKind: an action under the id of a decided upload gets no verdict of its, and
// stays; a chart under the id of a decided action is another upload.
func TestIdOfAnotherKind(t *testing.T) {
	w := newWorld(t)
	chart, other := alphaAt("1.0.0"), alphaAt("1.1.0")
	w.publish("stable", 1, chart)
	w.mustAsk("stable", id(1), yank(pin("alpha", "1.0.0", chart)))
	w.quiet = true
	report := w.mustRunQuiet()
	if c := report.Channels[0]; len(c.Receipts) > 0 || len(c.Waiting) != 1 || c.Waiting[0].File != id(1)+".action.json" || c.Waiting[0].Reason == "" {
		t.Errorf("got %+v", c)
	}
	if w.drop.Snapshot()["inbox/stable/"+id(1)+".action.json"] == nil {
		t.Error("the action is gone without a verdict")
	}
	w.mustAsk("stable", id(2), yank(pin("alpha", "1.0.0", chart)))
	w.mustRunQuiet()
	w.drop.Put("inbox/stable/"+id(2)+".tgz", other)
	w.clock = w.clock.Add(time.Minute)
	w.mustRunQuiet()
	w.mustList("stable/index.yaml", "alpha", "1.1.0")
}
