package buckettest_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

func TestMemConform(t *testing.T) {
	buckettest.Conform(t, func(t *testing.T) bucket.Store {
		return (&buckettest.Mem{TB: t}).Handle("test")
	})
}

func object(key, content string) bucket.Object {
	return bucket.Object{Key: key, Body: bucket.Bytes([]byte(content))}
}

// failing is a Mem whose n-th operation has a fault.
func failing(n int, fault buckettest.Fault) *buckettest.Mem {
	return &buckettest.Mem{Hook: func(op buckettest.Op) buckettest.Fault {
		if op.N == n {
			return fault
		}
		return buckettest.None
	}}
}

func TestMemFaults(t *testing.T) {
	for _, test := range []struct {
		fault buckettest.Fault
		err   error
		taken bool // whether the write takes effect
		next  error
	}{
		{buckettest.None, nil, true, nil},
		{buckettest.Refused, buckettest.ErrInjected, false, nil},
		{buckettest.Unacked, buckettest.ErrInjected, true, nil},
		{buckettest.Delayed, buckettest.ErrInjected, false, nil},
		{buckettest.DieBefore, buckettest.ErrDead, false, buckettest.ErrDead},
		{buckettest.DieAfter, buckettest.ErrDead, true, buckettest.ErrDead},
	} {
		m := failing(0, test.fault)
		seen := 0
		m.After = func(buckettest.Op) { seen++ }
		h := m.Handle("one")
		err := h.Create(t.Context(), object("a", "1"))
		if _, taken := m.Snapshot()["a"]; !errors.Is(err, test.err) || taken != test.taken || seen != 1 {
			t.Errorf("fault %d: got %v, taken %v, After called %d times", test.fault, err, taken, seen)
		}
		if err := h.Create(t.Context(), object("b", "1")); !errors.Is(err, test.next) || h.Dead() != (test.next != nil) {
			t.Errorf("fault %d: then got %v, want %v", test.fault, err, test.next)
		}
		if err := m.Handle("two").Create(t.Context(), object("c", "1")); err != nil {
			t.Errorf("fault %d: another process got %v", test.fault, err)
		}
	}
}

func TestMemDelayed(t *testing.T) {
	m := failing(0, buckettest.Delayed)
	h := m.Handle("slow")
	_ = h.Create(t.Context(), object("a", "slow"))
	if got := fmt.Sprint(m.Pending()); got != `[0: slow create "a"]` {
		t.Errorf("pending is %s", got)
	}
	if err := m.Handle("fast").Create(t.Context(), object("a", "fast")); err != nil {
		t.Error(err)
	}
	if err := m.Land(0); !errors.Is(err, bucket.ErrConflict) || string(m.Snapshot()["a"]) != "fast" {
		t.Errorf("landed with %v on %q", err, m.Snapshot()["a"])
	}
	if len(m.Pending()) != 0 || m.Count()[buckettest.Create] != 2 {
		t.Errorf("pending %v, counted %v", m.Pending(), m.Count())
	}
}

func TestMemStale(t *testing.T) {
	m := failing(2, buckettest.Stale)
	h := m.Handle("one")
	for _, key := range []string{"a", "b"} {
		if err := h.Create(t.Context(), object(key, "")); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range [][]string{{"a"}, {"a", "b"}} {
		var got []string
		for e := range h.List(t.Context(), "", bucket.Descendants) {
			got = append(got, e.Key)
		}
		if !slices.Equal(got, want) {
			t.Errorf("listed %q, want %q", got, want)
		}
	}
}

func TestMemPowerCut(t *testing.T) {
	m := &buckettest.Mem{}
	one, two := m.Handle("one"), m.Handle("two")
	soft := func(key string) bucket.Object {
		o := object(key, "")
		o.Deferred = true
		return o
	}
	for _, err := range []error{
		one.Create(t.Context(), soft("flushed")),
		one.Create(t.Context(), object("log/1", "")),
		one.Create(t.Context(), soft("lost")),
		one.Create(t.Context(), soft("shared")),
		two.Create(t.Context(), soft("shared")),
		two.Delete(t.Context(), "none", ""),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, content := range []string{"newer", "newest"} {
		_, entry, err := bucket.ReadAll(t.Context(), one, "log/1", 100)
		if err != nil {
			t.Fatal(err)
		}
		if err := one.Replace(t.Context(), bucket.Object{Key: "log/1", Body: bucket.Bytes([]byte(content)), Deferred: true}, entry.Token); err != nil {
			t.Fatal(err)
		}
	}
	m.PowerCut()
	if got := m.Snapshot()["log/1"]; len(got) > 0 {
		t.Errorf("log/1 is %q, want it as it was before", got)
	}
	for key, want := range map[string]bool{"flushed": true, "log/1": true, "lost": false, "shared": true} {
		if _, ok := m.Snapshot()[key]; ok != want {
			t.Errorf("%s survived: %v, want %v", key, ok, want)
		}
	}
}

type recorder struct {
	testing.TB
	failures int
}

func (r *recorder) Errorf(string, ...any) { r.failures++ }

func TestMemImmutable(t *testing.T) {
	r := &recorder{}
	m := &buckettest.Mem{TB: r, Immutable: func(key string) bool { return key == "fixed" }}
	m.Put("fixed", []byte("1"))
	m.Put("fixed", []byte("1"))
	m.Put("head", []byte("1"))
	m.Put("head", []byte("2"))
	if r.failures != 0 {
		t.Errorf("%d failures too many", r.failures)
	}
	if err := m.Handle("one").Delete(t.Context(), "fixed", ""); err != nil {
		t.Error(err)
	}
	m.Put("fixed", []byte("2"))
	if r.failures != 1 {
		t.Errorf("got %d failures, want 1", r.failures)
	}
}
