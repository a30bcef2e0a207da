package auth

import (
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/portolan-charts/portolan/publisher/shim/reread"
)

// bearer identifies this token, from an address without failures.
func (w *world) bearer(token string) (*Identity, error) {
	w.t.Helper()
	w.pass(0)
	w.a.failures = newThrottle()
	return w.a.Identify(request(w.t, "Bearer "+token))
}

// refuses checks that a token is refused, with a reason that contains these words.
func (w *world) refuses(token, reason string) {
	w.t.Helper()
	id, err := w.bearer(token)
	if !errors.Is(err, ErrCredentials) || id != nil || !strings.Contains(err.Error(), reason) {
		w.t.Errorf("got %v, error %v; want a refusal with %q", id, err, reason)
	}
}

func (w *world) accepts(token string) {
	w.t.Helper()
	if _, err := w.bearer(token); err != nil {
		w.t.Errorf("got error %v", err)
	}
}

// TestOIDCClaims makes the claims wrong, one at a time.
func TestOIDCClaims(t *testing.T) {
	p := newProvider(t)
	w := newClockedWorld(t, p.oidcFile(mainRule))
	now := w.now().Unix()
	const noRule = "no rule of this server matches"
	for name, c := range map[string]struct {
		change claims
		reason string // "" if the token is accepted
	}{
		"as it is":                     {claims{}, ""},
		"an audience in a list":        {claims{"aud": []string{audience}}, ""},
		"issued in 29 s":               {claims{"iat": now + 29, "nbf": nil}, ""},
		"expired 29 s ago":             {claims{"exp": now - 29}, ""},
		"valid in 29 s":                {claims{"nbf": now + 29}, ""},
		"without nbf":                  {claims{"nbf": nil}, ""},
		"as old as may be":             {claims{"iat": now - 3600, "nbf": nil}, ""},
		"an older GitLab":              {claims{"job_project_id": nil, "job_project_path": nil}, ""},
		"no issuer":                    {claims{"iss": nil}, "an issuer that is not known"},
		"another issuer":               {claims{"iss": "https://gitlab.com"}, "an issuer that is not known"},
		"the issuer with a slash":      {claims{"iss": p.URL + "/"}, "an issuer that is not known"},
		"the issuer in capitals":       {claims{"iss": strings.ToUpper(p.URL)}, "an issuer that is not known"},
		"issuers":                      {claims{"iss": []string{p.URL}}, "not well formed"},
		"no audience":                  {claims{"aud": nil}, "for another audience"},
		"another audience":             {claims{"aud": "https://other.example.com"}, "for another audience"},
		"the audience with a slash":    {claims{"aud": audience + "/"}, "for another audience"},
		"two audiences":                {claims{"aud": []string{audience, "https://other.example.com"}}, "2 audiences"},
		"the audience twice":           {claims{"aud": []string{audience, audience}}, "2 audiences"},
		"an empty list of audiences":   {claims{"aud": []string{}}, "0 audiences"},
		"an audience that is a number": {claims{"aud": 42}, "wrong"},
		"no expiry":                    {claims{"exp": nil}, "no valid time in its claim exp"},
		"expired":                      {claims{"exp": now - 30}, "expired at"},
		"an expiry as text":            {claims{"exp": fmt.Sprint(now + 300)}, "no valid time in its claim exp"},
		"an expiry beyond all times":   {claims{"exp": 1e300}, "no valid time in its claim exp"},
		"an expiry of 0":               {claims{"exp": 0}, "no valid time in its claim exp"},
		"an expiry of -1":              {claims{"exp": -1}, "no valid time in its claim exp"},
		"not issued":                   {claims{"iat": nil}, "no valid time in its claim iat"},
		"issued as text":               {claims{"iat": fmt.Sprint(now)}, "no valid time in its claim iat"},
		"issued in the future":         {claims{"iat": now + 32, "nbf": nil}, "in the future"},
		"too old":                      {claims{"iat": now - 3632}, "older than 1h"},
		"not valid yet":                {claims{"nbf": now + 32}, "not valid yet"},
		"valid from a text on":         {claims{"nbf": "now"}, "wrong"},
		"another project":              {claims{"project_id": "43", "job_project_id": "43"}, noRule},
		"no project":                   {claims{"project_id": nil, "job_project_id": nil}, noRule},
		"a project as a number":        {claims{"project_id": 42, "job_project_id": 42}, noRule},
		"projects":                     {claims{"project_id": []string{"42"}}, noRule},
		"a project as an object":       {claims{"project_id": map[string]string{"42": "42"}}, noRule},
		"a project and a blank":        {claims{"project_id": "42 ", "job_project_id": "42 "}, noRule},
		"another ref":                  {claims{"ref": "main2"}, noRule},
		"a ref in capitals":            {claims{"ref": "Main"}, noRule},
		"an empty ref":                 {claims{"ref": ""}, noRule},
		"null as ref":                  {claims{"ref": json.RawMessage("null")}, noRule},
		"a ref not protected":          {claims{"ref_protected": "false"}, noRule},
		"nothing about protection":     {claims{"ref_protected": nil}, noRule},
		"protection not a string":      {claims{"ref_protected": true}, noRule},
		"protection in capitals":       {claims{"ref_protected": "True"}, noRule},
		"a fork's merge request":       {claims{"job_project_id": "99"}, noRule},
		"a fork as a number":           {claims{"job_project_id": 42}, noRule},
		"null for the job's project":   {claims{"job_project_id": json.RawMessage("null")}, noRule},
		"a merge request":              {claims{"pipeline_source": "merge_request_event"}, noRule},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{t: t, a: w.a, clock: w.clock}
			token := p.token(p.gitlabJob(w.now(), c.change))
			if c.reason == "" {
				w.accepts(token)
				return
			}
			w.refuses(token, c.reason)
		})
	}
}

