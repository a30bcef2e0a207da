package auth

import (
	"context"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/portolan-charts/portolan/publisher/shim/reread"
)

// unavailable checks that a token cannot be checked, and that the error does not tell
// the client why.
func (w *world) unavailable(token, why string) {
	w.t.Helper()
	_, err := w.bearer(token)
	var unavailable *Unavailable
	if !errors.As(err, &unavailable) || errors.Is(err, ErrCredentials) {
		w.t.Errorf("got error %v, want Unavailable", err)
		return
	}
	if cause := fmt.Sprint(unavailable.Unwrap()); !strings.Contains(cause, why) || unavailable.RetryAfter() <= 0 {
		w.t.Errorf("the cause is %s, want %q", cause, why)
	}
	if !strings.HasSuffix(unavailable.Error(), "does not answer as it should") {
		w.t.Errorf("the error tells more than it should: %v", unavailable)
	}
}

// TestRotation lets the issuer change its keys.
func TestRotation(t *testing.T) {
	p := newProvider(t)
	w := newClockedWorld(t, p.oidcFile(mainRule))
	first, second := rsaKey(t, "k1"), ecKey(t, "k2", elliptic.P256())
	old := p.token(p.gitlabJob(w.now()))
	w.accepts(old)
	p.has(second, first)
	w.pass(coolDown)
	w.accepts(p.token(p.gitlabJob(w.now()))) // an unknown key is asked for
	w.accepts(old)
	if n := p.asked.Load(); n != 2 {
		t.Errorf("the keys were asked for %d times, want 2", n)
	}
	p.has(second)
	w.pass(keysFresh)
	w.refuses(p.signedBy(first, w.now()), "a key that its issuer does not have") // though no token has named a new one
	w.accepts(p.token(p.gitlabJob(w.now())))
}

// signedBy returns a token that is good except for its key.
func (p *provider) signedBy(key jose.JSONWebKey, now time.Time) string {
	return signed(p.t, jose.RS256, key.Key, key.KeyID, p.gitlabJob(now))
}

// TestUnknownKeys presents tokens with keys that do not exist, and checks that the
// issuer is not asked too often.
func TestUnknownKeys(t *testing.T) {
	p := newProvider(t)
	w := newClockedWorld(t, p.oidcFile(mainRule))
	w.accepts(p.token(p.gitlabJob(w.now())))
	for i := range 50 {
		stranger := rsaKey(t, "stranger")
		stranger.KeyID = fmt.Sprint(i)
		w.refuses(p.signedBy(stranger, w.now()), "a key that its issuer does not have")
	}
	if n := p.asked.Load(); n != 1 {
		t.Errorf("the keys were asked for %d times, want once", n)
	}
	w.pass(coolDown)
	w.refuses(p.signedBy(rsaKey(t, "stranger"), w.now()), "a key that its issuer does not have")
	if n := p.asked.Load(); n != 2 {
		t.Errorf("after the pause, the keys were asked for %d times, want twice", n)
	}
}

// TestOutage takes the issuer down, and brings it back.
func TestOutage(t *testing.T) {
	p := newProvider(t)
	w := newClockedWorld(t, p.oidcFile(mainRule))
	w.accepts(p.token(p.gitlabJob(w.now())))
	down := func(rw http.ResponseWriter, r *http.Request) { rw.WriteHeader(http.StatusBadGateway) }
	p.serves(down)
	for range 3 {
		w.pass(24 * time.Hour)
		w.accepts(p.token(p.gitlabJob(w.now()))) // by the last good keys
	}
	w.pass(coolDown)
	w.unavailable(p.signedBy(rsaKey(t, "new"), w.now()), "502")
	w.unavailable(p.signedBy(rsaKey(t, "new"), w.now()), "502") // without asking again
	if n := p.asked.Load(); n != 5 {
		t.Errorf("the keys were asked for %d times, want 5", n)
	}
	if n := strings.Count(w.log.String(), "cannot fetch the keys"); n != 4 {
		t.Errorf("%d failures are logged, want 4:\n%s", n, w.log)
	}
	p.serves(nil)
	p.has(rsaKey(t, "new"))
	w.pass(coolDown)
	w.accepts(p.token(p.gitlabJob(w.now())))
}

