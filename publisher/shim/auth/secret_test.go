package auth

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/shim/reread"
)

// TestCanary presents secrets in every way, right and wrong, and puts them into every
// wrong place in the files. No secret may be in an answer or in the log.
func TestCanary(t *testing.T) {
	const canary = "Canary7Password"
	token, old := MakeToken(), MakeToken()
	passwords := hashed(t, "alice", canary)
	hash := strings.TrimSpace(strings.TrimPrefix(passwords, "alice:"))
	good := fmt.Sprintf(`
tokens:
  - {id: ci, hash: %q, scopes: ["write:**"]}
  - {id: old, hash: %q, scopes: ["write:**"], notAfter: 2020-01-01T00:00:00Z}
htpasswd: htpasswd
users: [{name: alice, scopes: ["write:**"]}]
`, HashToken(token), HashToken(old))
	w := newWorld(t, good, passwords)
	var told strings.Builder
	for _, secret := range []string{token, old, canary, token[:40], token + "x", canary + "x", hash, HashToken(token)} {
		for _, header := range []string{
			"Bearer " + secret, "Basic " + secret, secret, "Token " + secret, basic("alice", secret), basic("bob", secret),
			basic(secret, secret), basic(secret, canary), basic(secret, ""), basic("", secret),
		} {
			w.pass(failureEvery)
			for _, a := range []*Authoriser{w.a, Anyone()} {
				id, err := a.Identify(request(t, header))
				fmt.Fprintln(&told, err)
				if err == nil {
					uploader, _ := json.Marshal(id.Uploader())
					fmt.Fprintf(&told, "%v %+v %#v %s\n", id, *id, *id, uploader)
				}
			}
		}
	}
	// A password cannot be distinguished from a name, but a token can.
	for _, secret := range []string{token, old, token[:40], foreign, hash, "eyJhbGciOi.eyJpc3Mi.c2ln", "glpat-x", "ghp_x"} {
		id, err := w.a.Identify(request(t, basic(secret, token)))
		if err != nil || id.Uploader()["as"] != "" {
			t.Errorf("%q as the user name: got %v, error %v", secret, id.Uploader(), err)
		}
	}
	for _, text := range []string{
		token + "\n", token + ": x\n", "tokens: " + token + "\n", "tokens: [" + token + "]\n", "tokens: [{id: '" + hash + "', hash: '" + token + "'}]\n",
		"tokens: [{id: x, hash: " + token + ", scopes: [" + token + "], charts: ['[" + token + "'], notAfter: " + token + "}]\n",
		"tokens: [{" + token + ": x, secret: " + token + "}]\n", "anonymous: [" + token + ", 'read:[" + token + "', 'read:/" + token + "']\n",
		"htpasswd: htpasswd\nusers: [{name: 'alice:" + canary + "', password: " + canary + ", scopes: []}]\n", "htpasswd: [" + canary, "\t" + token,
	} {
		w.write("auth.yaml", text)
		w.pass(time.Minute)
		w.who()
	}
	w.write("auth.yaml", good)
	for _, text := range []string{
		"alice:" + canary + "\n", "alice " + canary + "\n", ":" + canary + "\n", "alice:" + hash[:40] + "\n", "alice:" + hash + canary + "\n",
		passwords + passwords, token + "\n", "alice:" + strings.Replace(hash, "$04$", "$20$", 1) + "\n",
	} {
		w.write("htpasswd", text)
		w.pass(time.Minute)
		w.who()
	}
	if got := strings.Count(w.log.String(), "level=ERROR"); got != 19 {
		t.Errorf("%d bad files were logged, want 19", got)
	}
	all := told.String() + w.log.String()
	for _, secret := range []string{token[4:30], old[4:30], canary, hash[8:30], HashToken(token)[7:], base64.StdEncoding.EncodeToString([]byte(canary))[:12]} {
		if i := strings.Index(all, secret); i >= 0 {
			t.Errorf("%q leaked: …%s…", secret, all[max(0, i-200):min(len(all), i+100)])
		}
	}
}

// TestConcurrent sends requests of every kind while the files change, for the race
// detector.
func TestConcurrent(t *testing.T) {
	w := newWorld(t, withToken("one")+aliceFile, hashed(t, "alice", "correct horse"))
	one, two := withToken("one")+aliceFile, withToken("two")+aliceFile
	var wg sync.WaitGroup
	for i, header := range []string{"Bearer " + foreign, basic("alice", "correct horse"), basic("alice", "wrong"), ""} {
		wg.Go(func() {
			for range 100 {
				r := from(request(t, header), fmt.Sprintf("192.0.2.%d:1", i))
				if header == "" {
					r.Header = http.Header{}
				}
				id, err := w.a.Identify(r)
				if wrong := i == 2; (err != nil) != wrong {
					t.Errorf("%s: got %v, error %v", header, id, err)
				}
			}
		})
	}
	for i := range 50 {
		w.write("auth.yaml", []string{two, one}[i%2])
		w.pass(reread.Every)
	}
	wg.Wait()
	w.pass(reread.Every)
	w.wants("token one")
}

func FuzzAuthorization(f *testing.F) {
	path := filepath.Join(f.TempDir(), "auth.yaml")
	if err := os.WriteFile(path, []byte(withToken("one")), 0o600); err != nil {
		f.Fatal(err)
	}
	a, err := Open(path, nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("Bearer " + foreign)
	f.Add(basic("x", foreign))
	f.Add(basic("x", "ptl_"))
	f.Add("Basic")
	f.Add("bearer \t")
	f.Fuzz(func(t *testing.T, header string) {
		c, ok := parseAuthorization([]string{header})
		if ok && c.secret == "" || !c.basic && c.user != "" && ok {
			t.Errorf("%q is read as %+v", header, c)
		}
		a.failures = newThrottle()
		id, err := a.Identify(request(t, header))
		if known := ok && c.secret == foreign; known != (err == nil) {
			t.Errorf("%q: got %v, error %v", header, id, err)
		}
		if claim := c.claim(); len(claim) > maxClaim || strings.Contains(claim, foreign) {
			t.Errorf("%q claims to be %q", header, claim)
		}
	})
}

func TestMakeToken(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		token := MakeToken()
		if len(token) != 53 || !looksMade(token) || !checksumFits(token) || seen[token] {
			t.Fatalf("%q is not a new token", token)
		}
		seen[token] = true
	}
	token := MakeToken()
	for i := len(tokenPrefix); i < len(token); i++ {
		for _, r := range []byte("0aA") {
			wrong := []byte(token)
			wrong[i] = r
			if r != token[i] && checksumFits(string(wrong)) {
				t.Errorf("a wrong letter in place %d is not noticed", i)
			}
		}
	}
	if checksumFits(token+"0") || checksumFits(token[:52]) || checksumFits(tokenPrefix) {
		t.Error("a token of another length is accepted")
	}
}

// Other programs may know the format, so it cannot change.
func TestTokenFormat(t *testing.T) {
	if got := checksum("ptl_" + strings.Repeat("0", 43)); got != "2I9Vrr" {
		t.Errorf("got %s", got)
	}
	if got := HashToken("abc"); got != "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("got %s", got)
	}
}
