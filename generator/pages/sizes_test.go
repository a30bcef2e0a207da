package pages_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
)

// author writes charts whose text is about as long and as repetitive as that of real ones.
type author struct {
	*rand.Rand
	words []string
}

func newAuthor(seed uint64) *author {
	a := &author{Rand: rand.New(rand.NewPCG(seed, 14))}
	syllables := strings.Fields("ba con de ex fi gra ho in ku lo mi net or po qua ra se tion um ver work y zo ing pod able er")
	for range 1500 {
		var word string
		for range 1 + a.IntN(3) {
			word += syllables[a.IntN(len(syllables))]
		}
		a.words = append(a.words, word)
	}
	return a
}

// text returns a number of words; few of them are frequent, as in any language.
func (a *author) text(words int) string {
	var b strings.Builder
	for i := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		n := len(a.words)
		b.WriteString(a.words[a.IntN(1+a.IntN(1+a.IntN(n)))])
	}
	return b.String()
}

func (a *author) name() string { return a.words[a.IntN(len(a.words))] + a.words[a.IntN(len(a.words))] }

// A setting is one value: its key, its default, and what is said about it.
type setting struct{ key, value, text string }

// kind returns the type of the default, as a schema calls it.
func (s setting) kind() string {
	switch c := s.value[0]; {
	case c == 't', c == 'f':
		return "boolean"
	case c == '{':
		return "object"
	case c == '[':
		return "array"
	case c == '"' || strings.HasSuffix(s.value, "m"):
		return "string"
	}
	return "integer"
}

// settings returns groups of values, by the name of the group.
func (a *author) settings(groups, each, words int) (names []string, all map[string][]setting) {
	all = map[string][]setting{}
	for i := range groups {
		group := fmt.Sprintf("%s%d", a.name(), i)
		names = append(names, group)
		for j := range each {
			value := []string{"true", "false", `""`, "{}", "[]", "5m", fmt.Sprint(a.IntN(9000)), fmt.Sprintf("%q", a.name())}[a.IntN(8)]
			all[group] = append(all[group], setting{fmt.Sprintf("%s%d", a.name(), j), value, a.text(1 + words/2 + a.IntN(1+words))})
		}
	}
	return names, all
}

// values writes settings as values.yaml, with comments if mark is one.
func values(names []string, all map[string][]setting, mark string) string {
	var b strings.Builder
	for _, group := range names {
		fmt.Fprintf(&b, "%s:\n", group)
		for _, s := range all[group] {
			if mark != "" {
				fmt.Fprintf(&b, "  %s %s\n", mark, s.text)
			}
			fmt.Fprintf(&b, "  %s: %s\n", s.key, s.value)
		}
	}
	return b.String()
}

// readme writes a README with a table of settings, as helm-docs does.
func (a *author) readme(title string, paragraphs int, names []string, all map[string][]setting) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", title)
	for range paragraphs {
		fmt.Fprintf(&b, "## %s\n\n%s\n\n", a.text(3), a.text(70))
	}
	b.WriteString("## Values\n\n| Key | Type | Default | Description |\n|-----|------|---------|-------------|\n")
	for _, group := range names {
		for _, s := range all[group] {
			fmt.Fprintf(&b, "| %s.%s | string | `%s` | %s |\n", group, s.key, s.value, s.text)
		}
	}
	return b.String()
}

