package auth

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/shim/reread"
)

const (
	issuerHead = "oidc:\n- issuer: https://gitlab.example.com\n  audience: https://charts.example.com\n"
	gitlabHead = "gitlab:\n  url: https://gitlab.example.com\n"
	someScopes = "scopes: [\"write:a\"]"
)

// Every mistake in a rule is reported with the file, the line and the fix.
func TestRuleErrors(t *testing.T) {
	oidcRule := func(rule string) string { return issuerHead + "  rules:\n  - {" + rule + "}\n" }
	gitlabRule := func(rule string) string { return gitlabHead + "  rules:\n  - {" + rule + "}\n" }
	for name, c := range map[string]struct{ text, want string }{
		"oidc no list":         {"oidc: {}\n", "auth.yaml:1: oidc: must be a list"},
		"no issuer":            {"oidc: [{audience: a, rules: []}]\n", `oidc[0]: the key "issuer" is missing`},
		"no audience":          {"oidc: [{issuer: https://a.example, rules: []}]\n", `oidc[0]: the key "audience" is missing`},
		"no rules":             {issuerHead, `auth.yaml:2: oidc[0]: the key "rules" is missing`},
		"empty rules":          {issuerHead + "  rules: []\n", "auth.yaml:4: oidc[0].rules: is empty"},
		"unknown key":          {issuerHead + "  audiences: []\n", `oidc[0]: unknown key; did you mean "audience"?`},
		"audiences":            {"oidc: [{issuer: https://a.example, audience: [a, b], rules: []}]\n", "oidc[0].audience: must be a single value"},
		"issuer by http":       {"oidc: [{issuer: http://a.example, audience: a, rules: []}]\n", "oidc[0].issuer: must begin with https://; http:// is only for servers on this machine"},
		"issuer without host":  {"oidc: [{issuer: gitlab.com, audience: a, rules: []}]\n", "oidc[0].issuer: must be a URL such as https://gitlab.example.com"},
		"issuer with query":    {"oidc: [{issuer: \"https://a.example?x\", audience: a, rules: []}]\n", "without user name, query and fragment"},
		"issuer with password": {"oidc: [{issuer: \"https://a:b@a.example\", audience: a, rules: []}]\n", "without user name, query and fragment"},
		"jwks a file":          {issuerHead + "  jwks: file:///keys\n", "oidc[0].jwks: must be a URL"},
		"issuer twice":         {issuerHead + "  rules: [{claims: {sub: a}, " + someScopes + "}]\n" + strings.TrimPrefix(issuerHead, "oidc:\n"), "auth.yaml:5: oidc[1]: is the issuer of line 2 again; write its rules there"},
		"age no time":          {issuerHead + "  maxAge: 60\n", "oidc[0].maxAge: must be a time from 1m to 24h, such as 90m"},
		"age too long":         {issuerHead + "  maxAge: 25h\n", "oidc[0].maxAge: must be a time from 1m to 24h"},
		"age too short":        {issuerHead + "  maxAge: 59s\n", "oidc[0].maxAge: must be a time from 1m to 24h"},
		"rule without claims":  {oidcRule(someScopes), `auth.yaml:5: oidc[0].rules[0]: the key "claims" is missing`},
		"rule without scopes":  {oidcRule(`claims: {sub: a}`), `oidc[0].rules[0]: the key "scopes" is missing`},
		"rule of nothing":      {oidcRule(`claims: {}, ` + someScopes), `oidc[0].rules[0].claims: must be claims and their exact values, such as {project_id: "42", ref: main}`},
		"claim a number":       {oidcRule(`claims: {project_id: 42}, ` + someScopes), "oidc[0].rules[0].claims.*: must be text; put it in quotes"},
		"claim a bool":         {oidcRule(`claims: {sub: a, ref_protected: true}, ` + someScopes), "claims.*: must be text; put it in quotes"},
		"claim a list":         {oidcRule(`claims: {sub: [a, b]}, ` + someScopes), "claims.*: must be a single value"},
		"claim twice":          {oidcRule(`claims: {sub: a, sub: b}, ` + someScopes), "claims.*: the key occurs twice"},
		"claim of all":         {oidcRule(`claims: {ref: main, ref_type: branch, ref_protected: "true"}, ` + someScopes), "does not say whose job it is"},
		"claim of a workflow":  {oidcRule(`claims: {job_workflow_ref: a/b/.github/workflows/x.yml@refs/heads/main}, ` + someScopes), "does not say whose job it is"},
		"claim always checked": {oidcRule(`claims: {sub: a, aud: b}, ` + someScopes), "names the claim aud, which rules cannot use; remove it"},
		"pull requests":        {oidcRule(`claims: {repository_id: "1", event_name: pull_request_target}, ` + someScopes), "pull requests start are always refused"},
		"ref not protected":    {oidcRule(`claims: {project_id: "1", ref_protected: "false"}, ` + someScopes), "can never match: without 'protected: false'"},
		"protected as text":    {oidcRule(`claims: {sub: a}, protected: "no", ` + someScopes), "oidc[0].rules[0].protected: must be true or false"},
		"name a number":        {oidcRule(`name: "2", claims: {sub: a}, ` + someScopes), "oidc[0].rules[0].name: must be 1 to 64 letters, digits, '.', '_' or '-', and not just a number"},
		"name with blank":      {oidcRule(`name: a b, claims: {sub: a}, ` + someScopes), "oidc[0].rules[0].name: must be 1 to 64"},
		"name twice":           {oidcRule(`name: a, claims: {sub: a}, `+someScopes) + "  - {name: a, claims: {sub: b}, " + someScopes + "}\n", "auth.yaml:6: oidc[0].rules[1]: has the same name as the rule in line 5; names must differ"},
		"bad scope":            {oidcRule(`claims: {sub: a}, scopes: [stable]`), "oidc[0].rules[0].scopes[0]: must be read:, write:, force:, yank:, promote: or rollback:"},
		"bad charts":           {oidcRule(`claims: {sub: a}, scopes: ["write:a"], charts: ["["]`), "oidc[0].rules[0].charts[0]: is not a valid pattern"},
		"gitlab no mapping":    {"gitlab: []\n", "auth.yaml:1: gitlab: must be a mapping"},
		"gitlab no url":        {"gitlab: {rules: []}\n", `gitlab: the key "url" is missing`},
		"gitlab by http":       {"gitlab: {url: http://gitlab.example.com, rules: []}\n", "gitlab.url: must begin with https://"},
		"gitlab no project":    {gitlabRule(`claims: {user_id: "1", token: access}, ` + someScopes), "gitlab.rules[0]: must have the claim project_id, which is the project's number in quotes"},
		"gitlab a path":        {gitlabRule(`claims: {project_id: acme/app, token: access}, ` + someScopes), "which is the project's number in quotes"},
		"gitlab other claim":   {gitlabRule(`claims: {project_id: "1", namespace_id: "2"}, ` + someScopes), "gitlab.rules[0]: has an unknown claim; GitLab's own tokens have only token, project_id, user_id, ref, ref_type, pipeline_source, user_login"},
		"gitlab other token":   {gitlabRule(`claims: {project_id: "1", token: deploy}, ` + someScopes), "neither job nor access"},
		"gitlab protected":     {gitlabRule(`claims: {project_id: "1", ref: main}, ` + someScopes), "gitlab.rules[0]: matches no job token: GitLab does not say whether the ref of a job token is protected"},
		"gitlab prefix":        {gitlabHead + "  tokenPrefix: g\n", "gitlab.tokenPrefix: must be what this GitLab's personal access tokens begin with"},
		"gitlab our prefix":    {gitlabHead + "  tokenPrefix: ptl_\n", "gitlab.tokenPrefix: must be"},
		"gitlab many projects": {gitlabHead + "  rules:\n" + manyProjects(), "gitlab: names 33 projects"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "auth.yaml")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if a, err := Open(path, nil, nil); err == nil || a != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func manyProjects() string {
	var b strings.Builder
	for i := range maxProjects + 1 {
		fmt.Fprintf(&b, "  - {claims: {project_id: \"%d\", token: access}, %s}\n", i+1, someScopes)
	}
	return b.String()
}

// TestRuleWarnings checks the warnings of rules that are allowed, but perhaps
// mistakes.
func TestRuleWarnings(t *testing.T) {
	for rule, want := range map[string]string{
		issuerHead + `  rules: [{claims: {project_path: acme/app}, ` + someScopes + "}]\n":                                                     "auth.yaml:4: oidc[0].rules[0]: somebody else may get this project_path one day; add project_id, which never changes",
		issuerHead + `  rules: [{claims: {repository: acme/app}, ` + someScopes + "}]\n":                                                       "add repository_id",
		issuerHead + `  rules: [{claims: {repository: acme/app, repository_id: "1"}, ` + someScopes + "}]\n":                                   "",
		issuerHead + `  rules: [{claims: {project_id: "1", ref: main}, ` + someScopes + "}]\n":                                                 "",
		issuerHead + `  rules: [{claims: {project_id: "1", ref: main}, protected: false, ` + someScopes + "}]\n":                               "a tag with the same name as the branch matches too",
		issuerHead + `  rules: [{claims: {project_id: "1", ref: main, ref_type: branch}, protected: false, ` + someScopes + "}]\n":             "",
		gitlabHead + `  rules: [{claims: {project_id: "1", ref: main}, protected: false, ` + someScopes + "}]\n":                               "a tag with the same name as the branch matches too",
		gitlabHead + `  rules: [{claims: {project_id: "1"}, ` + someScopes + "}]\n":                                                            "matches access tokens of maintainers, but no job token",
		gitlabHead + `  rules: [{claims: {project_id: "1", token: access}, ` + someScopes + "}]\n":                                             "",
		gitlabHead + `  rules: [{claims: {project_id: "1", token: job, ref: main, ref_type: branch}, protected: false, ` + someScopes + "}]\n": "",
	} {
		f, err := parseFile([]byte(rule), "auth.yaml")
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			continue
		}
		if got := strings.Join(f.warnings, "\n"); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: got %q, want %q", rule, got, want)
		}
	}
}

