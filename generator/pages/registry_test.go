package pages_test

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/generator/pages"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/templates"
)

// atRoot is a site that can be a registry: it has a host to itself.
var atRoot = pages.Options{Site: templates.Site{URL: "https://charts.example.com/"}}

// useRegistry puts all channels into the registry from now on, or takes them out of it.
func (w *town) useRegistry(on bool) {
	w.t.Helper()
	var err error
	if w.config, err = config.Parse(fmt.Appendf(nil, "channels: [{match: '**', oci: %t}]", on), "portolan.yaml"); err != nil {
		w.t.Fatal(err)
	}
}

// digestOf is the digest of the manifest that a version's tag names.
func (w *town) digestOf(chart, version string) string {
	w.t.Helper()
	b := w.mem.Snapshot()[registry.TagKey("stable/"+chart, registry.Tag(version))]
	if b == nil {
		w.t.Fatalf("%s %s has no tag", chart, version)
	}
	return "sha256:" + registry.SumOf(b).SHA256
}

// mustShow fails unless the pages and documents of a version show its manifest, or none.
func (w *town) mustShow(when, chart, version, digest string) {
	w.t.Helper()
	var doc pages.ChartDoc
	w.decode("stable/api/charts/"+chart+".json", &doc)
	i := slices.IndexFunc(doc.Versions, func(v pages.VersionSummary) bool { return v.Version == version })
	if i < 0 || doc.Versions[i].Manifest != digest {
		w.t.Errorf("%s: the document of %s says %+v; want the manifest %q of %s", when, chart, doc, digest, version)
	}
	if want := "oci://charts.example.com/stable/" + chart; digest != "" && doc.OCI != want {
		w.t.Errorf("%s: the address of %s is %q, want %s", when, chart, doc.OCI, want)
	}
	all := []string{path.Join(version, "index.html")}
	if doc.Version == version {
		all = append(all, "index.html")
	}
	for _, name := range all {
		page := string(w.mem.Snapshot()[path.Join("stable/charts", chart, name)])
		if shown := digest != "" && strings.Contains(page, "oci://charts.example.com/stable/"+chart+"@"+digest); shown != strings.Contains(page, "oci:") || shown != (digest != "") {
			w.t.Errorf("%s: %s of %s should show %q:\n%s", when, name, chart, digest, page)
		}
	}
}

// With each step of a channel into the registry and out of it, pages show what clients can
// pull, and nothing else.
func TestRegistryPages(t *testing.T) {
	w := newTown(t, atRoot)
	w.upload("stable", charttest.Simple("web", "1.0.0"), nil)
	w.upload("stable", charttest.Simple("db", "1.0.0+a"), nil)
	w.run()
	w.mustShow("before", "web", "1.0.0", "")
	w.useRegistry(true)
	w.upload("stable", charttest.Simple("web", "1.1.0"), nil)
	w.run()
	for _, v := range [][2]string{{"web", "1.0.0"}, {"web", "1.1.0"}, {"db", "1.0.0+a"}} {
		w.mustShow("in the registry", v[0], v[1], w.digestOf(v[0], v[1]))
	}
	w.mustBeRebuilt("stable", "in the registry")
	var site pages.SiteDoc
	var channel pages.ChannelDoc
	w.decode("api/index.json", &site)
	w.decode("stable/api/index.json", &channel)
	const address = "oci://charts.example.com/stable"
	if site.Channels[0].OCI != address || channel.OCI != address || channel.Charts[1].Manifest != w.digestOf("web", "1.1.0") {
		t.Errorf("the documents say %+v and %+v", site, channel)
	}
	if page := string(w.mem.Snapshot()["stable/index.html"]); !strings.Contains(page, "<code>"+address+"/CHART</code>") {
		t.Errorf("the channel's page does not name the registry:\n%s", page)
	}

	w.upload("stable", charttest.Simple("web", "1.2.0"), nil)
	if written := w.run(); slices.ContainsFunc(written, func(key string) bool { return strings.Contains(key, "/db/") || strings.Contains(key, "/1.1.0/") }) {
		t.Errorf("a new version wrote pages of others: %q", written)
	}
	w.upload("stable", charttest.Simple("web", "1.2.0", "README.md", "other"), nil)
	w.run()
	w.mustShow("replaced", "web", "1.2.0", w.digestOf("web", "1.2.0"))
	w.mustBeRebuilt("stable", "after a replacement")

	w.useRegistry(false)
	w.upload("stable", charttest.Simple("web", "1.3.0"), nil)
	w.run()
	for _, version := range []string{"1.0.0", "1.2.0", "1.3.0"} {
		w.mustShow("out of the registry", "web", version, "")
	}
	w.mustShow("out of the registry", "db", "1.0.0+a", "")
	w.mustBeRebuilt("stable", "out of the registry")
}

