package droparea_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

const (
	id1 = "019cab00-0000-7000-8000-000000000001"
	id2 = "019cab00-0000-7000-8000-000000000002"
)

func readInbox(t *testing.T, m *buckettest.Mem) *droparea.Inbox {
	t.Helper()
	inbox, err := droparea.ReadInbox(t.Context(), m.Handle("test"))
	if err != nil {
		t.Fatal(err)
	}
	return inbox
}

func TestReadInbox(t *testing.T) {
	m, now := buckettest.Clocked(t)
	for _, key := range []string{
		"inbox/stable/" + id2 + ".tgz", "inbox/stable/" + id2 + ".json", "inbox/stable/" + id2 + ".tgz.prov",
		"inbox/stable/" + id1 + ".tgz", "inbox/42/devel/" + id1 + ".tgz.prov",
		"inbox/stable/mychart-0.1.0.tgz", "inbox/stable/mychart-0.1.0.tgz.prov", "inbox/stable/.hidden.tgz",
		"inbox/waiting/" + id1 + ".json", "receipts/" + id1 + ".json",
		"inbox/loose.tgz", "inbox/stable/README.md", "inbox/stable/" + strings.ToUpper(id1) + ".json", "inbox/log/x.tgz", "inbox/a b/x.tgz",
	} {
		m.Put(key, []byte("x"))
		*now = now.Add(time.Second)
	}
	inbox := readInbox(t, m)
	var got []string
	for _, w := range inbox.Channels {
		for _, u := range w.Uploads {
			got = append(got, fmt.Sprintf("%s %s chart=%t prov=%t", w.Channel, u.ID[35:], u.Chart != nil, u.Prov != nil))
		}
		for _, f := range w.Foreign {
			got = append(got, fmt.Sprintf("%s %s chart=%t prov=%t", w.Channel, f.Name, f.Chart != nil, f.Prov != nil))
		}
	}
	want := []string{
		"42/devel 1 chart=false prov=true",
		"stable 2 chart=true prov=true", // arrived first, in spite of its id
		"stable 1 chart=true prov=false",
		"stable .hidden.tgz chart=true prov=false",
		"stable mychart-0.1.0.tgz chart=true prov=true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(inbox.Ignored) != 5 {
		t.Errorf("ignored %v", inbox.Ignored)
	}
	if len(inbox.Orphans) != 1 || inbox.Orphans[0].Key != "inbox/waiting/"+id1+".json" {
		t.Errorf("orphans %v; want the request in waiting", inbox.Orphans)
	}
}

// TestLoneProvenanceName: a provenance file alone is called what it is called.
func TestLoneProvenanceName(t *testing.T) {
	m, now := buckettest.Clocked(t)
	m.Put("inbox/stable/a-1.0.0.tgz.prov", []byte("signature"))
	w := readInbox(t, m).Channels[0]
	if got := w.Foreign[0].Name; got != "a-1.0.0.tgz.prov" {
		t.Errorf("got %s", got)
	}
	u := adopt(t, m.Handle("test"), w, now.Add(time.Hour))
	if r, err := droparea.ReadRequest(t.Context(), m.Handle("test"), u); err != nil || r.File != "a-1.0.0.tgz.prov" {
		t.Errorf("got %+v, %v", r, err)
	}
}

// TestArrival: of an upload under portolan's id, the store's time counts; the
// id's only says from when on the log may speak of it.
func TestArrival(t *testing.T) {
	made := time.UnixMilli(0x019cab000000).UTC() // the time in id1
	for name, test := range map[string]struct{ stored, earliest time.Time }{
		"an uploader's clock is right":  {made.Add(time.Minute), made},
		"an uploader's clock is ahead":  {made.Add(-time.Minute), made.Add(-time.Minute)},
		"an uploader's clock is absurd": {made.Add(30 * 24 * time.Hour), made.Add(30 * 24 * time.Hour)},
	} {
		m, now := buckettest.Clocked(t)
		*now = test.stored
		m.Put("inbox/stable/"+id1+".tgz", nil)
		u := readInbox(t, m).Channels[0].Uploads[0]
		if !u.Arrival.Equal(test.stored) || !u.Earliest.Equal(test.earliest) {
			t.Errorf("%s: arrival %v, earliest %v", name, u.Arrival, u.Earliest)
		}
	}
}

