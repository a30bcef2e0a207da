package importer

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	oci "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// TestRegistry: all versions of a chart are taken, with their dates and signatures; tags
// that are no versions are left out and told. What is there is not fetched again.
func TestRegistry(t *testing.T) {
	h, g := newHub(t), newTarget(t)
	h.push("charts/web", "web", "1.0.0", nil, nil)
	h.push("charts/web", "web", "1.1.0+build.5", nil, nil)
	prov := charttest.NewSigner().Sign("web-1.2.0.tgz", charttest.Simple("web", "1.2.0"))
	h.push("charts/web", "web", "1.2.0", prov, nil, "latest", "sha256-"+strings.Repeat("0", 64)+".sig", "1.2", "v1.2.0")
	got, r := g.imports(g.options(h.open("charts/web", Credentials{})))
	g.want("first", got, "web 1.2 duplicate, web 1.2.0 taken, web v1.2.0 duplicate, web 1.1.0+build.5 taken, web 1.0.0 taken")
	if r.Lost() != 0 || len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "2 tags are not versions and were left out: latest, sha256-000") {
		t.Errorf("%d lost; notes %q", r.Lost(), r.Notes)
	}
	for _, result := range r.Results {
		if want := charttest.Time.Add(time.Hour); result.Outcome == Taken && !result.Created.Equal(want) || result.Unsigned != "" {
			t.Errorf("%+v, want %s", result, want)
		}
	}
	for file, request := range g.waits() {
		m, err := registry.Parse([]byte(request.Manifest))
		if err != nil || m.Archive.SHA256 != request.Digest || registry.SumOf([]byte(request.Config)) != m.Config {
			t.Errorf("%s: the manifest is not kept: %q, %v", file, request.Manifest, err)
		}
	}
	g.generate()
	if _, index, _ := g.site.Object("stable/index.yaml"); strings.Count(string(index), `"created":"`+charttest.Time.Add(time.Hour).Format(time.RFC3339)) != 3 {
		t.Errorf("dates are lost: %s", index)
	}
	signed := func(key string) bool { return strings.HasSuffix(key, "web-1.2.0.tgz.prov") }
	if keys := slices.Collect(maps.Keys(g.site.Snapshot())); !slices.ContainsFunc(keys, signed) {
		t.Errorf("the signature is lost: %q", keys)
	}
	h.lately()
	got, _ = g.imports(g.options(h.open("charts/web", Credentials{})))
	g.want("again", got, "web 1.2 duplicate, web 1.2.0 there, web v1.2.0 duplicate, web 1.1.0+build.5 there, web 1.0.0 there")
	if blobs := slices.DeleteFunc(h.lately(), func(path string) bool { return !strings.Contains(path, "/blobs/") }); len(blobs) > 4 {
		t.Errorf("fetched again: %q", blobs) // archive and signature of the two that only name another
	}
}

// TestRegistryPages: a registry may send few tags at a time, refuse to be told how many,
// and tell clients to come back later.
func TestRegistryPages(t *testing.T) {
	h, g := newHub(t), newTarget(t)
	var want []string
	for i := range 25 {
		version := fmt.Sprintf("1.0.%d", i)
		h.push("web", "web", version, nil, nil)
		want = append([]string{"web " + version + " taken"}, want...)
	}
	waited := time.Duration(0)
	h.odd = func(w http.ResponseWriter, r *http.Request, n int) bool {
		if !strings.HasSuffix(r.URL.Path, "/tags/list") {
			return false
		}
		if n%3 == 0 {
			w.Header().Set("Retry-After", "7")
			http.Error(w, "busy", http.StatusTooManyRequests)
			return true
		}
		q := r.URL.Query()
		if q.Has("n") && q.Get("n") != "4" {
			http.Error(w, "pagination number invalid", http.StatusBadRequest)
			return true
		}
		q.Set("n", "4")
		r.URL.RawQuery = q.Encode()
		return false
	}
	from := h.open("web", Credentials{})
	sleep := from.web.registries.http.Sleep
	from.web.registries.http.Sleep = func(ctx context.Context, d time.Duration) error {
		waited += d
		return sleep(ctx, 0)
	}
	got, _ := g.imports(g.options(from))
	g.want("pages", got, strings.Join(want, ", "))
	if waited < 7*time.Second {
		t.Errorf("waited %s", waited)
	}
}

