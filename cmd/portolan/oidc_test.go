package main

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

const (
	chartsAudience = "https://charts.example.com"
	jobSecret      = "glcbt-64_canaryJobToken4711"
	accessSecret   = "glpat-canaryAccessToken4712"
	triggerSecret  = "glptt-canaryTriggerToken4714"
)

// forge is a GitLab on loopback: an OIDC issuer, and an API that knows one job
// token, one access token, and one that starts pipelines.
type forge struct {
	*httptest.Server
	t         *testing.T
	key       jose.JSONWebKey
	audience  string        // whom jobs ask for tokens for
	pipelines chan struct{} // that were started by the trigger
}

func newForge(t *testing.T) *forge {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	f := &forge{t: t, key: jose.JSONWebKey{Key: key, KeyID: "k1", Algorithm: "RS256", Use: "sig"}, audience: chartsAudience, pipelines: make(chan struct{}, 100)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"issuer": f.URL, "jwks_uri": f.URL + "/oauth/discovery/keys"})
	})
	mux.HandleFunc("GET /oauth/discovery/keys", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{f.key.Public()}})
	})
	known := func(header, secret, answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get(header) != secret {
				w.WriteHeader(http.StatusUnauthorized)
				answer = `{"message":"401 Unauthorized"}`
			}
			io.WriteString(w, answer)
		}
	}
	mux.HandleFunc("GET /api/v4/job", known("JOB-TOKEN", jobSecret,
		`{"id": 8, "ref": "main", "tag": false, "source": "push", "status": "running", "pipeline": {"id": 6, "project_id": 42, "ref": "main"}, "user": {"id": 1, "username": "root"}}`))
	mux.HandleFunc("GET /api/v4/personal_access_tokens/self", known("PRIVATE-TOKEN", accessSecret,
		`{"id": 4, "name": "x", "revoked": false, "scopes": ["api"], "user_id": 3, "active": true, "expires_at": null}`))
	mux.HandleFunc("GET /api/v4/projects/42", known("PRIVATE-TOKEN", accessSecret,
		`{"id": 42, "permissions": {"project_access": {"access_level": 40}, "group_access": null}}`))
	mux.HandleFunc("POST /api/v4/projects/42/trigger/pipeline", f.trigger)
	mux.HandleFunc("GET /github/token", f.githubToken)
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

// trigger starts a pipeline on main, for those who know the secret.
func (f *forge) trigger(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.PostFormValue("token") != triggerSecret:
		http.Error(w, `{"message":"404 Not Found"}`, http.StatusNotFound)
	case r.PostFormValue("ref") != "main":
		http.Error(w, `{"message":{"base":["Reference not found"]}}`, http.StatusBadRequest)
	default:
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"id": 7, "project_id": 42, "ref": "main", "status": "created", "source": "trigger"}`)
		f.pipelines <- struct{}{}
	}
}

// idToken is that of a job in project 42, on the ref.
func (f *forge) idToken(ref string) string {
	return f.sign(map[string]any{
		"aud": f.audience, "sub": "project_path:acme/app:ref_type:branch:ref:" + ref,
		"project_id": "42", "job_project_id": "42", "project_path": "acme/app", "ref": ref, "ref_type": "branch", "ref_protected": "true", "pipeline_source": "push",
	})
}

// sign makes a token with the claims, that is good for five minutes.
func (f *forge) sign(claims map[string]any) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: f.key}, nil)
	if err != nil {
		f.t.Error(err)
		return ""
	}
	now := time.Now().Unix()
	claims["iss"], claims["iat"], claims["nbf"], claims["exp"] = f.URL, now, now-5, now+300
	payload, err := json.Marshal(claims)
	if err != nil {
		f.t.Error(err)
		return ""
	}
	object, err := s.Sign(payload)
	if err != nil {
		f.t.Error(err)
		return ""
	}
	text, err := object.CompactSerialize()
	if err != nil {
		f.t.Error(err)
	}
	return text
}

// requestSecret is what a GitHub job asks for its OIDC token with.
const requestSecret = "ghr_canaryRequestToken4713"

// githubToken gives a job of GitHub the token that it asks for.
func (f *forge) githubToken(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+requestSecret || r.URL.Query().Get("api-version") == "" {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"count": 1, "value": f.sign(map[string]any{
		"aud": r.URL.Query().Get("audience"), "sub": "repo:acme/app:ref:refs/heads/main", "repository": "acme/app",
		"repository_id": "74", "repository_owner_id": "65", "ref": "refs/heads/main", "event_name": "push",
	})})
}

// writeForgeAuth writes an auth file that knows the forge's tokens.
func (w *town) writeForgeAuth(f *forge) {
	w.t.Helper()
	write(w.t, filepath.Join(w.folder, "auth.yaml"), fmt.Appendf(nil, `oidc:
  - issuer: %s
    audience: %s
    rules:
      - name: main
        claims: {project_id: "42", ref: main}
        scopes: ["write:42/**"]
        charts: ["app-*"]
      - name: github
        claims: {repository_id: "74", repository_owner_id: "65", ref: refs/heads/main}
        scopes: ["write:stable"]