// schema writes settings as values.schema.json.
func schema(names []string, all map[string][]setting, texts bool) string {
	top := map[string]any{}
	for _, group := range names {
		in := map[string]any{}
		for _, s := range all[group] {
			about := map[string]any{"type": s.kind()}
			if texts {
				about["description"] = s.text
			}
			in[s.key] = about
		}
		top[group] = map[string]any{"type": "object", "properties": in}
	}
	b, err := json.MarshalIndent(map[string]any{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": top}, "", "  ")
	if err != nil {
		panic(err)
	}
	return string(b)
}

// template writes a template of about a number of lines.
func (a *author) template(lines int, names []string, all map[string][]setting) string {
	var b strings.Builder
	kind := []string{"Deployment", "Service", "ConfigMap", "ClusterRole", "DaemonSet"}[a.IntN(5)]
	fmt.Fprintf(&b, "{{- if .Values.%s }}\napiVersion: v1\nkind: %s\nmetadata:\n  name: %s\nspec:\n", names[0], kind, a.name())
	for range lines / 4 {
		group := names[a.IntN(len(names))]
		s := all[group][a.IntN(len(all[group]))]
		fmt.Fprintf(&b, "  {{- with .Values.%s.%s }}\n  # %s\n  %s: {{ toYaml . | nindent 4 }}\n  {{- end }}\n", group, s.key, a.text(6), a.name())
	}
	b.WriteString("{{- end }}\n")
	return b.String()
}

// definition writes a custom resource definition of about a number of lines.
func (a *author) definition(lines int) string {
	var b strings.Builder
	name := a.name()
	fmt.Fprintf(&b, "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: %ss.example.com\nspec:\n  group: example.com\n  names:\n    kind: %s\n  versions:\n  - name: v1\n    schema:\n      openAPIV3Schema:\n        properties:\n", name, strings.ToUpper(name[:1])+name[1:])
	for range lines / 4 {
		fmt.Fprintf(&b, "          %s:\n            description: |-\n              %s\n            type: string\n", a.name(), a.text(9))
	}
	return b.String()
}

// largeCharts are charts that are shaped as four large ones are, and about as large:
// cilium (many values with comments and a table of them in the README, a schema, dozens of
// templates, dashboards), kyverno (large definitions), jupyterhub (a schema with texts) and
// dapr (subcharts).
func largeCharts() map[string][]string {
	a := newAuthor(1)
	charts := map[string][]string{}
	add := func(chart, file, content string) { charts[chart] = append(charts[chart], file, content) }

	names, all := a.settings(95, 13, 5)
	add("cilium", "values.yaml", values(names, all, "# --"))
	add("cilium", "README.md", a.readme("cilium", 10, names, all))
	add("cilium", "values.schema.json", schema(names, all, false))
	for i := range 94 {
		add("cilium", fmt.Sprintf("templates/%s/%s-%d.yaml", a.words[i/6], a.name(), i), a.template(100, names, all))
	}
	for i := range 5 {
		add("cilium", fmt.Sprintf("files/dashboard-%d.json", i), schema(names[i*19:i*19+19], all, true)+a.text(6000))
	}

	names, all = a.settings(40, 9, 18)
	add("kyverno", "values.yaml", values(names, all, "# --"))
	add("kyverno", "README.md", a.readme("kyverno", 40, names, all))
	for i := range 70 {
		add("kyverno", fmt.Sprintf("templates/%s-%d.yaml", a.name(), i), a.template(60, names, all))
	}
	for i := range 30 {
		add("kyverno", fmt.Sprintf("crds/%s-%d.yaml", a.name(), i), a.definition(1300))
		add("kyverno", fmt.Sprintf("charts/crds/templates/%s-%d.yaml", a.name(), i), a.definition(700))
	}
	add("kyverno", "charts/crds/Chart.yaml", "apiVersion: v2\nname: crds\nversion: 1.0.0\n")

	names, all = a.settings(20, 9, 14)
	add("jupyterhub", "values.yaml", values(names, all, ""))
	add("jupyterhub", "values.schema.json", schema(names, all, true))
	add("jupyterhub", "README.md", "# jupyterhub\n\n"+a.text(200)+"\n")
	for i := range 50 {
		add("jupyterhub", fmt.Sprintf("templates/%s-%d.yaml", a.name(), i), a.template(200, names, all))
	}

	names, all = a.settings(4, 6, 10)
	add("dapr", "values.yaml", values(names, all, "#"))
	add("dapr", "README.md", a.readme("dapr", 25, names, all))
	for _, sub := range []string{"operator", "placement", "sentry", "injector", "scheduler"} {
		names, all := a.settings(10, 8, 12)
		add("dapr", "charts/"+sub+"/Chart.yaml", "apiVersion: v2\nname: "+sub+"\nversion: 1.0.0\n")
		add("dapr", "charts/"+sub+"/values.yaml", values(names, all, "#"))
		add("dapr", "charts/"+sub+"/README.md", a.readme(sub, 4, names, all))
		for i := range 8 {
			add("dapr", fmt.Sprintf("charts/%s/templates/%s-%d.yaml", sub, a.name(), i), a.template(80, names, all))
		}
	}
	for i := range 6 {
		add("dapr", fmt.Sprintf("crds/%s-%d.yaml", a.name(), i), a.definition(500))
	}
	return charts
}

// A table of values that is too large has its texts cut so that they fill the page.
func TestLongTexts(t *testing.T) {
	w, a := newTown(t, published), newAuthor(3)
	for name, size := range map[string][3]int{"groups": {95, 13, 16}, "large-groups": {20, 60, 16}, "small-groups": {400, 3, 15}} {
		names, all := a.settings(size[0], size[1], size[2])
		w.upload("stable", charttest.Simple(name, "1.0.0", "values.yaml", values(names, all, "# --"), "values.schema.json", schema(names, all, false)), nil)
	}
	w.run()
	for _, name := range []string{"groups", "large-groups", "small-groups"} {
		if n := len(w.mem.Snapshot()["stable/charts/"+name+"/1.0.0/values.html"]); n < 187<<10 || n > 200<<10 {
			t.Errorf("%s: the page has %d bytes", name, n)
		}
	}
}

// The pages of large charts take no more room than their archives, and none is large.
func TestSizes(t *testing.T) {
	w := newTown(t, published)
	archives, html := 0, 0
	for name, files := range largeCharts() {
		w.upload("stable", charttest.Simple(name, "1.0.0", files...), nil)
	}
	w.run()
	for key, content := range w.mem.Snapshot() {
		switch {
		case !strings.HasPrefix(key, "stable/charts/"):
		case path.Ext(key) == ".tgz":
			archives += len(content)
		case path.Ext(key) == ".html":
			html += len(content)
			if len(content) > 200<<10 {
				t.Errorf("%s has %d bytes", key, len(content))
			}
		}
	}
	t.Logf("the pages have %d bytes, and the archives %d", html, archives)
	if html > archives || html < archives/2 {
		t.Error("the pages are larger than the archives, or are missing")
	}
}