// TestOIDCForms presents malformed tokens, and tokens signed in ways that are not
// allowed.
func TestOIDCForms(t *testing.T) {
	p := newProvider(t)
	ec, ec384, small, other := ecKey(t, "ec", elliptic.P256()), ecKey(t, "ec384", elliptic.P384()), rsaKey(t, "k1"), rsaKey(t, "other")
	rs := rsaKey(t, "k1")
	for512 := rsaKey(t, "k512")
	for512.Algorithm = "RS512"
	encrypting := rsaKey(t, "enc")
	encrypting.Use = "enc"
	nameless := rsaKey(t, "nameless")
	nameless.KeyID = ""
	p.has(rs, ec, ec384, for512, encrypting, nameless, jose.JSONWebKey{Key: other.Public().Key, KeyID: "k1"})
	w := newClockedWorld(t, p.oidcFile(mainRule))
	c := p.gitlabJob(w.now())
	public, err := x509.MarshalPKIXPublicKey(rs.Public().Key)
	if err != nil {
		t.Fatal(err)
	}
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	good := signed(t, jose.RS256, rs.Key, "k1", c)
	parts := strings.Split(good, ".")
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	payload, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	w.accepts(good)
	w.accepts(signed(t, jose.ES256, ec.Key, "ec", c))
	w.accepts(signed(t, jose.RS256, other.Key, "k1", c)) // one of two keys of this id
	for name, c := range map[string]struct{ token, reason string }{
		"none":                      {encode(`{"alg":"none","kid":"k1"}`) + "." + encode(string(payload)) + ".", "not signed with RS256"},
		"none with a signature":     {encode(`{"alg":"none","kid":"k1"}`) + "." + encode(string(payload)) + "." + parts[2], "not signed with RS256"},
		"None":                      {encode(`{"alg":"None","kid":"k1"}`) + "." + encode(string(payload)) + ".", "not signed with RS256"},
		"no algorithm":              {encode(`{"kid":"k1"}`) + "." + parts[1] + "." + parts[2], "not signed with RS256"},
		"HMAC with the public key":  {signed(t, jose.HS256, asPEM, "k1", c), "not signed with RS256"},
		"HMAC with the key's DER":   {signed(t, jose.HS256, public, "k1", c), "not signed with RS256"},
		"RS512":                     {signed(t, jose.RS512, rs.Key, "k1", c), "not signed with RS256"},
		"PS256":                     {signed(t, jose.PS256, rs.Key, "k1", c), "not signed with RS256"},
		"ES384":                     {signed(t, jose.ES384, ec384.Key, "ec384", c), "not signed with RS256"},
		"another algorithm's key":   {signed(t, jose.RS256, rs.Key, "ec", c), "signature or form is wrong"},
		"a key for RS512":           {signed(t, jose.RS256, for512.Key, "k512", c), "a key that its issuer does not have"},
		"a key for encryption":      {signed(t, jose.RS256, encrypting.Key, "enc", c), "a key that its issuer does not have"},
		"no key named":              {signed(t, jose.RS256, rs.Key, "", c), "does not name the key"},
		"a key without a name":      {signed(t, jose.RS256, nameless.Key, "", c), "does not name the key"},
		"another's key":             {signed(t, jose.RS256, rsaKey(t, "stranger").Key, "k1", c), "signature or form is wrong"},
		"another's key by its name": {signed(t, jose.RS256, rsaKey(t, "stranger").Key, "stranger", c), "a key that its issuer does not have"},
		"other claims":              {parts[0] + "." + encode(strings.Replace(string(payload), `"42"`, `"43"`, 1)) + "." + parts[2], "signature or form is wrong"},
		"no signature":              {parts[0] + "." + parts[1] + ".", "signature or form is wrong"},
		"a signature cut off":       {good[:len(good)-8], "signature or form is wrong"},
		"padding":                   {parts[0] + "==." + parts[1] + "." + parts[2], "not well formed"},
		"an unknown crit header":    {encode(`{"alg":"RS256","kid":"k1","crit":["x"],"x":1}`) + "." + parts[1] + "." + parts[2], "wrong"},
		"claims not in an object":   {signed(t, jose.RS256, small.Key, "k1", []string{"x"}), "not well formed"},
		"no claims":                 {parts[0] + ".." + parts[2], "not well formed"},
		"nonsense":                  {"eyJ.eyJ.eyJ", "not well formed"},
		"huge":                      {signed(t, jose.RS256, rs.Key, "k1", p.gitlabJob(w.now(), claims{"x": strings.Repeat("x", maxJWT)})), "longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{t: t, a: w.a, clock: w.clock}
			w.refuses(c.token, c.reason)
		})
	}
}

