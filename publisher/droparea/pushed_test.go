package droparea_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// TestRemovePushed checks that what was pushed long ago is removed from a folder with the
// folders around it, and counted, and that what is younger stays.
func TestRemovePushed(t *testing.T) {
	dir := t.TempDir()
	drop, err := bucket.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 12, 10, 0, 0, time.UTC)
	for name, age := range map[string]time.Duration{"old": 4 * time.Hour, "young": 2 * time.Hour} {
		if err := droparea.KeepPushed(t.Context(), drop, "group/app/"+name, "0a", bucket.Bytes([]byte("bytes")), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	old, young := filepath.Join(dir, "pushed", "2026-03-01T08"), filepath.Join(dir, "pushed", "2026-03-01T10")
	for _, dry := range []bool{true, false} {
		files, bytes := 0, int64(0)
		if err := droparea.RemovePushed(t.Context(), drop, now, dry, func(size int64) { files++; bytes += size }); err != nil {
			t.Fatal(err)
		}
		if files != 1 || bytes != 5 {
			t.Errorf("removed %d files with %d bytes", files, bytes)
		}
		if _, err := os.Stat(old); os.IsNotExist(err) == dry {
			t.Errorf("dry %t: %s: %v", dry, old, err)
		}
	}
	if _, err := os.Stat(filepath.Join(young, "group", "app", "young", "0a")); err != nil {
		t.Error(err)
	}
}

// TestRemoveOddPushed checks that folders which are not for an hour, or for one that is far
// away, go once the store has had their files for a day.
func TestRemoveOddPushed(t *testing.T) {
	dir := t.TempDir()
	drop, err := bucket.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	soon := now.Add(47 * time.Hour).UTC().Format("2006-01-02T15")
	for _, hour := range []string{"x", "2999-03-01T12", soon} {
		if err := drop.Create(t.Context(), bucket.Object{Key: "pushed/" + hour + "/group/app/0a", Body: bucket.Bytes([]byte("bytes"))}); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		after   time.Duration // by this machine's clock
		removed int
	}{{-1000 * time.Hour, 0}, {23 * time.Hour, 0}, {25 * time.Hour, 2}} {
		files := 0
		if err := droparea.RemovePushed(t.Context(), drop, now.Add(test.after), false, func(int64) { files++ }); err != nil || files != test.removed {
			t.Errorf("after %s: removed %d files, %v; want %d", test.after, files, err, test.removed)
		}
	}
	if left, err := os.ReadDir(filepath.Join(dir, "pushed")); err != nil || len(left) != 1 || left[0].Name() != soon {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestKeepPushed checks that wrong bytes which somebody else has put in the place of a
// pushed file do not stay there.
func TestKeepPushed(t *testing.T) {
	drop := (&buckettest.Mem{}).Handle("drop")
	now := time.Date(2026, 3, 1, 12, 10, 0, 0, time.UTC)
	for _, content := range []string{"wrong", "bytes", "bytes"} {
		if err := droparea.KeepPushed(t.Context(), drop, "group/app", "0a", bucket.Bytes([]byte(content)), now); err != nil {
			t.Fatal(err)
		}
	}
	r, err := droparea.OpenPushed(t.Context(), drop, "group/app", "0a", now)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if b, err := io.ReadAll(r); err != nil || string(b) != "bytes" {
		t.Errorf("%q, %v", b, err)
	}
}
