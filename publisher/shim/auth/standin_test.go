package auth

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// standIn is a GitLab that answers as its API is documented.
type standIn struct {
	*httptest.Server
	asked atomic.Int32 // requests

	mu      sync.Mutex
	jobs    map[string]string         // what it says of job tokens
	tokens  map[string]string         // and of access tokens
	members map[string]map[string]int // roles, by access token and project
	serve   http.HandlerFunc          // instead of all that
}

const (
	jobSecret = "glcbt-64_3xAmPl3J0bT0k3nV4lu3"
	patSecret = "glpat-Ex4mpl3P3rs0n4lT0k3n"
)

// jobJSON is GitLab's documented answer to GET /job.
const jobJSON = `{"commit": {"author_name": "Administrator", "id": "0ff3ae198f8601a285adcf5c0fff204ee6fba5fd"}, "coverage": null, "archived": false,
 "source": "push", "allow_failure": false, "started_at": "2015-12-24T17:54:30.733Z", "id": 8, "name": "rubocop",
 "pipeline": {"id": 6, "project_id": 42, "ref": "main", "sha": "0ff3ae198f8601a285adcf5c0fff204ee6fba5fd", "status": "pending"},
 "ref": "main", "artifacts": [], "runner": null, "stage": "test", "status": "running", "tag": false, "web_url": "https://example.com/foo/bar/-/jobs/8",
 "project": {"ci_job_token_scope_enabled": false}, "user": {"id": 1, "name": "Administrator", "username": "root", "state": "active"}}`

// tokenJSON is its answer to GET /personal_access_tokens/self.
const tokenJSON = `{"id": 4, "name": "Test Token", "revoked": false, "created_at": "2020-07-23T14:31:47.729Z", "description": "x",
 "scopes": ["api"], "user_id": 3, "last_used_at": "2021-10-06T17:58:37.550Z", "active": true, "expires_at": null}`

func newStandIn(t *testing.T) *standIn {
	t.Helper()
	g := &standIn{
		jobs: map[string]string{jobSecret: jobJSON}, tokens: map[string]string{patSecret: tokenJSON},
		members: map[string]map[string]int{patSecret: {"42": maintainer, "43": developer, "44": 20}},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v4/job", func(w http.ResponseWriter, r *http.Request) { g.answer(w, g.jobs[r.Header.Get("JOB-TOKEN")]) })
	mux.HandleFunc("GET /api/v4/personal_access_tokens/self", func(w http.ResponseWriter, r *http.Request) {
		g.answer(w, g.tokens[r.Header.Get("PRIVATE-TOKEN")])
	})
	mux.HandleFunc("GET /api/v4/projects/{id}", g.project)
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.asked.Add(1)
		g.mu.Lock()
		serve := g.serve
		g.mu.Unlock()
		if serve != nil {
			serve(w, r)
			return
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *standIn) answer(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/json")
	if text == "" {
		w.WriteHeader(http.StatusUnauthorized)
		text = `{"message":"401 Unauthorized"}`
	}
	io.WriteString(w, text)
}

// project answers about a project. In odd ones, the role comes from a group.
func (g *standIn) project(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	level, ok := g.members[r.Header.Get("PRIVATE-TOKEN")][id]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"message":"404 Project Not Found"}`)
		return
	}
	permissions := fmt.Sprintf(`{"project_access": {"access_level": %d, "notification_level": 3}, "group_access": null}`, level)
	if strings.HasSuffix(id, "3") {
		permissions = fmt.Sprintf(`{"project_access": {"access_level": 10}, "group_access": {"access_level": %d}}`, level)
	}
	fmt.Fprintf(w, `{"id": %s, "path_with_namespace": "acme/app", "permissions": %s}`, id, permissions)
}

// says sets what GitLab answers about the tokens.
func (g *standIn) says(job, token string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.jobs[jobSecret], g.tokens[patSecret] = job, token
}

func (g *standIn) serves(h http.HandlerFunc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.serve = h
}

func (g *standIn) file(rules string) string {
	return "gitlab:\n  url: " + g.URL + "\n  rules:\n" + rules
}

const gitlabRules = `    - {name: main, claims: {project_id: "42", ref: main, ref_type: branch}, protected: false, scopes: ["write:stable"]}
    - {name: people, claims: {project_id: "42", token: access}, scopes: ["write:stable", "force:stable", "read:**"], charts: ["app-*"]}
    - {name: developers, claims: {project_id: "43"}, protected: false, scopes: ["write:dev", "read:dev"]}
    - {name: reporters, claims: {project_id: "44"}, protected: false, scopes: ["write:x"]}
    - {name: strangers, claims: {project_id: "99"}, protected: false, scopes: ["write:x"]}
`
