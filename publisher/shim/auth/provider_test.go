package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// provider is an OIDC issuer on loopback.
type provider struct {
	*httptest.Server
	t *testing.T

	discovered, asked atomic.Int32 // requests for the discovery document, and for the keys

	mu    sync.Mutex
	keys  []jose.JSONWebKey
	serve http.HandlerFunc // instead of the keys; nil for these
}

const audience = "https://charts.example.com"

// newProvider starts an issuer that has one RSA key, called k1.
func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{t: t}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		p.discovered.Add(1)
		json.NewEncoder(w).Encode(map[string]any{"issuer": p.URL, "jwks_uri": p.URL + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		p.mu.Lock()
		serve, set := p.serve, jose.JSONWebKeySet{}
		for _, key := range p.keys {
			set.Keys = append(set.Keys, key.Public())
		}
		p.mu.Unlock()
		if serve != nil {
			serve(w, r)
			return
		}
		json.NewEncoder(w).Encode(set)
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	p.has(rsaKey(t, "k1"))
	return p
}

// has sets the issuer's keys.
func (p *provider) has(keys ...jose.JSONWebKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = keys
}

// serves lets the handler answer requests for the keys; nil serves the keys again.
func (p *provider) serves(h http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serve = h
}

// rsaOnce keeps one RSA key for each id, since making one takes a while.
var rsaOnce sync.Map

func rsaKey(t testing.TB, id string) jose.JSONWebKey {
	t.Helper()
	key, ok := rsaOnce.Load(id)
	if !ok {
		made, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		key, _ = rsaOnce.LoadOrStore(id, made)
	}
	return jose.JSONWebKey{Key: key, KeyID: id, Algorithm: "RS256", Use: "sig"}
}

func ecKey(t testing.TB, id string, curve elliptic.Curve) jose.JSONWebKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return jose.JSONWebKey{Key: key, KeyID: id}
}

// signed returns a token with these claims.
func signed(t testing.TB, algorithm jose.SignatureAlgorithm, key any, id string, c any) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithType("JWT")
	if id != "" {
		options = options.WithHeader("kid", id)
	}
	return signedAs(t, algorithm, key, options, c)
}

func signedAs(t testing.TB, algorithm jose.SignatureAlgorithm, key any, options *jose.SignerOptions, c any) string {
	t.Helper()
	payload, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	object, err := s.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// token returns a token that the issuer signs with its first key.
func (p *provider) token(c claims) string {
	p.mu.Lock()
	key := p.keys[0]
	p.mu.Unlock()
	algorithm := jose.RS256
	if _, ok := key.Key.(crypto.Signer).Public().(*ecdsa.PublicKey); ok {
		algorithm = jose.ES256
	}
	return signed(p.t, algorithm, key.Key, key.KeyID, c)
}

// gitlabJob returns the claims of a GitLab job on a protected branch, as GitLab
// documents them. Changes replace claims; nil removes one.
func (p *provider) gitlabJob(now time.Time, changes ...claims) claims {
	c := claims{
		"iss": p.URL, "aud": audience, "sub": "project_path:acme/app:ref_type:branch:ref:main",
		"iat": now.Unix() - 5, "nbf": now.Unix() - 10, "exp": now.Unix() + 300, "jti": "4f6e-11",
		"namespace_id": "7", "namespace_path": "acme", "project_id": "42", "project_path": "acme/app",
		"user_id": "1", "user_login": "alice", "pipeline_id": "6", "pipeline_source": "push", "job_id": "8",
		"ref": "main", "ref_type": "branch", "ref_path": "refs/heads/main", "ref_protected": "true",
		"runner_environment": "self-hosted", "sha": "0ff3ae198f8601a285adcf5c0fff204ee6fba5fd",
		"job_project_id": "42", "job_project_path": "acme/app",
	}
	return withChanges(c, changes)
}

func withChanges(c claims, changes []claims) claims {
	for _, change := range changes {
		for name, value := range change {
			if c[name] = value; value == nil {
				delete(c, name)
			}
		}
	}
	return c
}

// githubJob returns the claims of a job of GitHub Actions.
func (p *provider) githubJob(now time.Time, changes ...claims) claims {
	return withChanges(claims{
		"iss": p.URL, "aud": []string{audience}, "sub": "repo:acme/app:ref:refs/heads/main",
		"iat": now.Unix(), "nbf": now.Unix() - 600, "exp": now.Unix() + 300,
		"repository": "acme/app", "repository_id": "74", "repository_owner": "acme", "repository_owner_id": "65",
		"ref": "refs/heads/main", "ref_type": "branch", "ref_protected": nil, "event_name": "push", "environment": "prod",
		"job_workflow_ref": "acme/ci/.github/workflows/publish.yml@refs/heads/main", "actor": "alice",
	}, append([]claims{{"ref_protected": nil}}, changes...))
}

// oidcFile returns an auth file with the issuer and these rules, indented by four.
func (p *provider) oidcFile(rules string) string {
	return fmt.Sprintf("oidc:\n  - issuer: %s\n    audience: %s\n    rules:\n%s", p.URL, audience, rules)
}

const mainRule = `    - {name: main, claims: {project_id: "42", ref: main}, scopes: ["write:team-a/**"], charts: ["team-a-*"]}
`

// hasty is how long tests wait for servers that will not answer.
const hasty = 200 * time.Millisecond

// newClockedWorld opens the auth file, and uses the test's clock from the start.
func newClockedWorld(t *testing.T, text string, htpasswd ...string) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), log: &testenv.Log{}, clock: time.Now()}
	w.write("auth.yaml", text)
	for _, text := range htpasswd {
		w.write("htpasswd", text)
	}
	w.a = newAuthoriser(slog.New(slog.NewTextHandler(w.log, nil)))
	w.a.path, w.a.now = filepath.Join(w.dir, "auth.yaml"), w.now
	if err := w.a.policy.Load(); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestOIDC checks that good tokens are accepted, and who they identify.