gitlab:
  url: %[1]s
  rules:
    - {name: job, claims: {project_id: "42", ref: main, ref_type: branch}, protected: false, scopes: ["write:42/**"]}
    - {name: people, claims: {project_id: "42", token: access}, scopes: ["write:42/**", "read:42/**"]}
`, f.URL, f.audience))
}

// TestForgeTokens uploads with GitLab's tokens and with OIDC's, by the commands
// that GitLab's users have, and looks for the tokens in all that is written.
func TestForgeTokens(t *testing.T) {
	t.Parallel()
	f, w := newForge(t), newTown(t)
	w.writeForgeAuth(f)
	s := w.shim("--auth", "auth.yaml", "--generate")
	good, other := f.idToken("main"), f.idToken("next")
	subject := "project_path:acme/app:ref_type:branch:ref:main"
	channel := s.url + "/api/v4/projects/42/packages/helm/api/stable/charts"
	ids := map[string]map[string]string{}
	for i, c := range []struct {
		name  string
		as    []string
		chart string
		code  int    // curl's
		says  string // the answer
		told  map[string]string
	}{
		{"an OIDC token as the password", []string{"--user", "gitlab-ci-token:" + good}, "app-web", 0, "201 Created",
			map[string]string{"oidc": subject, "issuer": f.URL, "rule": "main", "claim.project_id": "42", "claim.ref": "main", "as": ""}},
		{"an OIDC token as bearer", []string{"--header", "Authorization: Bearer " + good}, "app-web", 0, "201 Created", map[string]string{"oidc": subject}},
		{"a job token", []string{"--user", "gitlab-ci-token:" + jobSecret}, "web", 0, "201 Created",
			map[string]string{"gitlab": "job 8", "issuer": f.URL, "rule": "job", "claim.ref_type": "branch"}},
		{"an access token", []string{"--user", "alice:" + accessSecret}, "web", 0, "201 Created",
			map[string]string{"gitlab": "access token 4", "rule": "people", "claim.token": "access"}},
		{"another chart", []string{"--user", "gitlab-ci-token:" + good}, "web", 22, "may not upload a chart called", nil},
		{"another branch", []string{"--user", "gitlab-ci-token:" + other}, "app-web", 22, "no rule of this server matches", nil},
		{"a changed token", []string{"--user", "gitlab-ci-token:" + good[:len(good)-10] + "AAAAAAAAAA"}, "app-web", 22, "signature", nil},
		{"another job's token", []string{"--user", "gitlab-ci-token:" + jobSecret + "x"}, "web", 22, "GitLab does not know", nil},
	} {
		folder := t.TempDir()
		write(t, filepath.Join(folder, "chart.tgz"), charttest.Simple(c.chart, fmt.Sprintf("0.1.%d", i)))
		args := append([]string{"--silent", "--show-error", "--fail-with-body", "--request", "POST", "--form", "chart=@chart.tgz"}, c.as...)
		o := process(t, folder, plainEnv(), "curl", append(args, channel)...)
		if o.code != c.code || !strings.Contains(o.stdout, c.says) {
			t.Fatalf("%s: exit code %d: %s%s", c.name, o.code, o.stdout, o.stderr)
		}
		if c.code == 0 {
			var answer struct{ ID string }
			decode(t, o.stdout, &answer)
			ids[answer.ID] = c.told
		}
	}
	s.waitFor(t, s.url+"/api/v4/projects/42/packages/helm/stable", credentials{"alice", accessSecret}, "published", func(all []headRelease) bool { return len(all) == 4 })
	for id, told := range ids {
		w.receiptTells(id, told)
	}
	s.stop()
	for _, words := range []string{`"who":"oidc ` + subject + ` (by rule main of`, `"who":"gitlab job 8 (by rule job of`, `"reason":"the token is valid, but no rule`} {
		if !strings.Contains(s.log.String(), words) {
			t.Errorf("the log does not say %s", words)
		}
	}
	w.hold(s, good, other, jobSecret, accessSecret)
}

// receiptTells checks what a receipt says of the uploader.
func (w *town) receiptTells(id string, told map[string]string) {
	w.t.Helper()
	var receipt droparea.Receipt
	decode(w.t, w.done("status", "--drop", "drop", "--site", "site", id, "--output", "json").stdout, &receipt)
	if receipt.Request == nil {
		w.t.Fatalf("the receipt of %s has no request", id)
	}
	for name, want := range told {
		if got := receipt.Request.Uploader[name]; got != want {
			w.t.Errorf("%s: the receipt has %q as %s, want %q", id, got, name, want)
		}
	}
}

