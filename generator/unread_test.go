package generator_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// gets counts how often a run reads keys of the site that contain the text.
func (w *world) gets(text string) (n int) {
	w.t.Helper()
	w.inject(func(_ int, store string, op buckettest.Op) buckettest.Fault {
		if store == "site" && op.Kind == buckettest.Get && strings.Contains(op.Key, text) {
			n++
		}
		return buckettest.None
	})
	w.mustRunQuiet()
	w.inject(nil)
	return n
}

// TestRefusedUnread: for an action that the channel does not take, nothing is read of what
// it names.
func TestRefusedUnread(t *testing.T) {
	for name, settings := range map[string]string{
		"none":     "channels: [{match: stable, actions: {drop: []}}]",
		"not from": "channels: [{match: stable, promote: {from: [qa]}}]",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.configure(settings)
			w.publish("dev", 1, alphaAt("1.0.0"))
			w.publish("stable", 11, beta)
			w.mustAsk("stable", id(20), promote("dev", pin("alpha", "1.0.0", alphaAt("1.0.0"))))
			if name == "none" {
				w.mustAsk("stable", id(21), rollback(1))
			}
			if n := w.gets("dev/") + w.gets("snapshots/"); n > 0 {
				t.Errorf("%d files were read", n)
			}
			r, err := droparea.ReadReceipt(context.Background(), w.drop.Handle("reader"), id(20))
			if err != nil || r.Verdict != verdict.Rejected {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// TestRollbackDamaged: a rollback to a snapshot that cannot be read waits until it is put
// right, and keeps nothing else from its verdict.
func TestRollbackDamaged(t *testing.T) {
	w := newWorld(t)
	for i := range 3 {
		w.publish("stable", 1+i, alphaAt(fmt.Sprintf("1.%d.0", i)))
	}
	w.site.Immutable, w.quiet = nil, true
	w.site.Put("stable/snapshots/00000001/index.yaml", []byte("{"))
	w.mustAsk("stable", id(10), rollback(1))
	w.mustAsk("stable", id(11), yank(action.Pin{Chart: "alpha", Version: "7.0.0", Digest: digest(nil)}))
	w.mustUpload("stable", id(12), beta, nil)
	w.clock = w.clock.Add(actionWait)
	report, err := w.run("generator")
	if err == nil || !strings.Contains(err.Error(), "stable/snapshots/00000001/index.yaml") || len(report.Channels[0].Waiting) != 1 {
		t.Errorf("%v, waiting %+v", err, report.Channels)
	}
	if got := verdicts(report); got[id(11)] != "rejected action-unknown" || got[id(12)] != "accepted" || got[id(10)] != "" {
		t.Errorf("decided: %v", got)
	}
	if _, err := publisher.Rebuild(context.Background(), w.site.Handle("rebuild"), "stable", publisher.RebuildOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := verdicts(w.mustRunQuiet()); got[id(10)] != "accepted" {
		t.Errorf("decided: %v", got)
	}
	w.mustList("stable/index.yaml", "alpha", "1.0.0")
}
