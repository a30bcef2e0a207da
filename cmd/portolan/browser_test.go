package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// TestPages publishes every kind of page, and charts that mean no good, and has
// them looked at by a browser and by a validator.
func TestPages(t *testing.T) {
	t.Parallel()
	w := browserTown(t)
	t.Run("browser", func(t *testing.T) { lookAtPages(t, w) })
	t.Run("valid", func(t *testing.T) { validatePages(t, w) })
}

// lookAtPages opens pages in Chromium: see testdata/browser/look.mjs for what
// must not be seen.
func lookAtPages(t *testing.T, w *town) {
	chromium := testenv.Program(t, "chromium")
	site, err := bucket.Open(t.Context(), filepath.Join(w.folder, "site"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(publisher.Handler(site, nil))
	defer server.Close()
	looks := []map[string]string{
		{"kind": "home", "path": "/index.html"},
		{"kind": "channel", "path": "/group/stable/index.html"},
		{"kind": "list", "path": "/group/stable/page-2.html"},
		{"kind": "activity", "path": "/group/stable/changes.html"},
		{"kind": "chart", "path": "/group/stable/charts/findme/index.html"},
		{"kind": "version", "path": "/group/stable/charts/findme/1.0.0/index.html"},
		{"kind": "values", "path": "/group/stable/charts/findme/1.0.0/values.html"},
		{"kind": "templates", "path": "/group/stable/charts/findme/1.0.0/templates.html"},
		{"kind": "differences", "path": "/group/stable/charts/findme/1.0.0/changes.html"},
		{"kind": "changelog", "path": "/group/stable/charts/findme/changelog.html"},
		{"kind": "compare", "path": "/group/stable/charts/findme/compare.html"},
		{"kind": "versions", "path": "/group/stable/charts/many/versions-1.html"},
		{"kind": "many", "path": "/group/stable/charts/many/versions.html"},
		{"kind": "yanked", "path": "/group/stable/charts/many/1.205.0/index.html"},
		{"kind": "deprecated", "path": "/group/stable/charts/kin/index.html"},
		{"kind": "several", "path": "/group/stable/charts/findme/versions.html"},
		{"kind": "bare", "path": "/group/stable/charts/bare/index.html"},
		{"kind": "bare", "path": "/group/stable/charts/bare/0.1.0/values.html"},
		{"kind": "bare", "path": "/group/stable/charts/bare/0.1.0/templates.html"},
		{"kind": "bare", "path": "/group/stable/charts/bare/0.1.0/changes.html"},
		{"kind": "long", "path": "/platform-observability-group/application-monitoring/release-candidates/index.html"},
		{"kind": "registry", "path": "/platform-observability-group/application-monitoring/release-candidates/charts/findme/1.0.0/index.html"},
		{"kind": "missing", "path": "/404.html"},
		{"kind": "hostile", "path": "/hostile/index.html"},
	}
	for _, r := range w.readHead("hostile") {
		looks = append(looks, map[string]string{"kind": "hostile", "path": "/hostile/charts/" + r.Name + "/index.html"})
	}
	if len(looks) < 30 {
		t.Fatalf("only %d pages to look at", len(looks))
	}
	pages, err := json.Marshal(looks)
	if err != nil {
		t.Fatal(err)
	}
	browse(t, w, "look.mjs", nodeModules(t), chromium, server.URL, string(pages))
}

// browse runs a script of testdata/browser, which prints what is wrong.
func browse(t *testing.T, w *town, script string, args ...string) {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("testdata", "browser", script))
	if err != nil {
		t.Fatal(err)
	}
	out := process(t, w.folder, plainEnv(), "node", append([]string{file}, args...)...)
	if out.code != 0 {
		t.Fatalf("node: exit code %d\n%s", out.code, out.stderr)
	}
	var faults []string
	decode(t, out.stdout, &faults)
	for _, fault := range faults {
		t.Error(fault)
	}
}

// nodeModules is the folder of the npm packages that ci/tools installs for browsers.
func nodeModules(t *testing.T) string {
	t.Helper()
	file, err := filepath.EvalSymlinks(testenv.Tool(t, "html-validate"))
	if err != nil {
		t.Fatal(err)
	}
	dir, _, ok := strings.Cut(file, "/node_modules/")
	if !ok {
		t.Fatalf("%s does not lie among npm packages", file)
	}
	return dir + "/node_modules"
}

// largeHTML is more than the validator gets through in reasonable time, in bytes.
const largeHTML = 300 << 10

// validatePages asks html-validate about the pages, and looks at how large they are.
func validatePages(t *testing.T, w *town) {
	folder := filepath.Join(w.folder, "site")
	var files []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".html") || strings.Contains(path, "/charts/filler-") || strings.Contains(path, "/charts/many/1.") {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() < largeHTML {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if size := len(read(t, file)); size > 60<<10 && strings.Contains(file, "/group/stable/") {
			t.Errorf("%s has %d bytes; %d are allowed", file, size, 60<<10)
		}
	}
	config := filepath.Join(w.folder, "htmlvalidate.json")
	write(t, config, []byte(`{"root": true, "extends": ["html-validate:standard"], "rules": {"require-sri": "off", "attr-quotes": "off"}}`))
	out := process(t, w.folder, plainEnv(), testenv.Tool(t, "html-validate"), append([]string{"--config", config, "--formatter", "text"}, files...)...)
	if out.code != 0 {
		t.Errorf("html-validate: exit code %d\n%.8000s%s", out.code, out.stdout, out.stderr)
	}
}

// browserTown has every kind of page, and charts that mean no good.
func browserTown(t *testing.T) *town {
	t.Helper()
	w := newTown(t)
	config, look := filepath.Join(w.folder, "portolan.yaml"), "title: Charts of Acme\ndescription: What our teams run\nfooter:\n- {text: Support, url: 'mailto:support@acme.example.com'}\n"
	write(t, config, []byte(look))
	archives := map[string][]byte{}
	add := func(name, version string, more ...string) {
		archives[name+"-"+version+".tgz"] = charttest.Simple(name, version, more...)
	}
	for i := range 210 {
		add(fmt.Sprintf("filler-%03d", i), "1.0.0")
		add("many", fmt.Sprintf("1.%d.0", i))
	}
	add("findme", "0.9.0", "values.yaml", "replicas: 1\nold: true\n")
	add("findme", "1.0.0", findable("1.0.0")...)
	add("findme", "1.1.0-rc.1", findable("1.1.0-rc.1")...)
	add("bare", "0.1.0")
	add("kin", "1.0.0", "Chart.yaml", "apiVersion: v2\nname: kin\nversion: 1.0.0\nkeywords: [findable]\n")
	w.drop("group/stable", archives)
	w.drop("group/devel", map[string][]byte{
		"findme-1.0.0.tgz": archives["findme-1.0.0.tgz"], "findme-1.1.0-rc.1.tgz": charttest.Simple("findme", "1.1.0-rc.1", "README.md", "Other."),
	})
	hostile := map[string][]byte{}
	for name, archive := range charttest.Hostile() {
		hostile[name+".tgz"] = archive
	}
	w.drop("hostile", hostile)
	w.done("generate")
	w.done("yank", "group/stable", "many", "1.205.0", "--reason", "Loses data, إصدار معيب")
	w.done("deprecate", "group/stable", "kin", "--message", "Nobody looks after it.", "--successor", "findme")
	w.done("generate")
	// One channel knows where it is served, and is in the registry there.
	const long = "platform-observability-group/application-monitoring/release-candidates"
	write(t, config, []byte(look+"baseURL: https://charts-of-platform-teams.acme.example.com\nchannels:\n- {match: "+long+", oci: true}\n"))
	w.drop(long, map[string][]byte{"findme-1.0.0.tgz": archives["findme-1.0.0.tgz"]})
	w.done("generate")
	for _, c := range realCharts(t) {
		w.drop("real", map[string][]byte{"real.tgz": c})
	}
	w.done("generate")
	return w
}

func findable(version string) []string {
	return []string{
		"Chart.yaml", `apiVersion: v2
name: findme
version: ` + version + `
appVersion: "3.1"
description: A chart with everything that a page can show, إصدار مستقر, 稳定版
icon: https://example.com/icon.png
home: https://example.com
kubeVersion: ">=1.25.0-0"
deprecated: true
keywords: [findable, 网络]
sources: [https://example.com/source]
maintainers:
- {name: Ana, email: ana@example.com, url: https://example.com/ana}
dependencies:
- {name: redis, version: ^20.0.0, repository: https://example.com/charts, condition: redis.enabled, alias: cache}
annotations:
  artifacthub.io/changes: |
    - kind: added
      description: Another thing
      links: [{name: issue, url: https://example.com/1}]
    - Something else
  artifacthub.io/images: |
    - {name: web, image: example.com/web:1.0}
  artifacthub.io/license: Apache-2.0
`,
		"README.md", "# Findme\n\nSome *text* with a [link](https://example.com) and `code`.\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n- [x] done\n- [ ] not\n\n```yaml\nkey: value\n```\n\n![An image](https://example.com/image.png)\n\n<details><summary>More</summary>hidden</details>\n",
		"values.yaml", "# How many, as `replicas`.\nreplicas: 2\n# @section What runs\nimage:\n  repository: web # where\n  tag: \"1.0\"\nlist:\n- {name: a}\n",
		"values.schema.json", `{"type":"object","required":["replicas"],"properties":{"replicas":{"type":"integer","default":1,"description":"How many pods."},"image":{"type":"object","properties":{"tag":{"type":["string","null"]}}}}}`,
		"templates/deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\n",
		"templates/any.yaml", "kind: {{ .Values.kind }}\n",
		"templates/large.yaml", strings.Repeat("# what is larger than a page has room for\n", 2000) + "# the end of the large file\n",
		"crds/thing.yaml", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.com}\nspec:\n  group: example.com\n  names:\n    kind: Thing\n  versions:\n  - name: v1\n",
	}
}