// TestStart opens the file while the issuer is down, which is a warning.
func TestStart(t *testing.T) {
	p := newProvider(t)
	p.serves(func(rw http.ResponseWriter, r *http.Request) { rw.WriteHeader(http.StatusInternalServerError) })
	w := newClockedWorld(t, p.oidcFile(mainRule))
	token := p.token(p.gitlabJob(w.now()))
	w.unavailable(token, "500")
	if log := w.log.String(); !strings.Contains(log, "level=WARN") || !strings.Contains(log, p.URL) {
		t.Errorf("no warning: %s", log)
	}
	p.serves(nil)
	w.unavailable(token, "500")
	w.pass(firstPause)
	w.accepts(token)
}

// TestHostile lets an issuer answer in every wrong way. Its last good keys stay in
// use each time.
func TestHostile(t *testing.T) {
	elsewhere := newProvider(t)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		why    string
	}{
		"a huge set": {func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `{"keys":[`+strings.Repeat(`{"kty":"RSA"},`, maxAnswer/10)+`{}]}`)
		}, "larger than"},
		"many keys": {func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `{"keys":[`+strings.Repeat(`{},`, maxKeys)+`{}]}`)
		}, "more than 100 keys"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/keys", http.StatusFound)
		}, "redirect"},
		"a page":         {func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html>Please log in</html>") }, "not the expected JSON"},
		"another object": {func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, `{"message":"hello"}`) }, "no key"},
		"nothing":        {func(w http.ResponseWriter, r *http.Request) {}, "not the expected JSON"},
		"no content":     {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }, "204"},
		"unusable keys": {func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `{"keys":[1,null,{"kty":"oct","k":"AA","kid":"k1"},{"kty":"X"}]}`)
		}, "no key"},
		"an endless answer": {func(w http.ResponseWriter, r *http.Request) { endless(w) }, "larger than"},
		"a slow answer":     {func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "too long"},
		"a slow body": {func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `{"keys":[`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, "too long"},
		"a broken connection": {func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		"a small key": {func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `{"keys":[{"kty":"RSA","kid":"k1","n":"sXch1y7k","e":"AQAB"}]}`)
		}, "no key"},
		"large headers": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Large", strings.Repeat("x", 1<<20))
		}, "header"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			w := newClockedWorld(t, p.oidcFile(mainRule))
			w.accepts(p.token(p.gitlabJob(w.now())))
			p.serves(c.answer)
			if c.why == "too long" {
				w.a.client.Timeout = hasty
			}
			w.pass(keysFresh)
			w.accepts(p.token(p.gitlabJob(w.now())))
			w.pass(coolDown)
			w.unavailable(p.signedBy(rsaKey(t, "new"), w.now()), c.why)
			if n := elsewhere.asked.Load(); n != 0 {
				t.Errorf("a redirect was followed %d times", n)
			}
			if i := strings.Index(w.log.String(), "xxxx"); i >= 0 || len(w.log.String()) > 4096 {
				t.Errorf("too much is logged: %.500s", w.log)
			}
		})
	}
}

// endless writes until the client stops reading.
func endless(w io.Writer) {
	block := []byte(strings.Repeat(" ", 4096))
	for {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// TestDiscovery serves bad discovery documents.
func TestDiscovery(t *testing.T) {
	other := newProvider(t)
	var document map[string]any
	var status int
	p := &provider{t: t}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status != 0 {
			w.Header().Set("Location", other.URL+"/.well-known/openid-configuration")
			w.WriteHeader(status)
			io.WriteString(w, strings.Repeat("secret of the issuer ", 1000))
			return
		}
		json.NewEncoder(w).Encode(document)
	}))
	t.Cleanup(p.Close)
	p.has(rsaKey(t, "k1"))
	for name, c := range map[string]struct {
		document map[string]any
		status   int
		why      string
	}{
		"another issuer":   {map[string]any{"issuer": other.URL, "jwks_uri": other.URL + "/keys"}, 0, "did not match"},
		"no keys":          {map[string]any{"issuer": p.URL}, 0, "no jwks_uri"},
		"a file":           {map[string]any{"issuer": p.URL, "jwks_uri": "file:///etc/passwd"}, 0, "no jwks_uri"},
		"a host by http":   {map[string]any{"issuer": p.URL, "jwks_uri": "http://keys.example.com/"}, 0, "no jwks_uri"},
		"keys with a name": {map[string]any{"issuer": p.URL, "jwks_uri": "https://a:b@keys.example.com/"}, 0, "no jwks_uri"},
		"a redirect":       {nil, http.StatusFound, "302"},
		"not found":        {nil, http.StatusNotFound, "404"},
	} {
		t.Run(name, func(t *testing.T) {
			document, status = c.document, c.status
			w := newClockedWorld(t, p.oidcFile(mainRule))
			w.unavailable(p.token(p.gitlabJob(w.now())), c.why)
			if len(w.log.String()) > 2048 {
				t.Errorf("the log has %d bytes", len(w.log.String()))
			}
		})
	}
	if other.discovered.Load()+other.asked.Load() > 0 {
		t.Error("a redirect was followed")
	}
}

