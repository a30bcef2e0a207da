package notify

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestParseTarget(t *testing.T) {
	for text, want := range map[string]string{
		"https://gitlab.example.com/api/v4/projects/42/trigger/pipeline?ref=main":             "GitLab on gitlab.example.com",
		"https://example.com/git/api/v4/projects/a%2Fb/trigger/pipeline?ref=main":             "GitLab on example.com",
		"https://api.github.com/repos/acme/charts/dispatches":                                 "GitHub on api.github.com",
		"https://hooks.example.com/secret/path?x=1":                                           "JSON on hooks.example.com",
		"https://gitlab.example.com/api/v4/projects/42/trigger/pipeline":                      "add ?ref=main",
		"https://gitlab.example.com/api/v4/projects/42/trigger/pipeline?ref=main&token=glptt": "has a secret in it",
		"https://u:p@hooks.example.com":                                                       "has a secret in it",
		"https://hooks.example.com/#x":                                                        "has a fragment",
		"hooks.example.com":                                                                   "is not a URL",
		"ftp://u:glptt@hooks.example.com":                                                     "has a secret in it",
		"ftp://hooks.example.com":                                                             "is not a URL",
		"":                                                                                    "is not a URL",
	} {
		target, err := ParseTarget(text)
		got := ""
		if err == nil {
			got = target.String()
		} else {
			got = err.Error()
		}
		if !strings.Contains(got, want) || strings.Contains(got, "glptt") {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// TestSend compares each kind of request with what the servers' documentation asks for.
func TestSend(t *testing.T) {
	e := Event{Channels: []string{"stable"}, Uploads: 2}
	const payload = `{"channels":["stable"],"uploads":2}`
	for path, check := range map[string]func(r *http.Request, body string){
		"/api/v4/projects/a%2Fb/trigger/pipeline?ref=main%2Fx": func(r *http.Request, body string) {
			form, err := url.ParseQuery(body)
			if err != nil || len(form) != 2 || form.Get("token") != "s3cret" || form.Get("ref") != "main/x" || r.URL.RawQuery != "" || r.Header.Get("Authorization") != "" {
				t.Errorf("GitLab gets %s and %v", body, r.URL)
			}
		},
		"/repos/acme/charts/dispatches": func(r *http.Request, body string) {
			if body != `{"client_payload":`+payload+`,"event_type":"portolan-uploads"}` || r.Header.Get("Authorization") != "Bearer s3cret" ||
				r.Header.Get("Accept") != "application/vnd.github+json" || r.Header.Get("X-GitHub-Api-Version") == "" || r.Header.Get("User-Agent") == "" {
				t.Errorf("GitHub gets %s and %v", body, r.Header)
			}
		},
		"/hook?x=1": func(r *http.Request, body string) {
			if body != payload || !json.Valid([]byte(body)) || r.URL.RawQuery != "x=1" || r.Header.Get("Authorization") != "Bearer s3cret" {
				t.Errorf("a hook gets %s and %v", body, r.Header)
			}
		},
	} {
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil || r.Method != http.MethodPost {
				t.Errorf("%s %s: %v", r.Method, r.URL, err)
			}
			asked++
			check(r, string(body))
			w.WriteHeader(http.StatusCreated)
		}))
		target, err := ParseTarget(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		if err := target.Send(t.Context(), "s3cret", e); err != nil || asked != 1 {
			t.Errorf("%s: %v after %d requests", path, err, asked)
		}
		server.Close()
		if err := target.Send(t.Context(), "s3cret", e); err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "/hook") {
			t.Errorf("%s: after the server has gone: %v", path, err)
		}
	}
}

// TestSendRefused checks that the secret is not sent to a redirect's target, and is
// in no error.
func TestSendRefused(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer other.Close()
	for code, want := range map[int]string{307: "redirects are not followed", 401: "401 Unauthorized: bad token … … xxx", 500: "500 Internal"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", other.URL)
			w.WriteHeader(code)
			io.WriteString(w, "bad token s3cret+ s3cret%2B "+strings.Repeat("x", 463)+"s3cret+"+strings.Repeat("x", 1<<20))
		}))
		target, err := ParseTarget(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		err = target.Send(t.Context(), "s3cret+", Event{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cr") || len(err.Error()) > 1000 {
			t.Errorf("%d: got %.2000v, want %q", code, err, want)
		}
		server.Close()
	}
}

func TestPlainTarget(t *testing.T) {
	for text, want := range map[string]bool{"http://127.0.0.1:1/": false, "http://localhost/": false, "http://[::1]:80/": false, "http://ci.example.com/": true, "https://ci.example.com/": false} {
		target, err := ParseTarget(text)
		if err != nil || target.Plain() != want {
			t.Errorf("%s: got %v, %v; want %v", text, target.Plain(), err, want)
		}
	}
}
