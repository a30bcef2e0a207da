package droparea_test

import (
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

func adopt(t *testing.T, s bucket.Store, w *droparea.ChannelInbox, now time.Time) *droparea.Upload {
	t.Helper()
	u, err := droparea.Adopt(t.Context(), s, w.Channel, w.Foreign[0], now, fits)
	if err != nil {
		t.Fatal(err)
	}
	if u != nil {
		if err := droparea.Discard(t.Context(), s, w.Foreign[0]); err != nil {
			t.Fatal(err)
		}
	}
	return u
}

// fits says of an upload that it is not too large.
func fits(*droparea.Upload) bool { return false }

func TestAdopt(t *testing.T) {
	m, now := buckettest.Clocked(t)
	m.Put("inbox/stable/a-1.0.0.tgz", []byte("archive"))
	m.Put("inbox/stable/a-1.0.0.tgz.prov", []byte("signature"))
	put := *now
	w := readInbox(t, m).Channels[0]
	if u := adopt(t, m.Handle("test"), w, now.Add(droparea.Settle-1)); u != nil {
		t.Fatal("it was adopted before it could settle")
	}
	*now = now.Add(time.Hour)
	u := adopt(t, m.Handle("test"), w, *now)
	if d := put.Sub(u.Arrival); d < 0 || d > time.Millisecond {
		t.Errorf("arrival %v, want %v", u.Arrival, put)
	}
	listed := readInbox(t, m).Channels[0]
	if len(listed.Foreign) != 0 || len(listed.Uploads) != 1 {
		t.Fatalf("the inbox holds %+v", listed)
	}
	again := listed.Uploads[0]
	if again.ID != u.ID || !again.Arrival.Equal(u.Arrival) || again.Chart == nil || again.Prov == nil {
		t.Errorf("listed as %+v, adopted as %+v", again, u)
	}
	request, err := droparea.ReadRequest(t.Context(), m.Handle("test"), again)
	if err != nil || request.File != "a-1.0.0.tgz" || !request.Provenance {
		t.Errorf("request %+v, %v", request, err)
	}
}

// TestAdoptOverwritten: a file overwritten under its old name is one more upload.
func TestAdoptOverwritten(t *testing.T) {
	m, now := buckettest.Clocked(t)
	m.Put("inbox/stable/a.tgz", []byte("first"))
	w := readInbox(t, m).Channels[0]
	*now = now.Add(time.Minute)
	overwrite := true
	m.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Kind == buckettest.Delete && overwrite {
			overwrite = false
			m.Put("inbox/stable/a.tgz", []byte("second"))
		}
		return buckettest.None
	}
	first := adopt(t, m.Handle("test"), w, *now)
	*now = now.Add(time.Minute)
	second := adopt(t, m.Handle("test"), readInbox(t, m).Channels[0], *now)
	if first.ID == second.ID {
		t.Fatal("two contents have one id")
	}
	objects := m.Snapshot()
	for u, want := range map[*droparea.Upload]string{first: "first", second: "second"} {
		if got := string(objects[u.Chart.Key]); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestAdoptStaleListing leaves alone what has changed since it was listed.
func TestAdoptStaleListing(t *testing.T) {
	m, now := buckettest.Clocked(t)
	m.Put("inbox/stable/a.tgz", []byte("first"))
	m.Put("inbox/stable/b.tgz", []byte("gone"))
	w := readInbox(t, m).Channels[0]
	m.Put("inbox/stable/a.tgz", []byte("second"))
	if err := m.Handle("other").Delete(t.Context(), "inbox/stable/b.tgz", ""); err != nil {
		t.Fatal(err)
	}
	for _, f := range w.Foreign {
		if u, err := droparea.Adopt(t.Context(), m.Handle("test"), "stable", f, now.Add(time.Minute), fits); u != nil || err != nil {
			t.Errorf("%s: got %v, %v", f.Name, u, err)
		}
	}
	if got := string(m.Snapshot()["inbox/stable/a.tgz"]); got != "second" {
		t.Errorf("got %q", got)
	}
}

// TestAdoptTooLarge: what is too large to be taken is not copied, whatever its size.
// It is an upload where it lies, and removing that removes the file, unless somebody
// has overwritten it.
func TestAdoptTooLarge(t *testing.T) {
	m, now := buckettest.Clocked(t)
	m.Put("inbox/stable/a.tgz", []byte("large"))
	m.Put("inbox/stable/a.tgz.prov", []byte("signature"))
	w := readInbox(t, m).Channels[0]
	*now = now.Add(time.Minute)
	m.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Kind != buckettest.Delete {
			t.Errorf("%s", op)
		}
		return buckettest.None
	}
	adopt := func() *droparea.Upload {
		u, err := droparea.Adopt(t.Context(), m.Handle("test"), "stable", w.Foreign[0], *now, func(*droparea.Upload) bool { return true })
		if err != nil || u == nil || u.Adopted() || u.Chart.Key != "inbox/stable/a.tgz" {
			t.Fatalf("got %+v, %v", u, err)
		}
		return u
	}
	first := adopt()
	if again := adopt(); again.ID != first.ID {
		t.Errorf("another look gives another id: %s, %s", again.ID, first.ID)
	}
	m.Put("inbox/stable/a.tgz", []byte("another"))
	for range 2 {
		if err := droparea.Remove(t.Context(), m.Handle("test"), 1, []*droparea.Upload{first})[0]; err != nil {
			t.Fatal(err)
		}
	}
	objects := m.Snapshot()
	if string(objects["inbox/stable/a.tgz"]) != "another" || len(objects) != 1 {
		t.Errorf("the inbox holds %q", objects)
	}
}
