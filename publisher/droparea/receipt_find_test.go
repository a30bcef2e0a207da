package droparea_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"gocloud.dev/gcerrors"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// TestFindReceipt: what waits has no receipt yet, what is decided has the channel's own, and
// anything else is not found. What waits costs a read or two more than its receipt will.
func TestFindReceipt(t *testing.T) {
	receipt := func(channel string) string { return fmt.Sprintf(`{"id":%q,"channel":%q}`, id1, channel) }
	for name, c := range map[string]struct {
		there map[string]string
		want  string // what FindReceipt finds
		reads int
	}{
		"never came":            {nil, "not found", 6},
		"uploaded":              {map[string]string{"inbox/stable/ID.json": "", "inbox/stable/ID.tgz": ""}, "waits", 2},
		"an action":             {map[string]string{"inbox/stable/ID.action.json": ""}, "waits", 3},
		"a signature":           {map[string]string{"inbox/stable/ID.tgz.prov": ""}, "waits", 4},
		"a chart, no request":   {map[string]string{"inbox/stable/ID.tgz": ""}, "waits", 5},
		"decided":               {map[string]string{"receipts/ID.json": receipt("stable")}, "stable", 1},
		"decided, not cleaned":  {map[string]string{"receipts/ID.json": receipt("stable"), "inbox/stable/ID.tgz": ""}, "stable", 1},
		"put in another's name": {map[string]string{"receipts/ID.json": "{", "receipts/stable/ID.json": receipt("stable")}, "stable", 2},
		"of another channel":    {map[string]string{"receipts/ID.json": receipt("other")}, "not found", 8},
		"waits in another":      {map[string]string{"inbox/other/ID.json": "", "inbox/other/ID.tgz": ""}, "not found", 6},
		"waits in both":         {map[string]string{"receipts/ID.json": receipt("other"), "inbox/stable/ID.json": ""}, "waits", 3},
		"decided in both":       {map[string]string{"receipts/ID.json": receipt("other"), "receipts/stable/ID.json": receipt("stable")}, "stable", 2},
		"only kept":             {map[string]string{"rejected/stable/ID.json": receipt("stable")}, "not found", 6},
	} {
		m, _ := buckettest.Clocked(t)
		for key, content := range c.there {
			m.Put(strings.Replace(key, "ID", id1, 1), []byte(content))
		}
		r, err := droparea.FindReceipt(t.Context(), m.Handle("test"), "stable", id1)
		got := "waits"
		if errors.Is(err, bucket.ErrNotFound) {
			got = "not found"
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if r != nil {
			got = r.Channel
		}
		if n := m.Count()[buckettest.Get]; got != c.want || n != c.reads {
			t.Errorf("%s: %s after %d reads, want %s after %d", name, got, n, c.want, c.reads)
		}
	}
}

// TestFindReceiptRace decides an upload, and an action, right before each of the reads of
// somebody who asks for the receipt. It is never told that there is nothing.
func TestFindReceiptRace(t *testing.T) {
	for _, exts := range [][]string{{".json", ".tgz"}, {".json", ".tgz.prov", ".tgz"}, {".tgz"}, {".json", ".tgz.prov"}, {".action.json"}} {
		for at := range 6 {
			m, _ := buckettest.Clocked(t)
			for _, ext := range exts {
				m.Put("inbox/stable/"+id1+ext, []byte("{}"))
			}
			u := readInbox(t, m).Channels[0].Uploads[0]
			generator, reads := m.Handle("generator"), 0
			m.Hook = func(op buckettest.Op) buckettest.Fault {
				if op.Actor != "asker" {
					return buckettest.None
				}
				if reads == at {
					err := droparea.WriteReceipt(t.Context(), generator, u, &droparea.Receipt{ID: id1, Channel: "stable", Verdict: verdict.Accepted})
					if err := errors.Join(err, errors.Join(droparea.Remove(t.Context(), generator, 1, []*droparea.Upload{u})...)); err != nil {
						t.Error(err)
					}
				}
				reads++
				return buckettest.None
			}
			r, err := droparea.FindReceipt(t.Context(), m.Handle("asker"), "stable", id1)
			if err != nil || at == 0 && r == nil {
				t.Errorf("%q decided before read %d: %+v, %v", exts, at, r, err)
			}
		}
	}
}

// hiding is a store in which some objects may not be read.
type hiding struct {
	bucket.Store
	dir     string // in which that is so
	err     error
	missing bool // only what is not there
}

func (b hiding) Get(ctx context.Context, key string) (*bucket.Reader, error) {
	r, err := b.Store.Get(ctx, key)
	if strings.HasPrefix(key, b.dir) && (err != nil || !b.missing) {
		return nil, bucket.About(key, b.err)
	}
	return r, err
}

// TestFindReceiptHidden: those who may not look into the inbox, and on S3 those who may not
// list it, are told of a receipt. Without one they cannot tell.
func TestFindReceiptHidden(t *testing.T) {
	for name, c := range map[string]struct {
		store         hiding
		before, after error // it is decided
	}{
		"no right to the inbox": {hiding{dir: "inbox/", err: gcerrors.ErrPermissionDenied}, droparea.ErrHidden, nil},
		"another's folder":      {hiding{dir: "inbox/", err: fs.ErrPermission}, droparea.ErrHidden, nil},
		"no listing on S3":      {hiding{dir: "", err: gcerrors.ErrPermissionDenied, missing: true}, droparea.ErrHidden, nil},
		"receipts":              {hiding{dir: "receipts/", err: gcerrors.ErrPermissionDenied}, droparea.ErrHidden, droparea.ErrHidden},
		"receipts of another":   {hiding{dir: "receipts/", err: fs.ErrPermission}, fs.ErrPermission, fs.ErrPermission},
	} {
		m, _ := buckettest.Clocked(t)
		c.store.Store = m.Handle("test")
		if r, err := droparea.FindReceipt(t.Context(), c.store, "stable", id1); r != nil || !errors.Is(err, c.before) {
			t.Errorf("%s: %+v, %v; want %v", name, r, err, c.before)
		}
		m.Put("receipts/"+id1+".json", []byte(`{"channel":"stable"}`))
		if r, err := droparea.FindReceipt(t.Context(), c.store, "stable", id1); (r != nil) != (c.after == nil) || !errors.Is(err, c.after) {
			t.Errorf("%s, decided: %+v, %v; want %v", name, r, err, c.after)
		}
	}
}
