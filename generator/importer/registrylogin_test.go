package importer

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// guarded is a registry's token server, and the registry's own demand for its tokens.
type guarded struct {
	*httptest.Server
	mu    sync.Mutex
	users []string // who asked for a token; "" is anybody
}

func (g *guarded) ask(user string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.users = append(g.users, user)
}

// guard makes the registry ask for tokens, which it gives to those with the password, or
// to everybody if that is "".
func (h *hub) guard(password string) *guarded {
	g := &guarded{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, given, _ := r.BasicAuth()
		g.ask(user)
		if password != "" && given != password {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if scope := r.URL.Query().Get("scope"); !strings.HasPrefix(scope, "repository:") || !strings.HasSuffix(scope, ":pull") {
			h.t.Errorf("asked for %q", scope)
		}
		fmt.Fprint(w, `{"token":"tok","expires_in":60}`)
	}))
	h.t.Cleanup(g.Close)
	h.odd = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if r.Header.Get("Authorization") == "Bearer tok" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+g.URL+`/token",service="hub"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	return g
}

// TestRegistryLogin: tokens are got as Docker's registries give them, with what was
// given, or with what Helm or Docker saved, or as nobody; and only for the registry that
// the user named.
func TestRegistryLogin(t *testing.T) {
	h := newHub(t)
	h.push("web", "web", "1.0.0", nil, nil)
	saved := func(variable, file, text string) {
		dir := t.TempDir()
		write(t, dir+"/config.json", text, 0o600)
		t.Setenv(variable, dir+file)
	}
	auths := func(password string) string {
		return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, h.host(), base64.StdEncoding.EncodeToString([]byte("saved:"+password)))
	}
	for _, test := range []struct {
		name, password string
		given          Credentials
		prepare        func()
		user           string // who asks for tokens
		denied         bool
	}{
		{"anybody", "", Credentials{}, nil, "", false},
		{"nobody", "p", Credentials{}, nil, "", true},
		{"given", "p", Credentials{Username: "me", Password: "p"}, nil, "me", false},
		{"wrong", "p", Credentials{Username: "me", Password: "q"}, nil, "me", true},
		{"docker", "p", Credentials{}, func() { saved("DOCKER_CONFIG", "", auths("p")) }, "saved", false},
		{"helm", "p", Credentials{}, func() { saved("HELM_REGISTRY_CONFIG", "/config.json", auths("p")) }, "saved", false},
		{"helper", "p", Credentials{}, func() {
			dir := t.TempDir()
			write(t, dir+"/docker-credential-test", "#!/bin/sh\nread host\nprintf '{\"ServerURL\":\"%s\",\"Username\":\"helped\",\"Secret\":\"p\"}' \"$host\"\n", 0o700)
			t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
			saved("DOCKER_CONFIG", "", `{"credHelpers":{"`+h.host()+`":"test"}}`)
		}, "helped", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && test.name == "helper" {
				t.Skip("the helper is a shell script")
			}
			t.Setenv("DOCKER_CONFIG", t.TempDir())
			t.Setenv("HELM_REGISTRY_CONFIG", t.TempDir()+"/config.json")
			if test.prepare != nil {
				test.prepare()
			}
			tokens, g := h.guard(test.password), newTarget(t)
			_, err := Run(t.Context(), g.options(h.open("web", test.given)))
			if errors.Is(err, ErrDenied) != test.denied || err != nil && !test.denied {
				t.Errorf("got %v", err)
			}
			if users := slices.Compact(tokens.users); len(users) != 1 || users[0] != test.user {
				t.Errorf("users %q, want %q", users, test.user)
			}
		})
	}
	t.Run("elsewhere", func(t *testing.T) {
		saved("DOCKER_CONFIG", "", auths("p"))
		tokens, s, g := h.guard("p"), newOld(t), newTarget(t)
		s.add("web", "1.0.0")["urls"] = []string{h.url("web:1.0.0")}
		got, r := g.imports(g.options(hurried(s.open(Credentials{Username: "me", Password: "p"}))))
		g.want("elsewhere", got, "web 1.0.0 unfetched")
		if !strings.Contains(r.Results[0].Message, "denied access") || slices.ContainsFunc(tokens.users, func(u string) bool { return u != "" }) {
			t.Errorf("users %q; %s", tokens.users, r.Results[0].Message)
		}
	})
	t.Run("token", func(t *testing.T) {
		tokens, g := h.guard("p"), newTarget(t)
		if _, err := Run(t.Context(), g.options(h.open("web", Credentials{Token: "tok"}))); err != nil || len(tokens.users) > 0 {
			t.Errorf("users %q, %v", tokens.users, err)
		}
	})
	t.Run("basic", func(t *testing.T) {
		h.odd = func(w http.ResponseWriter, r *http.Request, _ int) bool {
			if user, password, _ := r.BasicAuth(); user == "me" && password == "p" {
				return false
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="hub"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		for password, denied := range map[string]bool{"p": false, "q": true, "": true} {
			c := Credentials{Username: "me", Password: password}
			if password == "" {
				c = Credentials{}
			}
			if _, err := Run(t.Context(), newTarget(t).options(h.open("web", c))); errors.Is(err, ErrDenied) != denied {
				t.Errorf("password %q: got %v", password, err)
			}
		}
	})
}

// TestRegistryLeadsHome: a registry elsewhere, which an index names, sends nobody to this
// machine: neither by its own URL nor by that of its tokens, nor by redirects.
func TestRegistryLeadsHome(t *testing.T) {
	h := newHub(t)
	for _, test := range []struct {
		url string
		odd func(w http.ResponseWriter, r *http.Request, n int) bool
	}{
		{"oci://127.0.0.1/web:1.0.0", nil},
		{"oci://169.254.169.254/web:1.0.0", nil},
		{"oci://charts.example.com/web:1.0.0", func(w http.ResponseWriter, r *http.Request, n int) bool {
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://localhost/token"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}},
		{"oci://charts.example.com/web:1.0.0", func(w http.ResponseWriter, r *http.Request, n int) bool {
			http.Redirect(w, r, "http://[::1]/v2/", http.StatusFound)
			return true
		}},
	} {
		h.odd = test.odd
		from, err := OpenWeb("http://charts.example.com", Credentials{})
		if err != nil {
			t.Fatal(err)
		}
		g := from.web.registries
		g.http.Transport = testenv.Serve(t, h).Transport(t)
		at, err := parseOCI(test.url, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.manifest(t.Context(), at); err == nil || !strings.Contains(err.Error(), "servers elsewhere may not lead there") {
			t.Errorf("%s: got %v", test.url, err)
		}
	}
}

// TestRegistryInFileLeadsHome: where the index is a file, it may name registries on this
// machine, but others that it names may not send anybody here for a token.
func TestRegistryInFileLeadsHome(t *testing.T) {
	for url, want := range map[string]string{
		"oci://charts.example.com/web:1.0.0": "charts.example.com",
		"oci://localhost/web:1.0.0":          "localhost localhost",
	} {
		var asked []string
		g := newWeb(nil, Credentials{}).registries
		g.http.Transport = answer(func(r *http.Request) *http.Response {
			asked = append(asked, r.URL.Host)
			w := httptest.NewRecorder()
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://localhost/token"`)
			w.WriteHeader(http.StatusUnauthorized)
			return w.Result()
		})
		at, err := parseOCI(url, "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = g.manifest(t.Context(), at)
		if _, blobErr := g.blob(t.Context(), at, digest.FromString("x"), 1, 1); err == nil || blobErr == nil || err.Error() != blobErr.Error() {
			t.Errorf("%s: got %v, and for a blob %v", url, err, blobErr)
		}
		if got := strings.Join(asked[:len(asked)/2], " "); got != want {
			t.Errorf("%s: asked %s, want %s", url, got, want)
		}
	}
}

// answer answers requests.
type answer func(*http.Request) *http.Response

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) {
	w := a(r)
	w.Request = r
	return w, nil
}

func write(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
