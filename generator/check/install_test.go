package check

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// What no Helm can install is accepted, with the one warning that says so. The
// tests of cmd/portolan hold the same charts against Helm itself.
func TestUninstallable(t *testing.T) {
	for name, b := range charttest.Uninstallable() {
		t.Run(name, func(t *testing.T) {
			c, err := Archive(bytes.NewReader(charttest.Simple("mychart", "0.1.0", b.Files...)), Options{})
			if err != nil {
				t.Fatal(err)
			}
			var found []string
			for _, w := range c.Warnings {
				if PreventsInstall(w.Rule) {
					found = append(found, w.Rule)
				}
				if w.Rule == b.Rule && !strings.Contains(w.Message, b.Contains) {
					t.Errorf("%s does not mention %q", w.Message, b.Contains)
				}
			}
			if got := strings.Join(found, " "); got != b.Rule {
				t.Errorf("got %q, want %q: %v", got, b.Rule, c.Warnings)
			}
		})
	}
}

// Looking for such charts is cheap, however hostile they are: this takes a second in
// all, where Helm would take hours for some.
func TestUninstallableIsCheap(t *testing.T) {
	big := strings.Repeat
	var names, chain strings.Builder
	for i := range 15_000 {
		fmt.Fprintf(&names, `"p%d": {"$ref": "#/a%s"},`, i, big("/a", 10))
		fmt.Fprintf(&chain, `{{define "t%d"}}{{include "t%d" .}}{{end}}`, i, i+1)
	}
	hostile := map[string][]string{
		"nested ifs":       {"templates/x.yaml", big("{{if 1}}", 500_000)},
		"nested parens":    {"templates/x.yaml", "{{" + big("(", 1_000_000)},
		"tokens":           {"templates/x.yaml", "{{" + big(" a", 2_000_000) + "}}"},
		"chained includes": {"templates/_x.tpl", chain.String(), "templates/x.yaml", `{{include "t0" .}}`},
		"many actions":     {"templates/x.yaml", big("{{.}}", 1_000_000)},
		"many documents":   {"templates/x.yaml", big("---\na: 1\n", 500_000)},
		"deep YAML":        {"crds/x.yaml", big("[", 1_000_000)},
		"wide YAML":        {"crds/x.yaml", big("a,", 2_000_000)},
		"YAML aliases":     {"crds/x.yaml", "a: &a [x]\n" + big("b: [*a,*a]\n", 100_000)},
		"refs":             {"values.schema.json", `{"properties": {` + names.String() + `"z": {"$ref": "#` + big("/a", 200_000) + `"}}}`},
		"deep schema":      {"values.schema.json", big(`{"not":`, 9000) + "{}" + big("}", 9000)},
		"wide schema":      {"values.schema.json", `{"enum":[` + big("{},", 1_000_000) + `1]}`},
		"ids":              {"values.schema.json", `{"allOf":[` + big(`{"$id":"a","$ref":"b"},`, 50_000) + `{}]}`},
		"pattern":          {"values.schema.json", `{"pattern":"` + big("(a|b)*{3}", 100_000) + `"}`},
		"repeats":          {"values.schema.json", `{"pattern":"` + big("((a{9}){9}){9}", 70_000) + `"}`},
	}
	for name, files := range hostile {
		archive := charttest.Simple("mychart", "0.1.0", files...)
		testenv.Cheap(t, name, func() {
			if _, err := Archive(bytes.NewReader(archive), Options{}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// A template that was not looked at may define what others use.
func TestUnreadTemplates(t *testing.T) {
	c, err := Archive(bytes.NewReader(charttest.Simple("mychart", "0.1.0", "templates/a.yaml", "{{ include \"x\" . }}",
		"templates/b.yaml", strings.Repeat("#", maxEffort.templates/2), "templates/c.yaml", strings.Repeat("#", maxEffort.templates/2),
		"templates/d/_x.tpl", "{{ define \"x\" }}{{ end }}")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) > 0 {
		t.Error(c.Warnings)
	}
}

// What is asked for decides whether a warning is one.
func TestRejectWarned(t *testing.T) {
	broken := charttest.Simple("mychart", "0.1.0", "templates/x.yaml", "{{ nope }}")
	_, err := Archive(bytes.NewReader(broken), Options{Warnings: "reject"})
	wantRule(t, err, "warnings")
	if !strings.Contains(err.Error(), "nope") {
		t.Errorf("%v does not say what the warning is", err)
	}
	if _, err := Archive(bytes.NewReader(charttest.Simple("mychart", "0.1.0")), Options{Warnings: "reject"}); err != nil {
		t.Error(err)
	}
	if _, err := Archive(bytes.NewReader(broken), Options{Warnings: "accept"}); err != nil {
		t.Error(err)
	}
}