// hold looks for the tokens in the log of a shim and in all files; and for
// claims in the public ones.
func (w *town) hold(s *shimProcess, tokens ...string) {
	w.t.Helper()
	text := map[string]string{"the log": s.log.String()}
	for _, folder := range []string{"drop", "site"} {
		for _, file := range filesIn(w.t, filepath.Join(w.folder, folder)) {
			text[folder+"/"+file] = string(read(w.t, filepath.Join(w.folder, folder, file)))
		}
	}
	for name, b := range text {
		for _, token := range tokens {
			if strings.Contains(b, token[:24]) || strings.Contains(b, token[len(token)-20:]) {
				w.t.Errorf("%s tells a token", name)
			}
		}
		if strings.HasPrefix(name, "site/") && (strings.Contains(b, "project_path:acme") || strings.Contains(b, "claim.")) {
			w.t.Errorf("%s is public, and tells a claim", name)
		}
	}
}

// TestForgeDown starts a shim while the issuer and GitLab are down. It serves,
// says so, and tells those who come with their tokens to come again.
func TestForgeDown(t *testing.T) {
	t.Parallel()
	f, w := newForge(t), newTown(t)
	w.writeForgeAuth(f)
	token := f.idToken("main")
	f.Close()
	s := w.shim("--auth", "auth.yaml", "--generate")
	for _, secret := range []string{token, jobSecret, accessSecret} {
		status, b := s.post(t, s.url+"/api/42/stable/charts", credentials{"gitlab-ci-token", secret}, charttest.Simple("app-web", "0.1.0"))
		if status != http.StatusServiceUnavailable || !strings.Contains(string(b), f.URL+" does not answer") || strings.Contains(string(b), "refused") {
			t.Errorf("got %d %s", status, b)
		}
	}
	s.stop()
	if !strings.Contains(s.log.String(), `"level":"WARN","msg":"cannot fetch the keys of an OIDC issuer`) {
		t.Error("there is no warning")
	}
}

// TestAuthCheck explains tokens as the shim sees them.
func TestAuthCheck(t *testing.T) {
	t.Parallel()
	f, w := newForge(t), newTown(t)
	w.writeForgeAuth(f)
	for _, c := range []struct {
		name, token string
		args        []string
		code        int
		says        []string
	}{
		{"allowed", f.idToken("main"), []string{"--channel", "42/stable", "--chart", "app-web"}, 0, []string{
			"who       oidc project_path:acme/app:ref_type:branch:ref:main\n", "issuer    " + f.URL + "\n", "rule      main (line 5) matches\n", "write     allowed by rule main\n", "force     denied\n", "read      denied\n"}},
		{"another chart", f.idToken("main"), []string{"--channel", "42/stable", "--chart", "web"}, 1, []string{"write     denied", "may not upload a chart called web to channel 42/stable"}},
		{"another channel", f.idToken("main"), []string{"--channel", "stable"}, 1, []string{"write     denied", "may not upload any chart to channel stable"}},
		{"no rule", f.idToken("next"), nil, 1, []string{`main (line 5) does not match: ref is "next", not "main"`, "no rule of this server matches"}},
		{"no token", "nonsense", nil, 1, []string{"not a token in the file"}},
		{"a job token", jobSecret, []string{"--channel", "42/x"}, 0, []string{"who       gitlab job 8", "rule      job (line 15) matches", `people (line 16) does not match: token is "job", not "access"`, "write     allowed by rule job"}},
		{"an older job token", "64_old", []string{"--username", "gitlab-ci-token"}, 1, []string{"GitLab does not know the job token"}},
		{"an access token", accessSecret, []string{"--channel", "42/x"}, 0, []string{"job (line 15) does not match: there is no claim ref", "read      allowed by rule people"}},
	} {
		write(t, filepath.Join(w.folder, "token"), []byte(c.token+"\n"))
		args := append([]string{"auth", "check", "--auth", "auth.yaml", "--token-file", "token"}, c.args...)
		o := w.run([]int{c.code}, args...)
		for _, words := range c.says {
			if !strings.Contains(o.stdout+o.stderr, words) {
				t.Errorf("%s: no %q in\n%s%s", c.name, words, o.stdout, o.stderr)
			}
		}
		if strings.Contains(o.stdout+o.stderr, c.token) {
			t.Errorf("%s: the token is printed", c.name)
		}
		var found struct {
			Error   string
			Refused string
			Rules   []struct{ Fits bool }
			Actions []struct{ Allowed bool }
		}
		decode(t, w.run([]int{c.code}, append(args, "--output", "json")...).stdout, &found)
		if (found.Error == "") != (c.code == 0) || c.code == 0 && (len(found.Rules) == 0 || !found.Actions[0].Allowed) {
			t.Errorf("%s: got %+v", c.name, found)
		}
	}
	f.Close()
	write(t, filepath.Join(w.folder, "token"), []byte(jobSecret))
	if o := w.run([]int{1}, "auth", "check", "--auth", "auth.yaml", "--token-file", "token"); !strings.Contains(o.stderr, "does not answer as it should: ") || strings.Contains(o.stderr, jobSecret) {
		t.Errorf("with GitLab down: %s", o.stderr)
	}
}