// TestKeysURL sets the URL of the keys in the file, and checks that the issuer's
// discovery document is not read.
func TestKeysURL(t *testing.T) {
	p := newProvider(t)
	w := newClockedWorld(t, p.oidcFile(mainRule)+"    jwks: "+p.URL+"/keys\n")
	w.accepts(p.token(p.gitlabJob(w.now())))
	if n := p.discovered.Load(); n != 0 {
		t.Errorf("the issuer was asked for the URL %d times", n)
	}
}

// TestKeysStay checks that the keys stay when the file is read again.
func TestKeysStay(t *testing.T) {
	p := newProvider(t)
	w := newClockedWorld(t, p.oidcFile(mainRule))
	w.accepts(p.token(p.gitlabJob(w.now())))
	p.serves(func(rw http.ResponseWriter, r *http.Request) { rw.WriteHeader(http.StatusBadGateway) })
	w.write("auth.yaml", p.oidcFile(strings.Replace(mainRule, "ref: main", "ref: next", 1)))
	w.pass(reread.Every)
	w.refuses(p.token(p.gitlabJob(w.now())), "no rule")
	w.accepts(p.token(p.gitlabJob(w.now(), claims{"ref": "next"})))
	if n := p.asked.Load(); n != 1 {
		t.Errorf("the keys were asked for %d times, want once", n)
	}
}

// TestKeysTogether needs the keys in many requests at the same time, while the issuer
// is slow. All wait for one answer, each as long as its client does.
func TestKeysTogether(t *testing.T) {
	p := newProvider(t)
	come, answer := make(chan struct{}), make(chan struct{})
	p.serves(func(w http.ResponseWriter, r *http.Request) {
		close(come)
		<-answer
		p.serves(nil)
		key := rsaKey(t, "k1")
		json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}})
	})
	w := newClockedWorld(t, p.oidcFile(mainRule))
	token := p.token(p.gitlabJob(w.now()))
	<-come
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := w.a.Identify(request(t, "Bearer "+token).WithContext(gone)); !errors.Is(err, gone.Err()) {
		t.Errorf("a client that went away: got error %v", err)
	}
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if _, err := w.a.Identify(request(t, "Bearer "+token)); err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := w.a.Identify(request(t, "Bearer "+foreign)); !errors.Is(err, ErrCredentials) {
		t.Errorf("another token, meanwhile: got error %v", err) // nothing is locked
	}
	close(answer)
	all.Wait()
	if n := p.asked.Load(); n != 1 {
		t.Errorf("the keys were asked for %d times, want once", n)
	}
}

// TestPatience has old keys and an issuer that does not answer, and checks that an
// upload does not wait until the request for new keys fails.
func TestPatience(t *testing.T) {
	p := newProvider(t)
	w := newClockedWorld(t, p.oidcFile(mainRule))
	w.accepts(p.token(p.gitlabJob(w.now())))
	var givenUp atomic.Bool
	over := make(chan struct{})
	defer close(over)
	p.serves(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
			givenUp.Store(true)
		case <-over:
		}
	})
	w.pass(keysFresh)
	w.accepts(p.token(p.gitlabJob(w.now())))
	if givenUp.Load() {
		t.Error("it waited until the issuer was given up")
	}
}
