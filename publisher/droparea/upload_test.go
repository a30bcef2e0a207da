package droparea_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// TestSubmitOrder: what describes the chart is there before it.
func TestSubmitOrder(t *testing.T) {
	m, _ := buckettest.Clocked(t)
	err := droparea.Submit(t.Context(), m.Handle("test"), "stable", id1, droparea.Submission{
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

// TestSubmitManifest: manifest and config keep every byte, however many quotes they have,
// and what no generator would read is not submitted.
func TestSubmitManifest(t *testing.T) {
	m, _ := buckettest.Clocked(t)
	submit := func(id, manifest string) error {
		return droparea.Submit(t.Context(), m.Handle("test"), "stable", id, droparea.Submission{
			Chart: bucket.Bytes([]byte("c")), Request: droparea.Request{Manifest: manifest, Config: "{\"name\":\"<a>\"}\n"},
		})
	}
	long := "[" + strings.Repeat("\"", registry.MaxManifest-2) + "]"
	if err := submit(id1, long); err != nil {
		t.Fatal(err)
	}
	got, err := droparea.ReadRequest(t.Context(), m.Handle("test"), &droparea.Upload{ID: id1, Channel: "stable"})
	if err != nil || got.Err != nil || got.Manifest != long || got.Config != "{\"name\":\"<a>\"}\n" {
		t.Errorf("got %d bytes and %q, %v, %v", len(got.Manifest), got.Config, err, got.Err)
	}
	if err := submit(id2, strings.Repeat(long, 3)); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("got %v", err)
	}
}

// TestSubmitUnacked: an upload whose answer was lost, and which a generator
// has decided meanwhile, has succeeded.
func TestSubmitUnacked(t *testing.T) {
	for _, decided := range []bool{true, false} {
		m, _ := buckettest.Clocked(t)
		if decided {
			m.Put("receipts/"+id1+".json", []byte("{}"))
		}
		m.Hook = func(op buckettest.Op) buckettest.Fault {
			if strings.HasSuffix(op.Key, ".tgz") {
				return buckettest.Unacked
			}
			return buckettest.None
		}
		err := droparea.Submit(context.Background(), m.Handle("test"), "stable", id1, droparea.Submission{Chart: bucket.Bytes([]byte("c"))})
		if decided != (err == nil) {
			t.Errorf("decided %t: %v", decided, err)
		}
	}
	m, _ := buckettest.Clocked(t)
	if err := droparea.Submit(t.Context(), m.Handle("test"), "log", id1, droparea.Submission{}); err == nil || len(m.Ops()) > 0 {
		t.Errorf("a channel called log: %v after %d operations", err, len(m.Ops()))
	}
}
