package importer

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	oci "github.com/opencontainers/image-spec/specs-go/v1"

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

// TestRegistrySizes: a manifest that lies about a size is told in a sentence.
func TestRegistrySizes(t *testing.T) {
	h, g := newHub(t), newTarget(t)
	size, short := int64(0), int64(300)
	h.odd = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		switch blob := strings.Contains(r.URL.Path, "/blobs/"); {
		case blob && size == short:
			w.(http.Flusher).Flush() // no Content-Length
			w.Write([]byte("half"))
			return true
		case !strings.Contains(r.URL.Path, "/manifests/"):
			return false
		}
		w.Header().Set("Content-Type", registry.TypeManifest)
		fmt.Fprintf(w, `{"schemaVersion":2,"config":{"mediaType":%q},"layers":[{"mediaType":%q,"digest":%q,"size":%d}]}`,
			registry.TypeConfig, registry.TypeChart, digest.FromBytes(charttest.Simple("web", "1.0.0")), size)
		return true
	}
	h.push("web", "web", "1.0.0", nil, nil)
	for lie, want := range map[int64]string{
		0: "has 0 bytes, but no file", -5: "has -5 bytes, but no file",
		7: "digest and size that it is named by: try again", short: "digest and size that it is named by: try again", 1 << 40: "digest and size that it is named by: try again",
	} {
		size = lie
		if _, r := g.imports(g.options(h.open("web", Credentials{}))); len(r.Results) != 1 || !strings.Contains(r.Results[0].Message, want) {
			t.Errorf("size %d: %+v, want %q", lie, r.Results, want)
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

// TestOCIInRealIndex: the URLs of an index whose charts are all in a registry are read.
func TestOCIInRealIndex(t *testing.T) {
	n := 0
	for _, e := range realEntries(t)["deliveryhero"] {
		at, err := parseOCI(e.URL, "")
		if err != nil || at.Registry != "ghcr.io" || path.Base(at.Repository) != e.Name || registry.Version(at.Reference) != e.Version {
			t.Errorf("%s %s: %+v, %v", e.Name, e.Version, at, err)
		}
		n++
	}
	if n != 575 {
		t.Errorf("%d versions", n)
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
