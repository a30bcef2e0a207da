package storetest_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/storetest"
)

func TestMemConform(t *testing.T) {
	storetest.Conform(t, func(t *testing.T) publisher.Store {
		return (&storetest.Mem{TB: t}).Handle("test")
	})
}

func object(key, content string) publisher.Object {
	return publisher.Object{Key: key, Body: publisher.Bytes([]byte(content))}
}

// failing is a Mem whose n-th operation has a fault.
func failing(n int, fault storetest.Fault) *storetest.Mem {
	return &storetest.Mem{Hook: func(op storetest.Op) storetest.Fault {
		if op.N == n {
			return fault
		}
		return storetest.None
	}}
}

func TestMemFaults(t *testing.T) {
	for _, test := range []struct {
		fault storetest.Fault
		err   error
		taken bool // whether the write takes effect
		next  error
	}{
		{storetest.None, nil, true, nil},
		{storetest.Refused, storetest.ErrInjected, false, nil},
		{storetest.Unacked, storetest.ErrInjected, true, nil},
		{storetest.Delayed, storetest.ErrInjected, false, nil},
		{storetest.DieBefore, storetest.ErrDead, false, storetest.ErrDead},
		{storetest.DieAfter, storetest.ErrDead, true, storetest.ErrDead},
	} {
		m := failing(0, test.fault)
		seen := 0
		m.After = func(storetest.Op) { seen++ }
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
	m := failing(0, storetest.Delayed)
	h := m.Handle("slow")
	_ = h.Create(t.Context(), object("a", "slow"))
	if got := fmt.Sprint(m.Pending()); got != `[0: slow create "a"]` {
		t.Errorf("pending is %s", got)
	}
	if err := m.Handle("fast").Create(t.Context(), object("a", "fast")); err != nil {
		t.Error(err)
	}
	if err := m.Land(0); !errors.Is(err, publisher.ErrConflict) || string(m.Snapshot()["a"]) != "fast" {
		t.Errorf("landed with %v on %q", err, m.Snapshot()["a"])
	}
	if len(m.Pending()) != 0 || m.Count()[storetest.Create] != 2 {
		t.Errorf("pending %v, counted %v", m.Pending(), m.Count())
	}
}

func TestMemStale(t *testing.T) {
	m := failing(2, storetest.Stale)
	h := m.Handle("one")
	for _, key := range []string{"a", "b"} {
		if err := h.Create(t.Context(), object(key, "")); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range [][]string{{"a"}, {"a", "b"}} {
		var got []string
		for e := range h.List(t.Context(), "", publisher.Descendants) {
			got = append(got, e.Key)
		}
		if !slices.Equal(got, want) {
			t.Errorf("listed %q, want %q", got, want)
		}
	}
}

func TestMemPowerCut(t *testing.T) {
	m := &storetest.Mem{}
	one, two := m.Handle("one"), m.Handle("two")
	soft := func(key string) publisher.Object {
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
	m.PowerCut()
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
	m := &storetest.Mem{TB: r, Immutable: func(key string) bool { return key == "fixed" }}
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
