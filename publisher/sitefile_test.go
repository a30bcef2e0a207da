package publisher_test

import (
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// TestLastFile: the last file makes the others durable, even if it is as it was before.
func TestLastFile(t *testing.T) {
	m := &buckettest.Mem{}
	site := m.Handle("site")
	write := func(key, content string, last, want bool) {
		t.Helper()
		if written, err := publisher.WriteFile(t.Context(), site, key, []byte(content), last); err != nil || written != want {
			t.Errorf("%s: written: %v, %v; want %v", key, written, err, want)
		}
	}
	write("a.html", "old", false, true)
	write("state.json", "same", true, true)
	write("a.html", "new", false, true)
	write("b.html", "new", false, true)
	write("state.json", "same", true, false)
	write("b.html", "lost", false, true)
	m.PowerCut()
	for key, want := range map[string]string{"a.html": "new", "b.html": "new", "state.json": "same"} {
		if b, _, err := bucket.ReadAll(t.Context(), site, key, 100); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v; want %q", key, b, err, want)
		}
	}
}
