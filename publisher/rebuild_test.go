package publisher_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// aged is a channel of 8 generations that change the index, two that do not,
// and a floor at the fourth.
func aged(t *testing.T) *shop {
	s := newShop(t, 6)
	s.decide(upload(50), verdict.Rejected)
	s.mustPrune(publisher.PruneOptions{Snapshots: 3})
	s.replace(7)
	s.replace(8)
	return s
}

func rebuild(t *testing.T, m *buckettest.Mem) (*publisher.RebuildReport, error) {
	return publisher.Rebuild(t.Context(), m.Handle("rebuild"), "stable", publisher.RebuildOptions{})
}

func sameObjects(a, b map[string][]byte) bool { return maps.EqualFunc(a, b, bytes.Equal) }

// derived are the keys of all that follows from the log.
func derived(m *buckettest.Mem) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m.Snapshot())), func(key string) bool {
		return !strings.HasSuffix(key, "/index.yaml")
	})
}

// TestRebuild loses or damages every file that follows from the log, one by one
// and all together, and gets back the same bytes.
func TestRebuild(t *testing.T) {
	s := aged(t)
	want, keys := s.m.Snapshot(), derived(s.m)
	if len(keys) != 7 {
		t.Fatalf("%v follow from the log", keys)
	}
	groups := [][]string{nil, keys}
	for _, key := range keys {
		groups = append(groups, []string{key})
	}
	damages := map[string]func(key string){
		"missing":       func(key string) { remove(t, s.m, key) },
		"empty":         func(key string) { s.m.Put(key, nil) },
		"changed":       func(key string) { s.m.Put(key, bytes.ToUpper(want[key])) },
		"cut":           func(key string) { s.m.Put(key, want[key][:len(want[key])-1]) },
		"another's":     func(key string) { s.m.Put(key, []byte("apiVersion: v1\nentries: {}\n")) },
		"an older one":  func(key string) { s.m.Put(key, want["stable/snapshots/00000004/index.yaml"]) },
		"with rubbish":  func(key string) { s.m.Put(key, append(bytes.Clone(want[key]), '\n')) },
		"one byte less": func(key string) { s.m.Put(key, want[key][1:]) },
	}
	for _, name := range slices.Sorted(maps.Keys(damages)) { // the last one leaves nothing as it was
		damage := damages[name]
		for _, group := range groups {
			var damaged []string
			for _, key := range group {
				if damage(key); !bytes.Equal(s.m.Snapshot()[key], want[key]) {
					damaged = append(damaged, key)
				}
			}
			report, err := rebuild(t, s.m)
			if err != nil || !sameObjects(s.m.Snapshot(), want) {
				t.Fatalf("%s %v: %v", name, group, err)
			}
			written := slices.Sorted(slices.Values(report.Written))
			if !slices.Equal(written, damaged) || report.Generation != 10 || report.Floor != 4 || report.Snapshots != 5 {
				t.Errorf("%s %v: %+v", name, group, report)
			}
		}
	}
	s.mustVerify(5, 5)
	object, _, _ := s.m.Object("stable/snapshots/00000004/index.yaml")
	if object.ContentType != "application/yaml" || !strings.Contains(object.CacheControl, "immutable") {
		t.Errorf("a snapshot is %+v", object)
	}
}