// TestVouchedCanary presents tokens of other servers in every way, right and wrong,
// and puts them into every wrong place in the file. No token may be in an answer or
// in the log.
func TestVouchedCanary(t *testing.T) {
	p, g := newProvider(t), newStandIn(t)
	good := p.oidcFile(mainRule) + g.file(gitlabRules)
	w := newClockedWorld(t, good)
	right, wrong := p.token(p.gitlabJob(w.now())), p.token(p.gitlabJob(w.now(), claims{"ref": "x"}))
	var told strings.Builder
	identify := func() {
		for _, secret := range []string{right, wrong, right[:len(right)-9], jobSecret, jobSecret + "x", patSecret, patSecret + "x"} {
			for _, header := range []string{"Bearer " + secret, basic("gitlab-ci-token", secret), basic("x", secret), basic(secret, secret), basic(secret, "x"), basic(secret, right), secret} {
				w.a.failures = newThrottle()
				id, err := w.a.Identify(request(t, header))
				fmt.Fprintln(&told, err)
				if err == nil {
					uploader, _ := json.Marshal(id.Uploader())
					fmt.Fprintf(&told, "%v %+v %#v %s\n", id, *id, *id, uploader)
				}
			}
		}
	}
	identify()
	p.Close()
	g.Close()
	w.pass(time.Hour)
	identify()
	for _, secret := range []string{right, jobSecret, patSecret} {
		for _, text := range []string{
			"oidc: " + secret, "oidc: [" + secret + "]", "oidc: [{issuer: '" + secret + "', audience: [" + secret + "], jwks: " + secret + ", maxAge: " + secret + ", rules: " + secret + "}]",
			"oidc: [{" + secret + ": x}]", issuerHead + "  rules: [{name: '" + secret + " ', protected: " + secret + ", claims: " + secret + ", scopes: [" + secret + "]}]",
			issuerHead + "  rules: [{claims: {" + secret + ": 1}, scopes: [], " + secret + ": x}]", issuerHead + "  rules: [{claims: {" + secret + ": [" + secret + "], " + secret + ": b}}]",
			"gitlab: " + secret, "gitlab: {url: " + secret + ", tokenPrefix: " + secret + ", rules: [" + secret + "]}", "gitlab: {url: 'https://a:" + secret + "@b', token: " + secret + "}",
			gitlabHead + "  rules: [{claims: {" + secret + ": x, project_id: " + secret + ", token: " + secret + "}, scopes: []}]",
		} {
			w.write("auth.yaml", text+"\n")
			w.pass(time.Minute)
			w.a.policy.Get()
		}
	}
	if n := strings.Count(w.log.String(), "level=ERROR"); n != 33 {
		t.Errorf("%d bad files were logged, want 33", n)
	}
	all := told.String() + w.log.String()
	for _, secret := range []string{right, wrong, jobSecret, patSecret} {
		for _, part := range []string{secret[6:26], secret[len(secret)-16:], base64.StdEncoding.EncodeToString([]byte(secret))[4:24]} {
			if i := strings.Index(all, part); i >= 0 {
				t.Errorf("a token leaked: …%s…", all[max(0, i-200):min(len(all), i+100)])
			}
		}
	}
}

// TestGitLabReload changes the file, and checks that the next request is judged by the
// new one.
func TestGitLabReload(t *testing.T) {
	g, p := newStandIn(t), newProvider(t)
	w := newClockedWorld(t, g.file(gitlabRules))
	w.accepts(jobSecret)
	w.write("auth.yaml", g.file(strings.Replace(gitlabRules, "ref: main", "ref: next", 1)))
	w.pass(reread.Every)
	w.refuses(jobSecret, "no rule")
	w.write("auth.yaml", p.oidcFile(mainRule))
	w.pass(reread.Every)
	w.refuses(jobSecret, "wrong or has expired")
	w.accepts(p.token(p.gitlabJob(w.now())))
}
