package auth

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jellydator/ttlcache/v3"
)

// TestJobToken uses job tokens as GitLab's users do.
func TestJobToken(t *testing.T) {
	g := newStandIn(t)
	w := newClockedWorld(t, g.file(gitlabRules))
	for _, header := range []string{basic("gitlab-ci-token", jobSecret), "Bearer " + jobSecret, basic("x", jobSecret)} {
		id, err := w.a.Identify(request(t, header))
		if err != nil {
			t.Fatal(err)
		}
		if want := "gitlab job 8 (by rule main of " + g.URL + ")"; id.String() != want {
			t.Errorf("got %s, want %s", id, want)
		}
		told := map[string]string{"gitlab": "job 8", "issuer": g.URL, "rule": "main", "claim.project_id": "42", "claim.ref": "main", "claim.ref_type": "branch"}
		if !maps.Equal(id.Uploader(), told) {
			t.Errorf("a receipt tells %v, want %v", id.Uploader(), told)
		}
	}
	if n := g.asked.Load(); n != 1 {
		t.Errorf("GitLab was asked %d times, want once", n)
	}
	if id, err := w.a.Identify(request(t, basic("gitlab-ci-token", patSecret))); err != nil || id.name != "access token 4" {
		t.Errorf("an access token with a job's user name: got %v, error %v", id, err)
	}
	g.says("", "")
	w.pass(gitlabFor - time.Second)
	w.accepts(jobSecret)
	w.pass(time.Second)
	w.refuses(jobSecret, "does not know the job token")
	w.refuses("glcbt-unknown", "does not know the job token")
	if _, err := w.a.Identify(request(t, basic("gitlab-ci-token", "an old token"))); !errors.Is(err, ErrCredentials) {
		t.Errorf("a job token with a blank: got error %v", err)
	}
	g.jobs["64_old"] = jobJSON
	if id, err := w.a.Identify(request(t, basic("gitlab-ci-token", "64_old"))); err != nil || id.kind != "gitlab" {
		t.Errorf("a job token of an older GitLab: got %v, error %v", id, err)
	}
}

// TestJobClaims makes GitLab's answers wrong, one at a time.
func TestJobClaims(t *testing.T) {
	g := newStandIn(t)
	w := newClockedWorld(t, g.file(gitlabRules))
	for _, c := range []struct{ from, to, reason string }{
		{`"project_id": 42`, `"project_id": 41`, "no rule"},
		{`"ref": "main", "artifacts"`, `"ref": "next", "artifacts"`, "no rule"},
		{`"ref": "main", "artifacts"`, `"ref": "refs/merge-requests/2/head", "artifacts"`, "no rule"},
		{`"tag": false`, `"tag": true`, "no rule"},
		{`"source": "push"`, `"source": "merge_request_event"`, "no rule"},
		{`"source": "push", `, ``, ""},
		{`"user": {`, `"nobody": {`, ""},
	} {
		w.pass(gitlabFor)
		g.says(strings.Replace(jobJSON, c.from, c.to, 1), "")
		if c.reason == "" {
			w.accepts(jobSecret)
		} else {
			w.refuses(jobSecret, c.reason)
		}
	}
	for _, answer := range []string{"<html>", "[]", "{}", "null", `{"id": "8"}`, strings.Replace(jobJSON, `"project_id": 42`, `"x": 1`, 1), strings.Replace(jobJSON, `"project_id": 42`, `"project_id": -42`, 1)} {
		w.pass(gitlabFor)
		g.says(answer, "")
		w.unavailable(jobSecret, "answer")
	}
}

// TestJobMergeRequest checks that the job token of a merge request is accepted only by a
// rule that names those. GitLab does not say whether it comes from a fork, as README.md
// tells.
func TestJobMergeRequest(t *testing.T) {
	g := newStandIn(t)
	job := strings.Replace(jobJSON, `"ref": "main", "artifacts"`, `"ref": "refs/merge-requests/2/head", "artifacts"`, 1)
	g.says(job, "")
	rule := "    - {claims: {project_id: \"42\"%s}, protected: false, scopes: [\"write:dev\"]}\n"
	newClockedWorld(t, g.file(fmt.Sprintf(rule, ""))).refuses(jobSecret, "no rule")
	newClockedWorld(t, g.file(fmt.Sprintf(rule, ", pipeline_source: merge_request_event"))).accepts(jobSecret)
}

