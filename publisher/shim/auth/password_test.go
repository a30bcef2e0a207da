package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jellydator/ttlcache/v3"
	"golang.org/x/crypto/bcrypt"
)

const aliceFile = "htpasswd: htpasswd\nusers: [{name: alice, scopes: [read:a]}]\n"

// counted counts the passwords that are checked, and not only remembered.
func (w *world) counted() *atomic.Int64 {
	n := &atomic.Int64{}
	w.a.checks.compare = func(hash, password []byte) error {
		n.Add(1)
		return bcrypt.CompareHashAndPassword(hash, password)
	}
	return n
}

func TestPasswordRemembered(t *testing.T) {
	w := newWorld(t, aliceFile, hashed(t, "alice", "correct horse", "alic", "ecorrect horse"))
	n := w.counted()
	try := func(user, password string, want error, checked int64) {
		t.Helper()
		if _, err := w.a.Identify(request(t, basic(user, password))); !errors.Is(err, want) {
			t.Errorf("got error %v, want %v", err, want)
		}
		if got := n.Load(); got != checked {
			t.Errorf("%d passwords were checked, want %d", got, checked)
		}
	}
	for range 100 {
		try("alice", "correct horse", nil, 1)
	}
	try("alic", "ecorrect horse", nil, 2) // user and password are kept apart
	try("alice", "wrong", ErrCredentials, 3)
	try("alice", "wrong", ErrCredentials, 3) // a wrong one is remembered, too, but not as a right one
	w.pass(refusedFor)
	try("alice", "wrong", ErrCredentials, 4)
	w.pass(rememberFor - refusedFor - 1)
	try("alice", "correct horse", nil, 4)
	w.pass(1)
	try("alice", "correct horse", nil, 5)
}

// The memory contains neither the password nor a plain hash of it.
func TestPasswordRememberedHow(t *testing.T) {
	one, two := newChecks().mac("alice", "correct horse"), newChecks().mac("alice", "correct horse")
	if one == two {
		t.Error("two processes remember a password by the same key")
	}
}

func TestPasswordNotChecked(t *testing.T) {
	w := newWorld(t, aliceFile, hashed(t, "alice", "correct horse"))
	n := w.counted()
	for name, header := range map[string]string{
		"too long":       basic("alice", strings.Repeat("x", maxPassword+1)),
		"a token":        basic("alice", MakeToken()),
		"mistyped token": basic("alice", MakeToken()+"x"),
		"bearer":         "Bearer correct horse",
		"empty":          basic("alice", ""),
	} {
		if _, err := w.a.Identify(request(t, header)); !errors.Is(err, ErrCredentials) {
			t.Errorf("%s: got error %v, want ErrCredentials", name, err)
		}
	}
	if n.Load() != 0 {
		t.Errorf("%d passwords were checked, want none", n.Load())
	}
	if _, err := w.a.Identify(request(t, basic("alice", strings.Repeat("x", maxPassword)))); !errors.Is(err, ErrCredentials) || n.Load() != 1 {
		t.Errorf("the longest: got error %v and %d checks, want 1", err, n.Load())
	}
}

// An unknown user costs as much as the costliest, and is refused even with the
// password of that hash.
func TestPasswordUnknownUser(t *testing.T) {
	costly, err := bcrypt.GenerateFromPassword([]byte("costly"), bcrypt.MinCost+2)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, aliceFile, hashed(t, "alice", "a")+"bob:"+string(costly)+"\n"+hashed(t, "carol", "c"))
	var got []byte
	w.a.checks.compare = func(hash, password []byte) error {
		got = hash
		return bcrypt.CompareHashAndPassword(hash, password)
	}
	if _, err := w.a.Identify(request(t, basic("mallory", "costly"))); !errors.Is(err, ErrCredentials) {
		t.Errorf("got error %v, want ErrCredentials", err)
	}
	if !bytes.Equal(got, costly) {
		t.Errorf("compared with %q, want %q", got, costly)
	}
}

// A thousand guesses at the same time get as far as ten in turn, and no more are
// checked at once than there are slots.
func TestPasswordsAtOnce(t *testing.T) {
	w := newWorld(t, aliceFile, hashed(t, "alice", "correct horse"))
	var checked, now, most atomic.Int64
	w.a.checks.compare = func(hash, password []byte) error {
		checked.Add(1)
		if n := now.Add(1); n > int64(cap(w.a.checks.slots)) {
			most.Store(n)
		}
		defer now.Add(-1)
		return bcrypt.CompareHashAndPassword(hash, password)
	}
	var wrong, throttled atomic.Int64
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			_, err := w.a.Identify(request(t, basic("alice", fmt.Sprint("guess ", i))))
			switch {
			case errors.Is(err, ErrCredentials):
				wrong.Add(1)
			case errors.As(err, &Throttled{}):
				throttled.Add(1)
			}
		})
	}
	wg.Wait()
	if wrong.Load() != failuresAtOnce || checked.Load() != failuresAtOnce || throttled.Load() != 1000-failuresAtOnce {
		t.Errorf("%d wrong, %d checked, %d throttled; want 10, 10 and 990", wrong.Load(), checked.Load(), throttled.Load())
	}
	if most.Load() > 0 {
		t.Errorf("%d were checked at the same time, with %d slots", most.Load(), cap(w.a.checks.slots))
	}
}

// Many requests with the right password at the same time all pass, and cost no more
// checks than there are slots.
func TestRightPasswordsAtOnce(t *testing.T) {
	w := newWorld(t, aliceFile, hashed(t, "alice", "correct horse"))
	n := w.counted()
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if _, err := w.a.Identify(request(t, basic("alice", "correct horse"))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := n.Load(); got > int64(cap(w.a.checks.slots)) {
		t.Errorf("%d passwords were checked, with %d slots", got, cap(w.a.checks.slots))
	}
}

// A request that ends while it waits is not checked, and does not count as a failure.
func TestPasswordCanceled(t *testing.T) {
	w := newWorld(t, aliceFile, hashed(t, "alice", "correct horse"))
	n := w.counted()
	for range cap(w.a.checks.slots) {
		w.a.checks.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 * failuresAtOnce {
		_, err := w.a.Identify(request(t, basic("alice", "correct horse")).WithContext(ctx))
		if !errors.Is(err, context.Canceled) || errors.Is(err, ErrCredentials) {
			t.Fatalf("got error %v, want context.Canceled", err)
		}
	}
	for range cap(w.a.checks.slots) {
		<-w.a.checks.slots
	}
	if _, err := w.a.Identify(request(t, basic("alice", "correct horse"))); err != nil || n.Load() != 1 {
		t.Errorf("got error %v after %d checks, want none after 1", err, n.Load())
	}
}

// The memory does not grow without limit.
func TestMemoryBounded(t *testing.T) {
	m, now := newMemory(), (&world{}).now()
	for i := range maxRemember + 10 {
		m.Set(digestOf(fmt.Sprint(i)), now, ttlcache.NoTTL)
	}
	if n := m.Len(); n != maxRemember {
		t.Errorf("%d are remembered, want %d", n, maxRemember)
	}
}