// TestOIDCEmbeddedKey signs with a key that is in the token's own header.
func TestOIDCEmbeddedKey(t *testing.T) {
	p := newProvider(t)
	w := newClockedWorld(t, p.oidcFile(mainRule))
	options := (&jose.SignerOptions{EmbedJWK: true}).WithHeader("kid", "k1")
	w.refuses(signedAs(t, jose.RS256, rsaKey(t, "stranger").Key, options, p.gitlabJob(w.now())), "signature or form is wrong")
}

// TestOIDCAlone checks that a secret that looks like a JWT is not tried as anything
// else, except if the file has no issuers.
func TestOIDCAlone(t *testing.T) {
	const password = "eyJ0.a.b"
	p := newProvider(t)
	users := "htpasswd: htpasswd\nusers: [{name: alice, scopes: [\"write:**\"]}]\n"
	w := newWorld(t, users, hashed(t, "alice", password))
	w.a.failures = newThrottle()
	if id, err := w.a.Identify(request(t, basic("alice", password))); err != nil || id.String() != "user alice" {
		t.Errorf("without issuers: got %v, error %v", id, err)
	}
	w.write("auth.yaml", users+p.oidcFile(mainRule)+fmt.Sprintf("tokens:\n  - {id: listed, hash: %q, scopes: [\"read:**\"]}\n", HashToken("eyJ1.c.d")))
	w.pass(reread.Every)
	if id, err := w.a.Identify(request(t, basic("alice", password))); !errors.Is(err, ErrCredentials) {
		t.Errorf("a password like a JWT: got %v, error %v", id, err)
	}
	if id, err := w.a.Identify(request(t, basic("x", "eyJ1.c.d"))); err != nil || id.String() != "token listed" {
		t.Errorf("a listed token like a JWT: got %v, error %v", id, err)
	}
}

// TestOIDCThrottled lets an address fail too often, and checks that a good token still
// works.
func TestOIDCThrottled(t *testing.T) {
	p := newProvider(t)
	w := newClockedWorld(t, p.oidcFile(mainRule))
	good, bad := p.token(p.gitlabJob(w.now())), p.token(p.gitlabJob(w.now(), claims{"ref": "x"}))
	for range failuresAtOnce {
		if _, err := w.a.Identify(request(t, "Bearer "+bad)); !errors.Is(err, ErrCredentials) {
			t.Fatalf("got error %v", err)
		}
	}
	if _, err := w.a.Identify(request(t, "Bearer "+bad)); !errors.As(err, new(Throttled)) {
		t.Errorf("after %d failures: got error %v", failuresAtOnce, err)
	}
	if _, err := w.a.Identify(request(t, "Bearer "+good)); err != nil {
		t.Errorf("a good token: got error %v", err)
	}
}