// TestRebuildRefuses: of a log that is not whole nothing is made, and the record
// is named that is missing or damaged.
func TestRebuildRefuses(t *testing.T) {
	const record5 = "stable/log/00000005.json"
	replace := func(before, after string) func(*shop) {
		return func(s *shop) {
			s.m.Put(record5, bytes.Replace(s.m.Snapshot()[record5], []byte(before), []byte(after), 1))
		}
	}
	// The newest record, which no other one proves.
	const record10 = "stable/log/00000010.json"
	rewriteNewest := func(before, after string) func(*shop) {
		return func(s *shop) {
			s.m.Put(record10, bytes.Replace(s.m.Snapshot()[record10], []byte(before), []byte(after), 1))
		}
	}
	for name, test := range map[string]struct {
		damage func(*shop)
		want   string
	}{
		"a record is missing":    {func(s *shop) { remove(t, s.m, record5) }, record5 + ": the record is missing, but there are later ones, up to 00000010"},
		"the first is missing":   {func(s *shop) { remove(t, s.m, "stable/log/00000001.json") }, "00000001.json: the record is missing"},
		"the last is missing":    {func(s *shop) { remove(t, s.m, "stable/log/00000010.json") }, "00000010.json: the record is missing, since stable/index.yaml is of generation 10"},
		"and head with it":       {func(s *shop) { remove(t, s.m, "stable/log/00000010.json", "stable/index.yaml") }, "00000010.json: the record is missing, since stable/snapshots/00000010 is"},
		"a record is cut":        {func(s *shop) { s.m.Put(record5, s.m.Snapshot()[record5][:99]) }, record5 + ": not a commit record"},
		"its nonce is another":   {replace(`"n"`, `"m"`), "00000006.json: it follows on a record with the SHA-256"},
		"its parent is another":  {replace(`"parent": "`, `"parent": "0`), record5 + ": it follows on a record with the SHA-256"},
		"its sum is another":     {replace(`"sha256": "`, `"sha256": "0`), record5 + ": its index has"},
		"its size is another":    {replace(`"size": `, `"size": 9`), "00000006.json: it follows on a record with the SHA-256"},
		"its line is another":    {replace(`\"1.0.0\"`, `\"1.0.1\"`), record5 + ": "},
		"its verdict is another": {rewriteNewest(`"accepted"`, `"rejected"`), record10 + ": it publishes alpha 1.0.0 of upload " + upload(8)},
		"its upload is another":  {rewriteNewest(upload(8), upload(7)), record10 + ": it decides upload " + upload(7)},
		"its base is another":    {replace(`"base": 4`, `"base": 3`), record5 + ": it follows on the index of generation 3"},
		"there is no such thing": {func(s *shop) { remove(t, s.m, slices.Collect(maps.Keys(s.m.Snapshot()))...) }, "there is no such channel"},
	} {
		t.Run(name, func(t *testing.T) {
			s := aged(t)
			s.m.Immutable = nil
			remove(t, s.m, "stable/snapshots/00000004/index.yaml")
			test.damage(s)
			before := s.m.Snapshot()
			_, err := rebuild(t, s.m)
			if err == nil || !strings.Contains(err.Error(), test.want) || !sameObjects(s.m.Snapshot(), before) {
				t.Errorf("got %v; want %q", err, test.want)
			}
			if err != nil && !strings.Contains(err.Error(), "no such channel") && !strings.Contains(err.Error(), "restore the channel's log folder") {
				t.Errorf("%v says no fix", err)
			}
		})
	}
}

// TestRebuildRaced: whatever is committed and published at any moment of a
// rebuild stays, and is not taken for a hole in the log.
func TestRebuildRaced(t *testing.T) {
	s := aged(t)
	before := len(s.m.Ops())
	if _, err := rebuild(t, s.m); err != nil {
		t.Fatal(err)
	}
	for n := range len(s.m.Ops()) - before {
		s := aged(t)
		remove(t, s.m, "stable/snapshots/00000004/index.yaml")
		i := 0
		s.m.Hook = func(op buckettest.Op) buckettest.Fault {
			if op.Actor == "rebuild" {
				if i++; i == n+1 {
					s.replace(9)
				}
			}
			return buckettest.None
		}
		if _, err := rebuild(t, s.m); err != nil {
			t.Fatalf("before operation %d: %v", n, err)
		}
		s.mustVerify(6, 6)
	}
}

// TestRebuildFails: after any failure, it is enough to repeat it.
func TestRebuildFails(t *testing.T) {
	s := aged(t)
	want := s.m.Snapshot()
	for n, done := 0, false; !done; n++ {
		for _, key := range derived(s.m) {
			if strings.Contains(key, "snap") {
				remove(t, s.m, key)
			} else {
				s.m.Put(key, []byte("damaged"))
			}
		}
		i := 0
		s.m.Hook = func(buckettest.Op) buckettest.Fault {
			if i++; i == n+1 {
				return buckettest.Unacked
			}
			return buckettest.None
		}
		_, err := rebuild(t, s.m)
		done = i <= n
		if s.m.Hook = nil; done != (err == nil) {
			t.Fatalf("operation %d: %v", n, err)
		}
		if _, err := rebuild(t, s.m); err != nil || !sameObjects(s.m.Snapshot(), want) {
			t.Fatalf("after a failure of operation %d: %v", n, err)
		}
	}
}

// badSector is a store that cannot read an object to its end until it is written again.
type badSector struct {
	bucket.Store
	key    string
	healed bool
}

func (b *badSector) Get(ctx context.Context, key string) (*bucket.Reader, error) {
	r, err := b.Store.Get(ctx, key)
	if err == nil && key == b.key && !b.healed {
		r.ReadCloser = io.NopCloser(io.MultiReader(io.LimitReader(r.ReadCloser, 10), iotest.ErrReader(syscall.EIO)))
	}
	return r, err
}

func (b *badSector) Replace(ctx context.Context, o bucket.Object, token string) error {
	b.healed = b.healed || o.Key == b.key
	return b.Store.Replace(ctx, o, token)
}

// TestRebuildUnreadable: what is there but cannot be read is damaged, too.
func TestRebuildUnreadable(t *testing.T) {
	for _, key := range []string{"stable/snapshots/00000004/index.yaml", "stable/index.yaml"} {
		s := aged(t)
		store := &badSector{Store: s.m.Handle("rebuild"), key: key}
		report, err := publisher.Rebuild(t.Context(), store, "stable", publisher.RebuildOptions{})
		if err != nil || !slices.Equal(report.Written, []string{key}) {
			t.Errorf("%s: got %+v, %v", key, report, err)
		}
		s.mustVerify(5, 5)
	}
}