// TestRegistryMany: no list of tags takes more memory or time than is allowed.
func TestRegistryMany(t *testing.T) {
	h, g := newHub(t), newTarget(t)
	for name, test := range map[string]struct {
		tags func(n int) []string
		want string
	}{
		"tags without end": {func(n int) []string { return slices.Repeat([]string{strings.Repeat("x", 1000)}, 1) }, fmt.Sprintf("more than %d pages", maxPages)},
		"too many versions": {func(n int) []string {
			var all []string
			for i := range 100_000 {
				all = append(all, fmt.Sprintf("%d.%d.0", n, i))
			}
			return all
		}, "more than 500000 entries"},
		"a page that is too large": {func(n int) []string { return slices.Repeat([]string{strings.Repeat("x", 1000)}, 6000) }, "failed to decode"},
	} {
		h.odd = func(w http.ResponseWriter, r *http.Request, n int) bool {
			w.Header().Set("Link", fmt.Sprintf(`<%s?n=1&last=%d>; rel="next"`, r.URL.Path, n))
			json.NewEncoder(w).Encode(map[string]any{"name": "web", "tags": test.tags(n)})
			return true
		}
		if _, err := Run(t.Context(), g.options(h.open("web", Credentials{}))); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

// TestRegistryFaults: what a registry sends is checked, and bounded.
func TestRegistryFaults(t *testing.T) {
	h, g := newHub(t), newTarget(t)
	h.push("web", "web", "1.0.0", nil, nil)
	blob := func(version string) string {
		return "/v2/web/blobs/sha256:" + h.push("web", "web", version, nil, nil)
	}
	wrong, long, short, gone, redirected := blob("2.0.0"), blob("2.0.1"), blob("2.0.2"), blob("2.0.3"), blob("2.0.4")
	spoilt := func(version string, change func(m *oci.Manifest)) { h.push("web", "web", version, nil, change) }
	spoilt("3.0.0", func(m *oci.Manifest) { m.Config.MediaType = oci.MediaTypeImageConfig })
	spoilt("3.0.1", func(m *oci.Manifest) { m.Layers = append(m.Layers, m.Layers[0]) })
	spoilt("3.0.2", func(m *oci.Manifest) { m.Layers[0].MediaType = oci.MediaTypeImageLayer })
	h.push("web", "other", "3.0.5", nil, nil)
	h.push("web", "web", "3.0.6", []byte("no signature"), nil)
	manifests := map[string]string{ // that no registry takes
		"4.0.0": `{"schemaVersion":2,"config":{"mediaType":"` + registry.TypeConfig + `"},"layers":[{"mediaType":"` + registry.TypeChart + `","digest":"sha256:../../../x","size":1}]}`,
		"4.0.1": strings.Repeat(" ", registry.MaxManifest+1),
		"4.0.2": `{"layers":7}`,
		"4.0.3": `{"schemaVersion":2,"config":{"mediaType":"` + registry.TypeConfig + `"},"layers":[{"mediaType":"` + registry.TypeChart + `","digest":"` + digest.FromString("x").String() + `","size":-5}]}`,
	}
	for version := range manifests {
		h.push("web", "web", version, nil, nil)
	}
	for _, version := range []string{"4.0.4", "4.0.5"} {
		h.push("web", "web", version, nil, nil)
	}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("another server got credentials")
		}
		w.Write(charttest.Simple("web", "2.0.4"))
	}))
	defer elsewhere.Close()
	h.odd = func(w http.ResponseWriter, r *http.Request, n int) bool {
		version := strings.TrimPrefix(r.URL.Path, "/v2/web/manifests/")
		text, ok := manifests[version]
		switch {
		case ok:
			w.Header().Set("Content-Type", registry.TypeManifest)
			w.Write([]byte(text))
		case version == "4.0.4": // not what its digest says
			w.Header().Set("Content-Type", registry.TypeManifest)
			w.Header().Set("Docker-Content-Digest", digest.FromString("x").String())
			w.Write([]byte(manifests["4.0.3"]))
		case version == "4.0.5":
			w.Header().Set("Content-Type", oci.MediaTypeImageIndex)
			w.Write([]byte(`{"manifests":[]}`))
		case r.URL.Path == wrong:
			w.Write(charttest.Simple("web", "2.0.9"))
		case r.URL.Path == long:
			w.(http.Flusher).Flush() // no Content-Length
			w.Write(charttest.Simple("web", "2.0.1"))
			w.Write(make([]byte, 1<<20))
		case r.URL.Path == short:
			w.(http.Flusher).Flush()
			w.Write([]byte("half"))
		case r.URL.Path == gone:
			http.NotFound(w, r)
		case r.URL.Path == redirected:
			http.Redirect(w, r, elsewhere.URL+"/x?signature=secret", http.StatusTemporaryRedirect)
		default:
			return false
		}
		return true
	}
	got, r := g.imports(g.options(h.open("web", Credentials{Token: "secret"})))
	g.want("faults", got, strings.Join([]string{
		"web 4.0.5 broken", "web 4.0.4 unfetched", "web 4.0.3 unfetched", "web 4.0.2 unfetched", "web 4.0.1 unfetched", "web 4.0.0 unfetched",
		"web 3.0.6 taken", "web 3.0.5 differs", "web 3.0.2 broken", "web 3.0.1 broken", "web 3.0.0 broken",
		"web 2.0.4 taken", "web 2.0.3 unfetched", "web 2.0.2 unfetched", "web 2.0.1 unfetched", "web 2.0.0 unfetched", "web 1.0.0 taken"}, ", "))
	for _, result := range r.Results {
		t.Log(result.Version, result.Message, result.Unsigned)
		if result.Lost != (result.Outcome != Taken) || result.Lost && result.Message == "" || strings.Contains(result.Message, "secret") {
			t.Errorf("%+v", result)
		}
	}
}

