package auth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// from makes the request come from an address.
func from(r *http.Request, address string) *http.Request {
	r.RemoteAddr = address
	return r
}

func TestThrottle(t *testing.T) {
	w := newWorld(t, withToken("one")+"htpasswd: htpasswd\nusers: [{name: alice, scopes: [read:a]}, {name: bob, scopes: [read:a]}]\n",
		hashed(t, "alice", "correct horse", "bob", "battery staple"))
	guess := func(password string) error {
		_, err := w.a.Identify(request(t, basic("alice", password)))
		return err
	}
	if err := guess("correct horse"); err != nil { // and so is remembered
		t.Fatal(err)
	}
	for i := range failuresAtOnce {
		if err := guess(fmt.Sprint("guess ", i)); !errors.Is(err, ErrCredentials) {
			t.Fatalf("guess %d: got error %v, want ErrCredentials", i, err)
		}
	}
	wantThrottled(t, guess("guess"), failureEvery)
	wantThrottled(t, guess("correct horse"), failureEvery) // unseen

	// All others still pass: tokens, other users, anonymous requests, other addresses.
	for _, header := range []string{"Bearer unknown", "nonsense", basic("mallory", "guess")} {
		if _, err := w.a.Identify(request(t, header)); !errors.Is(err, ErrCredentials) {
			t.Errorf("%s: got error %v, want ErrCredentials", header, err)
		}
	}
	if _, err := w.a.Identify(request(t, basic("bob", "battery staple"))); err != nil {
		t.Errorf("another user: %v", err)
	}
	w.wants("token one")
	if id, err := w.a.Identify(request(t)); err != nil || !id.Anonymous() {
		t.Errorf("anonymous: got %v, error %v", id, err)
	}
	if _, err := w.a.Identify(from(request(t, basic("alice", "correct horse")), "192.0.2.2:1")); err != nil {
		t.Errorf("from another address: %v", err)
	}

	w.pass(failureEvery / 2)
	wantThrottled(t, guess("correct horse"), failureEvery/2)
	w.pass(failureEvery / 2)
	for range 2 * failuresAtOnce { // right ones take nothing
		if err := guess("correct horse"); err != nil {
			t.Fatal(err)
		}
	}
	if err := guess("guess"); !errors.Is(err, ErrCredentials) {
		t.Errorf("after a while: got error %v, want ErrCredentials", err)
	}
	wantThrottled(t, guess("guess"), failureEvery)
}

func wantThrottled(t *testing.T, err error, after time.Duration) {
	t.Helper()
	var throttled Throttled
	if !errors.As(err, &throttled) || (throttled.RetryAfter-after).Abs() > time.Millisecond {
		t.Errorf("got error %v, want to be throttled for %v", err, after)
	}
	if errors.Is(err, ErrCredentials) {
		t.Error("Throttled is also ErrCredentials")
	}
}

func TestThrottledText(t *testing.T) {
	for wait, want := range map[time.Duration]string{time.Nanosecond: "in 1 s", time.Second: "in 1 s", 1500 * time.Millisecond: "in 2 s"} {
		if got := (Throttled{wait}).Error(); !strings.HasSuffix(got, want) {
			t.Errorf("%v: got %q, want %q", wait, got, want)
		}
	}
}

// Right passwords take nothing, even if they were checked and not remembered.
func TestThrottleChecked(t *testing.T) {
	w := newWorld(t, "htpasswd: htpasswd\nusers: [{name: alice, scopes: [read:a]}]\n", hashed(t, "alice", "correct horse"))
	for range 2 * failuresAtOnce {
		w.a.policy.Get().remembered = newMemory()
		if _, err := w.a.Identify(request(t, basic("alice", "correct horse"))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAddressOf(t *testing.T) {
	for _, c := range []struct{ a, b, prefix string }{
		{"192.0.2.1:1", "192.0.2.1:2", "192.0.2.1/32"},
		{"192.0.2.1:1", "[::ffff:192.0.2.1]:2", "192.0.2.1/32"},
		{"192.0.2.1", "192.0.2.1:80", "192.0.2.1/32"},
		{"[2001:db8:0:1::1]:1", "[2001:db8:0:1:ffff::2]:2", "2001:db8:0:1::/64"},
		{"[fe80::1%eth0]:1", "[fe80::2%eth1]:1", "fe80::/64"},
		{"@", "", "invalid Prefix"},
	} {
		if a, b := addressOf(c.a), addressOf(c.b); a != b || a.String() != c.prefix {
			t.Errorf("%s is %v and %s is %v, want both %s", c.a, a, c.b, b, c.prefix)
		}
	}
	if addressOf("[2001:db8:0:1::1]:1") == addressOf("[2001:db8:0:2::1]:1") || addressOf("192.0.2.1:1") == addressOf("192.0.2.2:1") {
		t.Error("different addresses are counted as one")
	}
}

// Setting the clock back neither forgives failures nor adds any.
func TestThrottleClock(t *testing.T) {
	th, now := newThrottle(), time.Now()
	for range failuresAtOnce {
		if wait := th.take(source{}, again, now); wait != 0 {
			t.Fatal(wait)
		}
	}
	if wait := th.take(source{}, again, now.Add(-time.Hour)); wait != failureEvery {
		t.Errorf("got %v, want %v", wait, failureEvery)
	}
	if wait := th.wait(source{}, now.Add(1000*time.Hour)); wait != 0 {
		t.Errorf("got %v, want 0", wait)
	}
}

// The number of remembered sources is bounded.
func TestThrottleBounded(t *testing.T) {
	th, now := newThrottle(), time.Now()
	source := func(i int) source {
		return source{from: addressOf(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))}
	}
	for i := range maxSources + 100 {
		th.take(source(i), again, now)
	}
	if n := th.buckets.Len(); n != maxSources {
		t.Errorf("%d are remembered, want %d", n, maxSources)
	}
	if th.buckets.Has(source(1)) {
		t.Error("the oldest is still remembered")
	}
}
