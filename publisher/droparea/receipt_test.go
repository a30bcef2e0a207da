package droparea_test

import (
	"errors"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

func TestReadReceipt(t *testing.T) {
	m, _ := buckettest.Clocked(t)
	s := m.Handle("test")
	if _, err := droparea.ReadReceipt(t.Context(), s, id1); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("undecided: %v", err)
	}
	m.Put("inbox/stable/"+id1+".tgz", []byte("bad"))
	u := readInbox(t, m).Channels[0].Uploads[0]
	want := &droparea.Receipt{ID: id1, Channel: "stable", Verdict: verdict.Rejected, Rule: "r", Message: "m", Fix: "f"}
	for range 2 { // it may be repeated
		if err := droparea.WriteReceipt(t.Context(), s, u, want); err != nil {
			t.Fatal(err)
		}
		if err := droparea.Remove(t.Context(), s, 1, []*droparea.Upload{u})[0]; err != nil {
			t.Fatal(err)
		}
	}
	got, err := droparea.ReadReceipt(t.Context(), s, id1)
	if err != nil || got.Message != "m" || got.Fix != "f" {
		t.Errorf("got %+v, %v", got, err)
	}
	objects := m.Snapshot()
	if string(objects["rejected/stable/"+id1+".tgz"]) != "bad" || objects["rejected/stable/"+id1+".json"] == nil || len(objects) != 3 {
		t.Errorf("the drop area holds %d objects", len(objects))
	}
}

// TestReceiptPerChannel: two uploads of one id do not share a receipt.
func TestReceiptPerChannel(t *testing.T) {
	m, _ := buckettest.Clocked(t)
	for _, channel := range []string{"a", "b", "a", "b"} {
		u := &droparea.Upload{ID: id1, Channel: channel}
		r := &droparea.Receipt{ID: id1, Channel: channel, Verdict: verdict.Accepted}
		if err := droparea.WriteReceipt(t.Context(), m.Handle("test"), u, r); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []struct{ id, channel string }{{id1, "a"}, {"b/" + id1, "b"}} {
		if r, err := droparea.ReadReceipt(t.Context(), m.Handle("test"), want.id); err != nil || r.Channel != want.channel {
			t.Errorf("%s: got %+v, %v", want.id, r, err)
		}
	}
}
