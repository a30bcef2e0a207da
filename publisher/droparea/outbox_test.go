package droparea_test

import (
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// TestOutbox: an entry is in the listing of the inbox, as it was put there, and is no upload.
func TestOutbox(t *testing.T) {
	m, now := buckettest.Clocked(t)
	drop := m.Handle("test")
	all := []droparea.Untold{{Since: 0, Generation: 1}, {Since: 41, Generation: 100_000_000, Receiver: "0a1b2c3d", Tries: 13}}
	for _, u := range all {
		for range 2 { // as two generators may
			if err := droparea.PutUntold(t.Context(), drop, "42/devel", u); err != nil {
				t.Fatal(err)
			}
			*now = now.Add(time.Minute)
		}
	}
	inbox := readInbox(t, m)
	if len(inbox.Channels) != 1 || len(inbox.Ignored)+len(inbox.Orphans) > 0 {
		t.Fatalf("got %+v", inbox)
	}
	w := inbox.Channels[0]
	if w.Channel != "42/devel" || len(w.Uploads)+len(w.Foreign) > 0 || len(w.Untold) != 2 {
		t.Errorf("got %+v", w)
	}
	for _, u := range w.Untold {
		i := 0
		if u.Receiver != "" {
			i = 1
		}
		if !u.Same(all[i]) || !u.Modified.Equal(buckettest.Start().Add(time.Duration(2*i)*time.Minute)) {
			t.Errorf("got %+v, want %+v", u, all[i])
		}
	}
	if err := droparea.RemoveUntold(t.Context(), drop, 1, "42/devel", w.Untold); err != nil || len(m.Snapshot()) > 0 {
		t.Errorf("after the removal, with %v, there is %v", err, m.Snapshot())
	}
}

// TestNoOutbox: what only looks like an entry is ignored, with a note.
func TestNoOutbox(t *testing.T) {
	m, _ := buckettest.Clocked(t)
	names := []string{
		"1-2.notify.json", "00000001.notify.json", "000000001-00000002.notify.json", "00000001-9999999999999.notify.json",
		"00000001-00000002.0A1B2C3D-1.notify.json", "00000001-00000002.0a1b2c3d-01.notify.json", "00000001-00000002.notify.json.tmp", ".notify.json",
	}
	for _, name := range names {
		m.Put("inbox/stable/"+name, []byte("x"))
	}
	m.Put("inbox/00000001-00000002.notify.json", []byte("x"))
	if inbox := readInbox(t, m); len(inbox.Ignored) != len(names)+1 || len(inbox.Channels) > 0 {
		t.Errorf("ignored: %v", inbox.Ignored)
	}
}