// TestMaybeDecided: only of what is as portolan writes it, and when, does the
// log alone tell whether it was decided.
func TestMaybeDecided(t *testing.T) {
	made := time.UnixMilli(0x019cab000000).UTC() // the time in id1
	for name, test := range map[string]struct {
		stored  time.Time
		request bool
		want    bool
	}{
		"as it should be":         {made.Add(time.Minute), true, false},
		"a clock hours ahead":     {made.Add(-8 * time.Hour), true, false},
		"a clock days ahead":      {made.Add(-25 * time.Hour), true, true},
		"put back days later":     {made.Add(25 * time.Hour), true, true},
		"put back without a word": {made.Add(time.Minute), false, true},
	} {
		m, now := buckettest.Clocked(t)
		*now = test.stored
		m.Put("inbox/stable/"+id1+".tgz", nil)
		if test.request {
			m.Put("inbox/stable/"+id1+".json", nil)
		}
		if u := readInbox(t, m).Channels[0].Uploads[0]; u.MaybeDecided != test.want {
			t.Errorf("%s: got %t", name, u.MaybeDecided)
		}
	}
}

// TestOneIDTwice: of two uploads with one id, one keeps it, whatever the
// channels are called; the other one is a file like any other.
func TestOneIDTwice(t *testing.T) {
	for _, first := range []string{"a", "b"} {
		m, now := buckettest.Clocked(t)
		second := map[string]string{"a": "b", "b": "a"}[first]
		for _, channel := range []string{first, second} {
			m.Put("inbox/"+channel+"/"+id1+".json", []byte(`{"force":true}`))
			m.Put("inbox/"+channel+"/"+id1+".tgz", []byte("archive"))
			*now = now.Add(time.Hour)
		}
		inbox := readInbox(t, m)
		inbox.DisownTwins()
		for _, w := range inbox.Channels {
			if got := len(w.Uploads) == 1; got != (w.Channel == first) || len(w.Uploads)+len(w.Foreign) != 1 {
				t.Fatalf("first %s: channel %s has %d uploads, %d files", first, w.Channel, len(w.Uploads), len(w.Foreign))
			}
			if w.Channel == second {
				adopt(t, m.Handle("test"), w, *now)
			}
		}
		for _, w := range readInbox(t, m).Channels {
			u := w.Uploads[0]
			request, err := droparea.ReadRequest(t.Context(), m.Handle("test"), u)
			if err != nil || !request.Force || (u.ID == id1) != (w.Channel == first) {
				t.Errorf("%s: upload %s, %+v, %v", w.Channel, u.ID, request, err)
			}
		}
		if objects := m.Snapshot(); len(objects) != 4 {
			t.Errorf("the inbox holds %d objects; want two uploads", len(objects))
		}
	}
}

// TestInboxChartFolder: a folder called like a chart is named, not looked into.
func TestInboxChartFolder(t *testing.T) {
	dir := t.TempDir()
	buckettest.WriteFile(t, "x", dir, "inbox", "stable", "019cab00-0000-7000-8000-000000000001.tgz", "below.tgz")
	buckettest.WriteFile(t, "x", dir, "inbox", "stable", "good.tgz")
	inbox, err := droparea.ReadInbox(t.Context(), buckettest.Open(t, dir))
	if err != nil || len(inbox.Channels) != 1 || len(inbox.Channels[0].Foreign) != 1 || len(inbox.Channels[0].Uploads) != 0 {
		t.Fatalf("got %+v, %v", inbox, err)
	}
	if len(inbox.Ignored) != 1 || inbox.Ignored[0].Key != "inbox/stable/019cab00-0000-7000-8000-000000000001.tgz" || !strings.Contains(inbox.Ignored[0].Reason, "is a folder") {
		t.Errorf("ignored %v", inbox.Ignored)
	}
}