// TestGitHub matches rules with jobs of GitHub Actions.
func TestGitHub(t *testing.T) {
	p := newProvider(t)
	w := newClockedWorld(t, p.oidcFile(`    - name: prod
      claims:
        repository_id: "74"
        repository_owner_id: "65"
        job_workflow_ref: acme/ci/.github/workflows/publish.yml@refs/heads/main
        ref: refs/heads/main
        environment: prod
      scopes: ["write:stable"]
`))
	w.accepts(p.token(p.githubJob(w.now())))
	w.accepts(p.token(p.githubJob(w.now(), claims{"event_name": "workflow_dispatch"})))
	for _, change := range []claims{
		{"repository_id": "75"}, {"repository_owner_id": "66"}, {"job_workflow_ref": "acme/ci/.github/workflows/publish.yml@refs/heads/x"},
		{"ref": "refs/heads/main2"}, {"environment": nil}, {"event_name": "pull_request"}, {"event_name": "pull_request_target"}, {"event_name": "pull_request_review"},
	} {
		w.refuses(p.token(p.githubJob(w.now(), change)), "no rule")
	}
}

// TestOIDCRules checks what rules may change, such as protected.
func TestOIDCRules(t *testing.T) {
	p := newProvider(t)
	w := newClockedWorld(t, p.oidcFile(`    - {name: any, claims: {project_id: "42"}, protected: false, scopes: ["write:dev"]}
    - {name: mr, claims: {project_id: "42", pipeline_source: merge_request_event}, protected: false, scopes: ["write:mr"]}
    - {name: robot, claims: {sub: "system:serviceaccount:ci:robot"}, scopes: ["read:**"]}
`)+"    maxAge: 5m\n")
	for rules, change := range map[string]claims{
		"any":   {"ref": "feature", "ref_protected": "false"},
		"mr":    {"ref_protected": "false", "pipeline_source": "merge_request_event"},
		"robot": {"sub": "system:serviceaccount:ci:robot", "project_id": nil, "job_project_id": nil, "ref_protected": nil},
	} {
		id, err := w.bearer(p.token(p.gitlabJob(w.now(), change)))
		if err != nil {
			t.Errorf("%s: %v", rules, err)
			continue
		}
		if got := strings.Join(id.rules(), " "); got != rules {
			t.Errorf("rules %s match, want %s", got, rules)
		}
	}
	w.refuses(p.token(p.gitlabJob(w.now(), claims{"job_project_id": "99", "pipeline_source": "merge_request_event", "ref_protected": "false"})), "no rule")
	w.refuses(p.token(p.gitlabJob(w.now(), claims{"iat": w.now().Add(-6 * time.Minute).Unix()})), "older than 5m")
}

// TestJobURL checks that the URL of the job's page is found, unless the claims are
// odd.
func TestJobURL(t *testing.T) {
	for _, c := range []struct {
		issuer string
		claims claims
		want   string
	}{
		{"https://gitlab.example.com", claims{"project_path": "acme/sub/app", "job_id": "8"}, "https://gitlab.example.com/acme/sub/app/-/jobs/8"},
		{"https://example.com/gitlab/", claims{"project_path": "acme/app", "job_id": "8"}, "https://example.com/gitlab/acme/app/-/jobs/8"},
		{githubIssuer, claims{"repository": "acme/app.go", "run_id": "9"}, "https://github.com/acme/app.go/actions/runs/9"},
		{githubIssuer, claims{"project_path": "acme/app", "job_id": "8"}, ""},
		{"https://gitlab.example.com", claims{"project_path": "acme/../app", "job_id": "8"}, ""},
		{"https://gitlab.example.com", claims{"project_path": "acme/app?x", "job_id": "8"}, ""},
		{"https://gitlab.example.com", claims{"project_path": "acme/app", "job_id": 8}, ""},
		{"https://gitlab.example.com", claims{"project_path": "acme/app", "job_id": "8#"}, ""},
		{"https://gitlab.example.com", claims{}, ""},
	} {
		if got := c.claims.job(c.issuer); got != c.want {
			t.Errorf("%v: got %q, want %q", c.claims, got, c.want)
		}
	}
}

func FuzzJWT(f *testing.F) {
	for _, text := range []string{"eyJ.e30.x", "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJpc3MiOiJ4In0.c2ln", "..", "eyJhbGciOiJub25lIn0.e30."} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseJWT(text)
		if (err == nil) != (parsed != nil) || err != nil && !errors.Is(err, ErrCredentials) {
			t.Fatalf("%q: got %+v, error %v", text, parsed, err)
		}
		if parsed != nil && (parsed.key == "" || parsed.algorithm != jose.RS256 && parsed.algorithm != jose.ES256) {
			t.Errorf("%q: got %+v", text, parsed)
		}
	})
}