// TestRegistryLarge: an archive that is too large is not read to its end.
func TestRegistryLarge(t *testing.T) {
	h, g := newHub(t), newTarget(t)
	archive := "/v2/web/blobs/" + digest.FromString("large").String()
	h.push("web", "web", "1.0.0", nil, nil)
	h.odd = func(w http.ResponseWriter, r *http.Request, n int) bool {
		switch {
		case strings.Contains(r.URL.Path, "/manifests/"):
			w.Header().Set("Content-Type", registry.TypeManifest)
			fmt.Fprintf(w, `{"schemaVersion":2,"config":{"mediaType":%q},"layers":[{"mediaType":%q,"digest":%q,"size":%d}]}`,
				registry.TypeConfig, registry.TypeChart, digest.FromString("large"), int64(1)<<40)
		case r.URL.Path == archive:
			for range 1 << 14 {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return true
				}
			}
			t.Error("read to the end")
		default:
			return false
		}
		return true
	}
	got, _ := g.imports(g.options(h.open("web", Credentials{})))
	g.want("large", got, "web 1.0.0 refused packed-size")
}

// TestRegistryBelow: where a path is that of several charts, the registry's catalog says
// which. What holds no charts is left out and told.
func TestRegistryBelow(t *testing.T) {
	h, g := newHub(t), newTarget(t)
	h.push("acme/charts/web", "web", "1.0.0", nil, nil, "latest")
	h.push("acme/charts/db", "db", "1.0.0", nil, nil)
	h.push("acme/chartsother/x", "x", "1.0.0", nil, nil)
	h.push("acme/charts/app", "app", "1.0.0", nil, func(m *oci.Manifest) { m.Config.MediaType = oci.MediaTypeImageConfig })
	got, r := g.imports(g.options(h.open("acme/charts", Credentials{})))
	g.want("all", got, "db 1.0.0 taken, web 1.0.0 taken")
	if notes := strings.Join(r.Notes, "; "); notes != "1 tag is not a version and was left out: acme/charts/web:latest; 1 repository holds no charts and was left out: acme/charts/app" {
		t.Errorf("notes %q", notes)
	}
	h.push("acme/charts/old/web", "web", "1.0.0", nil, nil)
	got, _ = g.imports(g.options(h.open("acme/charts", Credentials{})))
	g.want("twice", got, "db 1.0.0 there, web 1.0.0 there, web 1.0.0 duplicate")
	o := g.options(h.open("", Credentials{}))
	o.Charts = []string{"x"}
	got, _ = g.imports(o)
	g.want("by name", got, "x 1.0.0 taken")
	for path, odd := range map[string]func(w http.ResponseWriter, r *http.Request, n int) bool{
		"none": nil,
		"unlisted": func(w http.ResponseWriter, r *http.Request, n int) bool {
			if r.URL.Path == "/v2/_catalog" {
				w.WriteHeader(http.StatusMethodNotAllowed)
			}
			return r.URL.Path == "/v2/_catalog"
		},
	} {
		h.odd = odd
		if _, err := Run(t.Context(), g.options(h.open(path, Credentials{}))); err == nil || !strings.Contains(err.Error(), "oci://HOST/PATH/CHART") {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// TestRegistryManifests: a manifest is kept if it is the chart's own.
func TestRegistryManifests(t *testing.T) {
	h, g := newHub(t), newTarget(t)
	config := func(text string) func(m *oci.Manifest) {
		return func(m *oci.Manifest) { m.Config = h.blob("web", registry.TypeConfig, []byte(text)) }
	}
	own := `{"name":"web","version":"1.0.0","description":"` + strings.Repeat("<", 1000) + `"}`
	h.push("web", "web", "1.0.0", nil, config(own))
	h.push("web", "web", "1.0.1", nil, config(own))
	h.push("web", "web", "1.0.2", nil, config(strings.Replace(own, "1.0.0", "1.0.2", 1)+strings.Repeat(" ", registry.MaxConfig)))
	h.push("web", "web", "1.0.3", nil, config(strings.Replace(strings.Replace(own, "1.0.0", "1.0.3", 1), "<", strings.Repeat("<", 400), -1)))
	h.push("web", "web", "1.0.4", nil, func(m *oci.Manifest) {
		m.Layers = append(m.Layers, h.blob("web", "application/x-readme", []byte("# Web")))
	})
	h.push("web", "web", "1.0.5", []byte("no signature"), nil)
	gone := digest.FromString(`{"name":"web","version":"1.0.6","apiVersion":"v2"}`).String()
	h.push("web", "web", "1.0.6", nil, nil)
	down := digest.FromString(`{"name":"web","version":"1.0.7","apiVersion":"v2"}`).String()
	h.push("web", "web", "1.0.7", nil, nil)
	h.odd = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		switch {
		case strings.HasSuffix(r.URL.Path, gone):
			http.NotFound(w, r)
		case strings.HasSuffix(r.URL.Path, down):
			w.WriteHeader(http.StatusBadGateway)
		default:
			return false
		}
		return true
	}
	got, r := g.imports(g.options(h.open("web", Credentials{})))
	g.want("manifests", got, "web 1.0.7 unfetched, web 1.0.6 taken, web 1.0.5 taken, web 1.0.4 taken, web 1.0.3 taken, web 1.0.2 taken, web 1.0.1 taken, web 1.0.0 taken")
	for _, result := range r.Results {
		if (result.Remade == "") != (result.Version == "1.0.0" || result.Version == "1.0.7") {
			t.Errorf("%s: %q", result.Version, result.Remade)
		}
	}
	for file, request := range g.waits() {
		if kept := file == "web-1.0.0.tgz"; (request.Manifest != "") != kept || (request.Config != "") != kept || kept && request.Config != own {
			t.Errorf("%s: manifest %.100q, config %.100q", file, request.Manifest, request.Config)
		}
	}
}

// TestOCIInIndex: the URLs of an index may lead to registries. The digest is the index's.
func TestOCIInIndex(t *testing.T) {
	h, s, g := newHub(t), newOld(t), newTarget(t)
	for name, url := range map[string]string{"tagged": h.url("x/tagged:1.0.0_b"), "untagged": h.url("x/untagged"), "other": h.url("x/other:1.0.0"), "capitals": h.url("X/c:1.0.0"), "gone": h.url("x/gone:1.0.0")} {
		version := map[string]string{"tagged": "1.0.0+b"}[name]
		if version == "" {
			version = "1.0.0"
		}
		digest := h.push("x/"+name, name, version, nil, nil)
		s.add(name, version)["urls"] = []string{url}
		s.entries[name][0]["digest"] = digest
	}
	s.entries["other"][0]["digest"] = strings.Repeat("0", 64)
	s.entries["gone"][0]["urls"] = []string{h.url("x/gone:7.0.0")}
	delete(s.entries["untagged"][0], "created")
	got, r := g.imports(g.options(hurried(s.open(Credentials{}))))
	g.want("index", got, "capitals 1.0.0 unfetched, gone 1.0.0 unfetched, other 1.0.0 differs, tagged 1.0.0+b taken, untagged 1.0.0 taken")
	for _, result := range r.Results {
		switch want := charttest.Time; {
		case result.Chart == "untagged" && !result.Created.Equal(want.Add(time.Hour)), result.Chart == "tagged" && !result.Created.Equal(want):
			t.Errorf("%s: created %s", result.Chart, result.Created)
		}
	}
}

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

// FuzzReadPushed: no manifest makes it panic, and what it takes has an archive.
func FuzzReadPushed(f *testing.F) {
	b, err := registry.New(registry.Release{Config: []byte(`{"name":"a","version":"1.0.0"}`), Archive: registry.SumOf([]byte("archive")), Provenance: registry.SumOf([]byte("provenance"))})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"config":{"mediaType":"` + registry.TypeConfig + `"},"layers":[{},null]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := readPushed(b); err == nil && p.chart.MediaType == "" {
			t.Errorf("took %q", b)
		}
	})
}