// Versions from before show the registry only once they have a manifest there. What then
// changes is their overview and their chart's, and what lists them.
func TestOlderVersionsJoinTheRegistry(t *testing.T) {
	w := newTown(t, atRoot)
	w.useRegistry(true)
	for _, chart := range []string{"web", "db"} {
		w.upload("stable", charttest.Simple(chart, "1.0.0"), nil)
	}
	w.run()
	w.useRegistry(false)
	w.upload("stable", charttest.Simple("web", "1.1.0"), nil)
	w.run()
	for key := range w.mem.Snapshot() { // as prune does
		if strings.HasPrefix(key, "v2/") {
			if err := w.site.Delete(context.Background(), key, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	c, err := publisher.OpenChannel(context.Background(), w.site, "stable")
	if err != nil {
		t.Fatal(err)
	}
	c.UseRegistry(true)
	d := publisher.Draft{Time: w.clock, Nonce: "n"}
	if err := c.Commit(context.Background(), d); err != nil {
		t.Fatal(err)
	}
	if err := c.Project(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.show(c)
	for _, chart := range []string{"web", "db"} {
		w.mustShow("without manifests", chart, "1.0.0", "")
	}
	w.useRegistry(true)
	if _, err := generator.CompleteRegistry(context.Background(), generator.Options{Drop: w.drop, Site: w.site, Config: w.config, Now: w.now}, "stable"); err != nil {
		t.Fatal(err)
	}
	if err := c.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	before := w.mem.Snapshot()
	w.show(c)
	var changed []string
	for key, b := range w.mem.Snapshot() {
		if string(before[key]) != string(b) && strings.Contains(key, "/charts/") {
			changed = append(changed, key)
		}
	}
	slices.Sort(changed)
	mustWrite(t, "completing the registry", changed, ofChart("web", "index.html", "1.0.0/index.html", "1.1.0/index.html"), ofChart("db", "index.html", "1.0.0/index.html"))
	for _, v := range [][2]string{{"web", "1.0.0"}, {"web", "1.1.0"}, {"db", "1.0.0"}} {
		w.mustShow("complete", v[0], v[1], w.digestOf(v[0], v[1]))
	}
	w.mustBeRebuilt("stable", "complete")
}

// Where clients cannot read a version from the registry, nothing names it.
func TestNotInTheRegistry(t *testing.T) {
	for _, tt := range []struct {
		name, site, chart, version string
		want                       bool
	}{
		{"a host", "https://charts.example.com", "web", "1.0.0", true},
		{"a host with a port", "http://127.0.0.1:8080/", "web", "1.0.0", true},
		{"a folder of a host", "https://acme.example.com/charts", "web", "1.0.0", false},
		{"an unknown address", "", "web", "1.0.0", false},
		{"a chart with capitals", "https://charts.example.com", "Web", "1.0.0", false},
		{"a long version", "https://charts.example.com", "web", "1.0.0-" + strings.Repeat("a", 130), false},
	} {
		w := newTown(t, pages.Options{Site: templates.Site{URL: tt.site}})
		w.useRegistry(true)
		w.upload("stable", charttest.Simple(tt.chart, tt.version), nil)
		w.run()
		for _, file := range []string{"charts/" + tt.chart + "/index.html", "api/charts/" + tt.chart + ".json"} {
			text := string(w.mem.Snapshot()["stable/"+file])
			if got := strings.Contains(text, "sha256:"); got != tt.want || strings.Contains(text, "oci://") != tt.want {
				t.Errorf("%s: %s names the registry: %t, want %t", tt.name, file, got, tt.want)
			}
		}
		w.mustBeRebuilt("stable", tt.name)
	}
}

// TestRegistryOwner: with artifactHub configured, each chart in the registry has the tag by
// which Artifact Hub finds its owner, and no list of tags has it.
func TestRegistryOwner(t *testing.T) {
	metadata := []byte("repositoryID: 2a9ac5b2-9b3c-4d0e-8f6d-0c1f1b2a3d4e\n")
	o := atRoot
	o.ArtifactHub = func(string) []byte { return metadata }
	w := newTown(t, o)
	w.upload("stable", charttest.Simple("web", "1.0.0"), nil)
	w.run()
	tag := registry.TagKey("stable/web", "artifacthub.io")
	if w.mem.Snapshot()[tag] != nil {
		t.Error("a chart that is not in the registry has the tag")
	}
	w.useRegistry(true)
	w.upload("stable", charttest.Simple("web", "1.1.0"), nil)
	w.upload("stable", charttest.Simple("Capital", "1.0.0"), nil)
	w.run()
	site := w.mem.Snapshot()
	if site[tag] == nil || string(site[registry.BlobKey("stable/web", registry.SumOf(metadata).SHA256)]) != string(metadata) {
		t.Errorf("the tag is %q", site[tag])
	}
	if list := string(site[registry.TagsKey("stable/web")]); !strings.Contains(list, `"tags":["1.0.0","1.1.0"]`) {
		t.Errorf("the tags are %s", list)
	}
	if site[registry.TagKey("stable/Capital", "artifacthub.io")] != nil {
		t.Error("a chart with capitals has the tag")
	}
}
