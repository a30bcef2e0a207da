package publisher_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// TestRecords: the newest records are found with a head that is right, behind, damaged or
// missing, and a log that is not whole is an error.
func TestRecords(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		damage func(m *buckettest.Mem, heads [][]byte)
		want   []int
		fails  string
	}{
		"whole":        {func(*buckettest.Mem, [][]byte) {}, []int{4, 3, 2, 1}, ""},
		"head behind":  {func(m *buckettest.Mem, heads [][]byte) { m.Put("stable/index.yaml", heads[0]) }, []int{4, 3, 2, 1}, ""},
		"head damaged": {func(m *buckettest.Mem, heads [][]byte) { m.Put("stable/index.yaml", heads[3][:20]) }, []int{4, 3, 2, 1}, ""},
		"no head":      {func(m *buckettest.Mem, _ [][]byte) { remove(t, m, "stable/index.yaml") }, []int{4, 3, 2, 1}, ""},
		"a hole, and no head": {func(m *buckettest.Mem, _ [][]byte) {
			remove(t, m, "stable/index.yaml", "stable/log/00000003.json")
		}, nil, "00000003.json: the record is missing"},
		"a hole": {func(m *buckettest.Mem, _ [][]byte) {
			remove(t, m, "stable/log/00000002.json")
		}, []int{4, 3}, "00000002.json"},
		"the last is lost": {func(m *buckettest.Mem, _ [][]byte) {
			remove(t, m, "stable/log/00000004.json")
		}, nil, "stable/index.yaml says that it is generation 4"},
		"one is changed": {func(m *buckettest.Mem, _ [][]byte) {
			b := m.Snapshot()["stable/log/00000002.json"]
			m.Put("stable/log/00000002.json", []byte(strings.ReplaceAll(string(b), `"rule": "r"`, `"rule": "s"`)))
		}, []int{4, 3}, "00000002.json: its SHA-256 is"},
	} {
		t.Run(name, func(t *testing.T) {
			m, _ := buckettest.Clocked(t)
			var heads [][]byte
			for _, chart := range []string{"a", "b", "c", "d"} {
				commit(t, m.Handle("test"), "stable", release(chart, "1.0.0", id1, ""))
				heads = append(heads, m.Snapshot()["stable/index.yaml"])
			}
			m.TB = nil // whose immutable files change below
			test.damage(m, heads)
			got, err := generations(t, m.Handle("test"))
			if !slices.Equal(got, test.want) || (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("got %v, %v; want %v, %q", got, err, test.want, test.fails)
			}
		})
	}
	m, _ := buckettest.Clocked(t)
	if got, err := generations(t, m.Handle("test")); len(got) > 0 || err != nil {
		t.Errorf("no channel: %v, %v", got, err)
	}
}

// generations are those of the records of a channel, up to an error.
func generations(t *testing.T, s bucket.Store) (all []int, err error) {
	for r, err := range publisher.Records(t.Context(), s, "stable") {
		if err != nil {
			return all, err
		}
		all = append(all, r.Generation)
	}
	return all, nil
}

// TestRecordsRaced: a record that is committed between probing and listing is no hole.
func TestRecordsRaced(t *testing.T) {
	t.Parallel()
	m := published(t)
	remove(t, m, "stable/index.yaml")
	raced := false
	m.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Actor == "slow" && op.Kind == buckettest.List && !raced {
			raced = true
			commit(t, m.Handle("test"), "stable", release("gamma", "1.0.0", id1, ""))
		}
		return buckettest.None
	}
	if got, err := generations(t, m.Handle("slow")); !slices.Equal(got, []int{4, 3, 2, 1}) || err != nil || !raced {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestOnTheWeb: a site that cannot be listed can be read also where the log must tell what
// head does not.
func TestOnTheWeb(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(m *buckettest.Mem, head []byte){
		"whole":      func(*buckettest.Mem, []byte) {},
		"no head":    func(m *buckettest.Mem, _ []byte) { remove(t, m, "stable/index.yaml") },
		"a mirror's": func(m *buckettest.Mem, head []byte) { m.Put("stable/index.yaml", head) },
		"an old head": func(m *buckettest.Mem, _ []byte) {
			again(t, m, "gamma")
			m.Put("stable/index.yaml", m.Snapshot()["old"])
		},
	} {
		m, now := buckettest.Clocked(t)
		s := m.Handle("test")
		commit(t, s, "stable", release("alpha", "1.0.0", id1, ""))
		head := m.Snapshot()["stable/index.yaml"]
		m.Put("old", head)
		*now = now.Add(time.Hour)
		damage(m, head)
		server := httptest.NewServer(publisher.Handler(m.Handle("server"), nil))
		t.Cleanup(server.Close)
		web, err := bucket.OpenWeb(server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		c, err := publisher.OpenChannel(t.Context(), web, "stable")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := generations(t, web); err != nil || len(got) != c.Generation() || c.Generation() < 1 {
			t.Errorf("%s: got %v, %v; want those up to %d", name, got, err, c.Generation())
		}
	}
}
