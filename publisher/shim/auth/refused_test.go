package auth

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// TestSharedAddress has jobs with bad credentials of every kind at one address, each of
// which tries its own again and again. They do not lock out others there: not a job
// that is new, nor a user whose password was not checked before.
func TestSharedAddress(t *testing.T) {
	g := newStandIn(t)
	w := newClockedWorld(t, g.file(gitlabRules)+"htpasswd: htpasswd\nusers: [{name: ci, scopes: [\"write:**\"]}, {name: alice, scopes: [\"write:**\"]}]\n"+
		withToken("one"), hashed(t, "ci", "new", "alice", "correct horse"))
	n := w.counted()
	for round := range 30 {
		for job := range 10 {
			for _, header := range []string{
				fmt.Sprintf("Bearer glcbt-ended-%d", job), basic(jobUser, fmt.Sprint("ended-", job)), fmt.Sprintf("Bearer glpat-revoked-%d", job),
				basic("ci", "old"), fmt.Sprintf("Bearer ptl_revoked-%d", job), fmt.Sprintf("Bearer eyJ%d.b.c", job), "Bearer nonsense", "nonsense",
			} {
				_, err := w.a.Identify(request(t, header))
				if !errors.Is(err, ErrCredentials) && !errors.As(err, new(Throttled)) {
					t.Fatalf("%s: got error %v", header, err)
				}
			}
		}
		if asked := int(g.asked.Load()); asked != 30+round {
			t.Fatalf("round %d: GitLab was asked %d times", round, asked)
		}
		secret := fmt.Sprint("glcbt-new-", round)
		g.mu.Lock()
		g.jobs[secret] = jobJSON
		g.mu.Unlock()
		w.accepts(secret)
		w.wants("token one")
	}
	for user, password := range map[string]string{"ci": "new", "alice": "correct horse"} {
		if id, err := w.a.Identify(request(t, basic(user, password))); err != nil || id.name != user {
			t.Errorf("%s: got %v, error %v", user, id, err)
		}
	}
	if n.Load() != 3 {
		t.Errorf("%d passwords were checked, want 3", n.Load())
	}
}

// TestRefusedAgain tries one bad credential again and again. It is checked once a
// minute, and after some times the answer is to wait.
func TestRefusedAgain(t *testing.T) {
	g := newStandIn(t)
	w := newClockedWorld(t, g.file(gitlabRules)+aliceFile, hashed(t, "alice", "correct horse"))
	n := w.counted()
	for range 3 {
		for i := range 3 * failuresAtOnce {
			for _, header := range []string{"Bearer glcbt-ended", basic("alice", "old")} {
				_, err := w.a.Identify(request(t, header))
				if throttled := errors.As(err, new(Throttled)); throttled != (i > failuresAtOnce) || err == nil {
					t.Fatalf("%s, try %d: got error %v", header, i, err)
				}
			}
		}
		w.pass(refusedFor)
	}
	if asked, checked := g.asked.Load(), n.Load(); asked != 3 || checked != 3 {
		t.Errorf("GitLab was asked %d times, and %d passwords were checked; want 3 and 3", asked, checked)
	}
	g.mu.Lock()
	g.jobs["glcbt-ended"] = jobJSON
	g.mu.Unlock()
	w.accepts("glcbt-ended")
}

// TestRefusedForgotten changes the password to one that was refused a moment ago.
func TestRefusedForgotten(t *testing.T) {
	w := newWorld(t, aliceFile, hashed(t, "alice", "old"))
	if _, err := w.a.Identify(request(t, basic("alice", "new"))); !errors.Is(err, ErrCredentials) {
		t.Fatalf("got error %v", err)
	}
	w.write("htpasswd", hashed(t, "alice", "new"))
	w.pass(30 * time.Second)
	if _, err := w.a.Identify(request(t, basic("alice", "new"))); err != nil {
		t.Errorf("after the change: %v", err)
	}
}

// TestPasswordsOfMany guesses the passwords of many users from one address. A limited
// number is checked, which does not lock out a user whose password is remembered, nor GitLab's
// tokens, nor users elsewhere.
func TestPasswordsOfMany(t *testing.T) {
	g := newStandIn(t)
	w := newClockedWorld(t, g.file(gitlabRules)+aliceFile, hashed(t, "alice", "correct horse"))
	n := w.counted()
	right := func() error {
		_, err := w.a.Identify(request(t, basic("alice", "correct horse")))
		return err
	}
	if err := right(); err != nil {
		t.Fatal(err)
	}
	most := int(freshPasswords.atOnce)
	for i := range 2 * most {
		_, err := w.a.Identify(request(t, basic(fmt.Sprint("user", i), "guess")))
		if throttled := errors.As(err, new(Throttled)); throttled != (i >= most) || err == nil {
			t.Fatalf("guess %d: got error %v", i, err)
		}
	}
	if int(n.Load()) != 1+most {
		t.Errorf("%d passwords were checked, want %d", n.Load(), 1+most)
	}
	if err := right(); err != nil {
		t.Errorf("a password that is remembered: %v", err)
	}
	w.accepts(jobSecret)
	if _, err := w.a.Identify(from(request(t, basic("bob", "guess")), "192.0.2.2:1")); !errors.Is(err, ErrCredentials) {
		t.Errorf("from another address: got error %v", err)
	}
}

// The number of remembered refusals is bounded.
func TestRefusalsBounded(t *testing.T) {
	r, now := newRefusals(), time.Now()
	for i := range maxRefused + 10 {
		r.add(digestOf(fmt.Sprint(i)), ErrCredentials, now)
	}
	if n := r.Len(); n != maxRefused {
		t.Errorf("%d are remembered, want %d", n, maxRefused)
	}
}