// TestAccessToken checks that access tokens of people and bots count by their role.
func TestAccessToken(t *testing.T) {
	g := newStandIn(t)
	w := newClockedWorld(t, g.file(gitlabRules))
	id, err := w.bearer(patSecret)
	if err != nil {
		t.Fatal(err)
	}
	if want := "gitlab access token 4 (by rules people, developers of " + g.URL + ")"; id.String() != want {
		t.Errorf("got %s, want %s", id, want)
	}
	if !id.MayChart(Force, "stable", "app-web") || id.MayChart(Write, "stable", "web") || !id.MayChart(Write, "dev", "web") || id.May(Write, "x") {
		t.Errorf("%s has the wrong permissions", id)
	}
	w.accepts(patSecret)
	if n := g.asked.Load(); n != 5 { // about the token and four projects
		t.Errorf("GitLab was asked %d times, want 5", n)
	}
	w.pass(gitlabFor)
	g.says("", strings.Replace(tokenJSON, `["api"]`, `["read_api", "read_repository"]`, 1))
	if id, err = w.bearer(patSecret); err != nil || id.May(Write, "stable") || id.May(Force, "stable") || !id.May(Read, "stable") {
		t.Errorf("with read_api: got %v, error %v", id, err)
	}
	today := w.now().UTC().Format(time.DateOnly)
	for _, c := range []struct{ from, to, reason string }{
		{`"revoked": false`, `"revoked": true`, "not active"},
		{`"active": true`, `"active": false`, "not active"},
		{`"active": true, `, ``, "not active"},
		{`"expires_at": null`, `"expires_at": "2020-01-31"`, "expired"},
		{`"expires_at": null`, `"expires_at": "` + today + `"`, "expired"},
		{`"expires_at": null`, `"expires_at": "soon"`, "expired"},
		{`["api"]`, `["read_repository", "write_repository"]`, "scope api"},
		{`["api"]`, `[]`, "scope api"},
	} {
		w.pass(gitlabFor)
		g.says("", strings.Replace(tokenJSON, c.from, c.to, 1))
		w.refuses(patSecret, c.reason)
	}
	w.pass(refusedFor)
	g.says("", strings.Replace(tokenJSON, `"expires_at": null`, `"expires_at": "2999-01-31"`, 1))
	w.accepts(patSecret)
	w.pass(gitlabFor)
	g.members[patSecret] = map[string]int{"42": developer, "44": developer}
	if id, err = w.bearer(patSecret); err != nil || strings.Join(id.rules(), " ") != "reporters" {
		t.Errorf("as a developer: got %v, error %v", id, err)
	}
	w.pass(gitlabFor)
	g.members = nil
	w.refuses(patSecret, "no rule")
	w.refuses("glpat-unknown", "does not know the access token")
}

// TestGitLabAlone checks that GitLab is sent only its own tokens.
func TestGitLabAlone(t *testing.T) {
	g := newStandIn(t)
	users := "htpasswd: htpasswd\nusers: [{name: alice, scopes: [\"write:**\"]}]\n"
	w := newWorld(t, users+strings.Replace(g.file(gitlabRules), "  rules:", "  tokenPrefix: acme-\n  rules:", 1), hashed(t, "alice", "correct horse", "gitlab-ci-token", "correct horse"))
	if id, err := w.a.Identify(request(t, basic("alice", "correct horse"))); err != nil || id.String() != "user alice" {
		t.Errorf("a password: got %v, error %v", id, err)
	}
	for _, header := range []string{basic("alice", "wrong"), "Bearer " + foreign, "Bearer " + patSecret, "Bearer " + MakeToken(), basic(jobSecret, "x"), basic("x", "x"+jobSecret), basic("gitlab-ci-token", "eyJ.a.b")} {
		if _, err := w.a.Identify(request(t, header)); !errors.Is(err, ErrCredentials) {
			t.Errorf("%s: got error %v", header, err)
		}
	}
	if n := g.asked.Load(); n != 0 {
		t.Errorf("GitLab was asked %d times about other secrets", n)
	}
	if id, err := w.a.Identify(request(t, basic("gitlab-ci-token", "correct horse"))); !errors.Is(err, ErrCredentials) {
		t.Errorf("a job's user name with a password: got %v, error %v", id, err)
	}
	g.tokens["acme-1"], g.members["acme-1"] = tokenJSON, map[string]int{"42": maintainer}
	w.accepts("acme-1")
}