// TestOpenRegistry: a URL is that of a chart or a path, and holds no secrets.
func TestOpenRegistry(t *testing.T) {
	for url, want := range map[string]string{
		"oci://charts.example.com/a/b":     "",
		"oci://charts.example.com":         "",
		"oci://charts.example.com/":        "",
		"oci://docker.io/a/b/":             "",
		"oci://localhost:5000/a":           "",
		"oci://charts.example.com/a:1.0.0": "has a tag",
		"oci://charts.example.com/a@x":     "has a tag",
		"oci://me:pw@example.com/a":        "credentials",
		"oci://charts.example.com/A":       "not the URL",
		"oci://":                           "not the URL",
		"oci:///a":                         "not the URL",
		"oci://exa mple.com/a":             "not the URL",
	} {
		r, err := OpenRegistry(url, nil, Credentials{})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", url, err, want)
		}
		if err == nil && r.String() != strings.TrimSuffix(url, "/") {
			t.Errorf("%s: is called %s", url, r)
		}
	}
	yes, no := true, false
	for _, test := range []struct {
		url   string
		plain *bool
		want  bool
	}{
		{"oci://localhost:5000/a", nil, true}, {"oci://127.0.0.1/a", nil, true}, {"oci://localhost:5000/a", &no, false},
		{"oci://example.com/a", nil, false}, {"oci://example.com/a", &yes, true},
	} {
		r, err := OpenRegistry(test.url, test.plain, Credentials{})
		if err != nil {
			t.Fatal(err)
		}
		p := r.place.(*inRegistry)
		if got := p.isPlain(p.at.Host()); got != test.want || p.isPlain("other.example.com") || !p.isPlain("[::1]:5000") {
			t.Errorf("%s: by http: %t", test.url, got)
		}
	}
}

func write(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
