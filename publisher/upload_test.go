package publisher_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// TestSubmitOrder: what describes the chart is there before it.
func TestSubmitOrder(t *testing.T) {
	m, _ := clocked(t)
	err := publisher.Submit(t.Context(), m.Handle("test"), "stable", id1, publisher.Submission{
		Chart: bucket.Bytes([]byte("c")), Prov: bucket.Bytes([]byte("p")),
	})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, op := range m.Ops() {
		keys = append(keys, op.Key)
	}
	base := "inbox/stable/" + id1
	for _, ext := range []string{".json", ".tgz.prov", ".tgz"} {
		if o, _, ok := m.Object(base + ext); !ok || o.Deferred {
			t.Errorf("%s waits to be made safe with others", ext)
		}
	}
	if want := []string{base + ".json", base + ".tgz.prov", base + ".tgz"}; !slices.Equal(keys, want) {
		t.Errorf("got %v, want %v", keys, want)
	}
}

// TestSubmitUnacked: an upload whose answer was lost, and which a generator
// has decided meanwhile, has succeeded.
func TestSubmitUnacked(t *testing.T) {
	for _, decided := range []bool{true, false} {
		m, _ := clocked(t)
		if decided {
			m.Put("receipts/"+id1+".json", []byte("{}"))
		}
		m.Hook = func(op buckettest.Op) buckettest.Fault {
			if strings.HasSuffix(op.Key, ".tgz") {
				return buckettest.Unacked
			}
			return buckettest.None
		}
		err := publisher.Submit(context.Background(), m.Handle("test"), "stable", id1, publisher.Submission{Chart: bucket.Bytes([]byte("c"))})
		if decided != (err == nil) {
			t.Errorf("decided %t: %v", decided, err)
		}
	}
	m, _ := clocked(t)
	if err := publisher.Submit(t.Context(), m.Handle("test"), "log", id1, publisher.Submission{}); err == nil || len(m.Ops()) > 0 {
		t.Errorf("a channel called log: %v after %d operations", err, len(m.Ops()))
	}
}
