package check

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
)

// readContents reads the contents of a chart with more files.
func readContents(t *testing.T, more ...string) *Contents {
	t.Helper()
	c, err := ReadContents(bytes.NewReader(charttest.Simple("mychart", "0.1.0", more...)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTemplateKinds(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"one", "apiVersion: v1\nkind: ConfigMap\n", `["ConfigMap"]`},
		{"several, each once", "kind: A\n---\nkind: B # c\n---\nkind: \"A\"\nkind: 'C'\n", `["A" "B" "C"]`},
		{"within", "kind: A\nspec:\n  kind: B\n  - kind: C\n", `["A"]`},
		{"rendered", "kind: {{ .Values.kind }}\n", `[""]`},
		{"rendered in part", "kind: {{- if .x }}A{{ end }}\nkind: Cluster{{ .y }}\nkind: B\n", `["" "B"]`},
		{"none", "{{ include \"x\" . }}\n", `[]`},
		{"odd", "kind:\nkinds: A\nkind: <script>\nkind: 漢\nkind: lower\nkind: [A]\n", `[""]`},
		{"long", "kind: " + strings.Repeat("A", 64) + "\nkind: " + strings.Repeat("B", 63) + "\n", fmt.Sprintf("[%q %q]", "", strings.Repeat("B", 63))},
		{"line ends", "kind: A\r\nkind: B", `["A" "B"]`},
	} {
		if got := fmt.Sprintf("%q", templateKinds([]byte(tt.in))); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	many := ""
	for i := range 2 * maxKinds {
		many += fmt.Sprintf("kind: K%d\n", i)
	}
	if got := len(templateKinds([]byte(many))); got != maxKinds {
		t.Errorf("got %d kinds", got)
	}
}

const crd = `# Copyright
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: things.example.com
spec:
  group: example.com # a comment
  names:
    kind: Thing
    plural: things
  versions:
  - name: v1
    additionalPrinterColumns:
    - name: Age
    schema:
      openAPIV3Schema:
        properties:
          kind:
            description: |-
              group: no
        names:
          kind: no
  - name: "v2"
    group: no
`

func TestDefinitions(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"block style", crd, "example.com|Thing|[v1 v2]\n"},
		{"other indentation", "spec:\n    versions:\n        -   name: v1\n        -   schema:\n            name: v2\n    group : g\n    names:\n        kind: K\n", "g|K|[v1 v2]\n"},
		{"one version", "spec:\n  version: v1beta1\n  group: g\n  names: {kind: K}\n  versions:\n    - name: v1beta1\n", "g||[v1beta1]\n"},
		{"several", "---\n" + crd + "---\n# nothing\n---\n" + strings.ReplaceAll(crd, "Thing", "Other") + "---\n", "example.com|Thing|[v1 v2]\nexample.com|Other|[v1 v2]\n"},
		{"JSON", `{"spec":{"group":"g","names":{"kind":"K"},"versions":[{"name":"v1"},{"name":"v1"}]}}`, "g|K|[v1]\n"},
		{"broken JSON", `{"spec":`, "||[]\n"},
		{"no definition", "resources:\n- a.yaml\n", "||[]\n"},
		{"nothing", "", ""},
		{"lines like it", "kind: no\ngroup: no\nspec:\n  x:\n    group: no\n", "||[]\n"},
	} {
		got := ""
		for _, d := range definitions("crds/x.yaml", []byte(tt.in)) {
			got += fmt.Sprintf("%s|%s|%v\n", d.Group, d.Kind, d.Versions)
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestContents reads what pages need, and only of the chart itself.
func TestContents(t *testing.T) {
	c := readContents(t,
		"templates/b.yaml", "kind: B\n", "templates/sub/a.yml", "kind: A\n", "templates/_helpers.tpl", "kind: C\n", "templates/NOTES.txt", "kind: D\n",
		"crds/two.yaml", "\ufeff"+crd, "crds/one.yaml", crd, "crds/README.md", "# kind: no\n",
		"charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n", "charts/sub/templates/a.yaml", "kind: Sub\n", "charts/sub/crds/a.yaml", crd,
		"values.schema.json", "{}",
	)
	if got, want := fmt.Sprint(c.Kinds), "[{templates/b.yaml [B]} {templates/note.yaml [ConfigMap]} {templates/sub/a.yml [A]}]"; got != want {
		t.Errorf("kinds are %s, want %s", got, want)
	}
	if len(c.Definitions) != 2 || c.Definitions[0].File != "crds/one.yaml" || c.Definitions[1].Kind != "Thing" {
		t.Errorf("definitions are %+v", c.Definitions)
	}
	if string(c.README) != "# mychart\n" || string(c.Values) != "replicas: 1\n" || string(c.Schema) != "{}" || c.Metadata.Name != "mychart" || len(c.Files) != 15 {
		t.Errorf("got README %q, values %q, schema %q, %d files", c.README, c.Values, c.Schema, len(c.Files))
	}
}

// TestContentsLikeCheck reads real charts, and finds in them what Archive finds, in
// whatever order their entries come.
func TestContentsLikeCheck(t *testing.T) {
	kinds := 0
	for _, file := range corpus(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		chart, checkErr := Archive(bytes.NewReader(data), Options{Versions: "helm"})
		contents, err := ReadContents(bytes.NewReader(data), Options{Versions: "helm"})
		if fmt.Sprint(err) != fmt.Sprint(checkErr) {
			t.Fatalf("%s: got error %v, want %v", file, err, checkErr)
		}
		if err != nil {
			continue
		}
		if !reflect.DeepEqual(contents.Chart, chart) {
			t.Errorf("%s: another chart than that of Archive", file)
		}
		kinds += len(contents.Kinds)
	}
	if kinds == 0 {
		t.Error("no templates were found")
	}
	files := charttest.Chart("mychart", "0.1.0", "templates/a.yaml", "apiVersion: v1\nkind: A\n", "crds/b.yaml", crd, "crds/a.yaml", crd,
		"Chart.yaml", "apiVersion: v2\nname: mychart\nversion: 0.1.0\nicon: icon.png\n", "icon.png", "x", "LICENSE", licenseTexts["MIT"], "COPYING", "x",
		"templates/large.yaml", strings.Repeat("# x\n", maxSource/4))
	for i := range maxSources / maxSource {
		files[fmt.Sprintf("crds/%d.yaml", i)] = strings.Repeat("# y\n", maxSource/4)
	}
	var both [2]*Contents
	for i, reverse := range []bool{false, true} {
		var err error
		if both[i], err = ReadContents(bytes.NewReader(charttest.Pack("mychart", files, &charttest.Options{Reverse: reverse})), Options{}); err != nil {
			t.Fatal(err)
		}
		both[i].Digest, both[i].Size = "", 0
	}
	if !reflect.DeepEqual(both[0], both[1]) {
		t.Errorf("the order of entries matters: %s, %s", sourceNames(both[0].Sources), sourceNames(both[1].Sources))
	}
	if c := both[0]; c.Icon == nil || c.License.Name != "MIT" || len(c.Sources) == 0 || len(c.Sources) == len(c.Templates)+len(c.CRDs) {
		t.Errorf("got %d sources, %+v", len(c.Sources), c.License)
	}
}

// FuzzContents reads any text as a template, as a definition and as a licence.
func FuzzContents(f *testing.F) {
	f.Add([]byte(crd))
	f.Add([]byte(`{"spec":{"group":"g","versions":[{"name":"v1"}]}}`))
	f.Add([]byte("kind: A\n---\nkind: {{ x }}\n"))
	f.Add([]byte(licenseTexts["BSD-3-Clause"]))
	f.Fuzz(func(t *testing.T, data []byte) {
		if name := licenseName(data); name != "" && licenseTexts[name] == "" {
			t.Errorf("the licence %q", name)
		}
		for _, kind := range templateKinds(data) {
			if kind != "" && !kindPattern().MatchString(kind) {
				t.Errorf("kind %q", kind)
			}
		}
		for _, d := range definitions("crds/x.yaml", data) {
			if len(d.Versions) > maxDefinitionVersions {
				t.Errorf("%d versions", len(d.Versions))
			}
		}
	})
}

// BenchmarkContents tells what reading contents costs beside checking alone.
func BenchmarkContents(b *testing.B) {
	var archives [][]byte
	for _, file := range corpus(b) {
		data, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		archives = append(archives, data)
	}
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			for _, data := range archives {
				_, _ = Archive(bytes.NewReader(data), Options{})
			}
		}
	})
	b.Run("contents", func(b *testing.B) {
		for b.Loop() {
			for _, data := range archives {
				_, _ = ReadContents(bytes.NewReader(data), Options{})
			}
		}
	})
}
