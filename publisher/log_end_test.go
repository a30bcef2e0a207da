package publisher_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

func remove(t *testing.T, m *buckettest.Mem, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if err := m.Handle("vandal").Delete(t.Context(), key, ""); err != nil {
			t.Fatal(err)
		}
	}
}

// TestHole: where a record is missing, none is written in its place.
func TestHole(t *testing.T) {
	for name, test := range map[string]struct {
		damage  func(m *buckettest.Mem, now *time.Time, heads [][]byte)
		missing string
	}{
		"the first record and head": {func(m *buckettest.Mem, _ *time.Time, _ [][]byte) {
			remove(t, m, "stable/index.yaml", "stable/log/00000001.json")
		}, "00000001.json"},
		"the first record, and head is damaged": {func(m *buckettest.Mem, _ *time.Time, heads [][]byte) {
			remove(t, m, "stable/log/00000001.json")
			m.Put("stable/index.yaml", heads[3][:20])
		}, "00000001.json"},
		"the second record and head": {func(m *buckettest.Mem, _ *time.Time, _ [][]byte) {
			remove(t, m, "stable/index.yaml", "stable/log/00000002.json")
		}, "00000002.json"},
		"the third record and head": {func(m *buckettest.Mem, _ *time.Time, _ [][]byte) {
			remove(t, m, "stable/index.yaml", "stable/log/00000003.json")
		}, "00000003.json"},
		"the third record, and head is older": {func(m *buckettest.Mem, _ *time.Time, heads [][]byte) {
			remove(t, m, "stable/log/00000003.json")
			m.Put("stable/index.yaml", heads[0])
		}, "00000003.json"},
		"the second record, and head was put back as of the first": {func(m *buckettest.Mem, now *time.Time, heads [][]byte) {
			remove(t, m, "stable/log/00000002.json")
			*now = now.Add(time.Hour)
			m.Put("stable/index.yaml", heads[0])
		}, "00000002.json"},
	} {
		t.Run(name, func(t *testing.T) {
			m, now := buckettest.Clocked(t)
			var heads [][]byte
			for _, chart := range []string{"a", "b", "c", "d"} {
				commit(t, m.Handle("test"), "stable", release(chart, "1.0.0", id1, ""))
				heads = append(heads, m.Snapshot()["stable/index.yaml"])
			}
			test.damage(m, now, heads)
			_, err := publisher.OpenChannel(t.Context(), m.Handle("test"), "stable")
			if err == nil || !strings.Contains(err.Error(), test.missing) || !strings.Contains(err.Error(), "restore the channel's log folder") {
				t.Errorf("got %v; want an error that names %s and the fix", err, test.missing)
			}
		})
	}
}

// TestHoleAfterHead: head is that of the newest record before the hole, as where
// all is well. Status shows it, and a commit there fails.
func TestHoleAfterHead(t *testing.T) {
	m, _ := buckettest.Clocked(t)
	s := m.Handle("test")
	commit(t, s, "stable", release("a", "1.0.0", id1, ""))
	first := m.Snapshot()["stable/index.yaml"]
	commit(t, s, "stable", release("b", "1.0.0", id1, ""))
	commit(t, s, "stable", release("c", "1.0.0", id1, ""))
	remove(t, m, "stable/log/00000002.json")
	m.Put("stable/index.yaml", first)
	all, err := publisher.ReadStatus(t.Context(), s, &droparea.Inbox{}, nil, []string{"stable"})
	if err != nil || !strings.Contains(all[0].Error, "stable/log/00000002.json: the record is missing") {
		t.Errorf("status: %+v, %v", all, err)
	}
	c, err := publisher.OpenChannel(t.Context(), s, "stable")
	if err != nil {
		t.Fatal(err)
	}
	line := `{"name":"z","version":"1.0.0","digest":"d","urls":["charts/z/1.0.0/u/z-1.0.0.tgz"]}`
	d := publisher.Draft{Time: buckettest.Start(), Nonce: "n", Added: []publisher.Line{{Chart: "z", Text: line}}}
	if err := c.Commit(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	err = c.Project(t.Context())
	if err == nil || !strings.Contains(err.Error(), "restore the channel's log folder") || strings.Contains(err.Error(), "rebuild") {
		t.Errorf("got %v", err)
	}
}

// TestNoHole: what is only behind is followed, and costs a listing, which may fail.
func TestNoHole(t *testing.T) {
	m := published(t)
	remove(t, m, "stable/index.yaml")
	c, err := publisher.OpenChannel(t.Context(), m.Handle("test"), "stable")
	if err != nil || c.Generation() != 3 {
		t.Errorf("got %v, %v; want generation 3", c, err)
	}
	m.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Kind == buckettest.List {
			return buckettest.Refused
		}
		return buckettest.None
	}
	_, err = publisher.OpenChannel(t.Context(), m.Handle("test"), "stable")
	if err == nil || !strings.Contains(err.Error(), "list the site") || !strings.Contains(err.Error(), "stable/log") {
		t.Errorf("a log that cannot be listed: %v", err)
	}
	// A record that is committed between probing and listing is not a hole.
	m = published(t)
	remove(t, m, "stable/index.yaml")
	slow := m.Handle("slow")
	raced := false
	m.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Actor == "slow" && op.Kind == buckettest.List && !raced {
			raced = true
			commit(t, m.Handle("fast"), "stable", release("z", "1.0.0", id1, ""))
		}
		return buckettest.None
	}
	if c, err = publisher.OpenChannel(t.Context(), slow, "stable"); err != nil || c.Generation() != 4 {
		t.Errorf("after a race: %v, %v; want generation 4", c, err)
	}
}

// hasAll is a store that has any file that it is asked for, as some servers answer.
type hasAll struct{ bucket.Store }

func (s hasAll) Get(ctx context.Context, key string) (*bucket.Reader, error) {
	if r, err := s.Store.Get(ctx, key); err == nil {
		return r, nil
	}
	return &bucket.Reader{ReadCloser: io.NopCloser(strings.NewReader("{}")), Entry: bucket.Entry{Key: key, Size: 2}}, nil
}

// TestNoEnd: a log that never seems to end is looked at for a few requests only.
func TestNoEnd(t *testing.T) {
	m := &buckettest.Mem{TB: t}
	commit(t, m.Handle("test"), "stable", release("a", "1.0.0", id1, ""))
	if _, err := publisher.OpenChannel(t.Context(), hasAll{m.Handle("test")}, "stable"); err == nil || !strings.Contains(err.Error(), "any file that it is asked for") {
		t.Errorf("opened: %v", err)
	}
	for _, err := range publisher.Records(t.Context(), hasAll{m.Handle("test")}, "stable") {
		if err == nil || !strings.Contains(err.Error(), "any file that it is asked for") {
			t.Errorf("read: %v", err)
		}
	}
}