// TestGitLabDown has GitLab fail. The token is then neither accepted nor refused,
// and the attempt does not count as a failure.
func TestGitLabDown(t *testing.T) {
	g, elsewhere := newStandIn(t), newStandIn(t)
	w := newClockedWorld(t, g.file(gitlabRules))
	patience := w.a.client.Timeout
	for why, answer := range map[string]http.HandlerFunc{
		"502": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"429": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusFound)
		},
		"too long":    func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"larger than": func(w http.ResponseWriter, r *http.Request) { endless(w) },
		"not the":     func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html>") },
	} {
		g.serves(answer)
		w.a.client.Timeout = patience
		if why == "too long" {
			w.a.client.Timeout = hasty
		}
		for _, secret := range []string{jobSecret, patSecret} {
			w.unavailable(secret, why)
		}
	}
	if elsewhere.asked.Load() > 0 {
		t.Error("a redirect was followed, with a token")
	}
	for range 2 * failuresAtOnce {
		if _, err := w.a.Identify(request(t, "Bearer "+jobSecret)); !errors.As(err, new(*Unavailable)) {
			t.Fatalf("got error %v", err)
		}
	}
	g.serves(nil)
	w.a.client.Timeout = patience
	w.accepts(jobSecret)
}

// TestGitLabThrottled guesses many tokens, and checks that GitLab is not asked about
// every guess.
func TestGitLabThrottled(t *testing.T) {
	g := newStandIn(t)
	w := newClockedWorld(t, g.file(gitlabRules))
	w.accepts(jobSecret)
	most := int(freshTokens.atOnce)
	for i := range 2 * most {
		_, err := w.a.Identify(request(t, fmt.Sprintf("Bearer glpat-%d", i)))
		if throttled := errors.As(err, new(Throttled)); throttled != (i >= most) || err == nil {
			t.Fatalf("guess %d: got error %v", i, err)
		}
	}
	if n := int(g.asked.Load()); n != 1+most {
		t.Errorf("GitLab was asked %d times, want %d", n, 1+most)
	}
	if _, err := w.a.Identify(request(t, "Bearer "+jobSecret)); err != nil {
		t.Errorf("a token that is remembered: got error %v", err)
	}
}

// TestGitLabTogether sends many jobs' requests from one address at once. GitLab is
// asked about each token once, about a few at a time, and none counts as a guess.
func TestGitLabTogether(t *testing.T) {
	g := newStandIn(t)
	for i := range 3 * failuresAtOnce {
		g.jobs[fmt.Sprintf("glcbt-%d", i)] = jobJSON
	}
	var now, most atomic.Int32
	w := newClockedWorld(t, g.file(gitlabRules))
	g.serves(func(w http.ResponseWriter, r *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		g.mu.Lock()
		defer g.mu.Unlock()
		g.answer(w, g.jobs[r.Header.Get("JOB-TOKEN")])
	})
	var all sync.WaitGroup
	for secret := range g.jobs {
		for range 4 {
			all.Go(func() {
				if _, err := w.a.Identify(request(t, basic("gitlab-ci-token", secret))); err != nil {
					t.Errorf("%s: %v", secret, err)
				}
			})
		}
	}
	all.Wait()
	if n := int(g.asked.Load()); n != len(g.jobs) {
		t.Errorf("GitLab was asked %d times about %d tokens", n, len(g.jobs))
	}
	if n := most.Load(); n > maxAtOnce {
		t.Errorf("GitLab was asked about %d at once", n)
	}
}

// TestGitLabRemembers checks that the number of remembered tokens is bounded, and
// that the tokens themselves are not kept.
func TestGitLabRemembers(t *testing.T) {
	g := newGitLab(&gitlabEntry{})
	for i := range 2 * maxGitLab {
		g.known.Set(digestOf(fmt.Sprint(i)), remembered{}, ttlcache.NoTTL)
	}
	if n := g.known.Len(); n != maxGitLab {
		t.Errorf("%d are remembered", n)
	}
}

// TestGitLabHalfDown has GitLab accept an access token, and then fail.
func TestGitLabHalfDown(t *testing.T) {
	g := newStandIn(t)
	w := newClockedWorld(t, g.file(gitlabRules))
	for answer, good := range map[int]bool{http.StatusBadGateway: false, http.StatusUnauthorized: false, http.StatusForbidden: true} {
		g.serves(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/43") {
				w.WriteHeader(answer)
				return
			}
			if strings.HasSuffix(r.URL.Path, "/self") {
				g.answer(w, tokenJSON)
				return
			}
			r.SetPathValue("id", strings.TrimPrefix(r.URL.Path, "/api/v4/projects/"))
			g.project(w, r)
		})
		w.pass(gitlabFor)
		switch id, err := w.bearer(patSecret); {
		case good && (err != nil || strings.Join(id.rules(), " ") != "people"):
			t.Errorf("%d: got %v, error %v", answer, id, err)
		case answer == http.StatusUnauthorized && !errors.Is(err, ErrCredentials), answer == http.StatusBadGateway && !errors.As(err, new(*Unavailable)):
			t.Errorf("%d: got %v, error %v", answer, id, err)
		}
	}
}