func TestOIDC(t *testing.T) {
	p := newProvider(t)
	w := newClockedWorld(t, p.oidcFile(mainRule+`    - {claims: {namespace_id: "7", project_id: "42"}, protected: false, scopes: ["write:dev", "read:**"]}
`))
	token := p.token(p.gitlabJob(w.now()))
	for _, header := range []string{"Bearer " + token, basic("gitlab-ci-token", token), basic("", token), basic(token, token)} {
		id, err := w.a.Identify(request(t, header))
		if err != nil {
			t.Fatal(err)
		}
		want := "oidc project_path:acme/app:ref_type:branch:ref:main (by rules main, 2 of " + p.URL + ")"
		if id.String() != want || id.Anonymous() {
			t.Errorf("got %s, want %s", id, want)
		}
		if !id.MayChart(Write, "team-a/dev", "team-a-web") || id.MayChart(Write, "team-a/dev", "web") || !id.MayChart(Write, "dev", "web") || !id.May(Read, "x") || id.May(Force, "dev") {
			t.Errorf("%s has the wrong permissions", id)
		}
		told := map[string]string{
			"oidc": "project_path:acme/app:ref_type:branch:ref:main", "issuer": p.URL, "job": p.URL + "/acme/app/-/jobs/8", "rule": "main", "claim.project_id": "42", "claim.ref": "main",
		}
		if got := id.For("team-a/dev", []string{"team-a-web"}, Write).Uploader(); !maps.Equal(got, told) {
			t.Errorf("a receipt tells %v, want %v", got, told)
		}
		for want, narrow := range map[string]*Identity{
			"main": id.For("team-a/dev", nil, Write), "2": id.For("dev", []string{"web"}, Write, Force), "": id.For("team-a/dev", []string{"web"}, Write),
		} {
			if got := strings.Join(narrow.rules(), " "); got != want {
				t.Errorf("rules %q allow it, want %q", got, want)
			}
		}
	}
	if n := p.asked.Load(); n != 1 {
		t.Errorf("the keys were asked for %d times, want once", n)
	}
	if strings.Contains(w.log.String(), token[:40]) || strings.Contains(w.log.String(), strings.Split(token, ".")[1]) {
		t.Error("the token is in the log")
	}
}
