package pages

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/templates"
)

// differing lists the files that differ.
func differing(d *templates.Difference) string {
	var all []string
	for _, f := range d.Files {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s +%d-%d %s", f.Path, f.What, f.Added, f.Removed, f.From)))
	}
	return strings.Join(all, ", ")
}

// versions compares two versions of a chart, of which the pairs of path and content in
// before and after are files.
func versions(t *testing.T, before, after []string) *versionContent {
	t.Helper()
	a, b := readArchive(t, before...), readArchive(t, after...)
	v := newContent(b.Metadata)
	v.show(t.Context(), newShared(), a, b)
	return v
}

const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\nspec:\n  replicas: {{ .Values.replicas }}\n"

// A template that is broken is seen, and so is any other file that differs.
func TestCompareFiles(t *testing.T) {
	d := versions(t, []string{"templates/deployment.yaml", deployment}, []string{"templates/deployment.yaml", strings.Replace(deployment, ": {{", "; {{", 1)}).changes.Against
	want := "<b>@@ -3,4 +3,4 @@</b>\n metadata:\n   name: x\n spec:\n<del>-  replicas: {{ .Values.replicas }}\n</del><ins>+  replicas; {{ .Values.replicas }}\n</ins>"
	if differing(d) != "templates/deployment.yaml changed +1-1" || string(d.Files[0].HTML) != want || d.Same || len(d.Other) > 0 {
		t.Errorf("got %+v", d)
	}
	sub := func(version string) string { return "apiVersion: v2\nname: sub\nversion: " + version + "\n" }
	lock := func(date string) string { return "dependencies: []\ngenerated: \"" + date + "T00:00:00Z\"\n" }
	for _, tt := range []struct {
		name          string
		before, after []string
		want          string
	}{
		{"nothing", nil, nil, "same"},
		{"the README", nil, []string{"README.md", "# Other\n"}, "README.md"},
		{"comments of values", []string{"values.yaml", "a: 1\n"}, []string{"values.yaml", "a: 1 # b\n"}, "values.yaml"},
		{"values", []string{"values.yaml", "a: 1\n"}, []string{"values.yaml", "a: 2\n"}, ""},
		{"the schema and a licence", nil, []string{"values.schema.json", "{}", "LICENSE", "x"}, "LICENSE values.schema.json"},
		{"a file of a subchart", []string{"charts/sub/Chart.yaml", sub("1.0.0")}, []string{"charts/sub/Chart.yaml", sub("1.0.1")}, "charts/sub/Chart.yaml"},
		{"files of a subchart", []string{"charts/sub/Chart.yaml", sub("1.0.0")}, []string{"charts/sub/Chart.yaml", sub("1.0.1"), "charts/sub/templates/a.yaml", "x"}, "charts/sub (2 files)"},
		{"the version", nil, []string{"Chart.yaml", "apiVersion: v2\nname: mychart\nversion: 0.2.0\ndescription: A chart for tests\n"}, "only the version"},
		{"the version and what it changes", nil, []string{"Chart.yaml", "apiVersion: v2\nname: mychart\nversion: 0.2.0\nappVersion: \"2\"\ndescription: A chart for tests\nannotations: {artifacthub.io/changes: '- new'}\n"}, "only the version"},
		{"the version and the Kubernetes version", nil, []string{"Chart.yaml", "apiVersion: v2\nname: mychart\nversion: 0.2.0\nkubeVersion: '>=1.30'\ndescription: A chart for tests\n"}, ""},
		{"the version and the description", nil, []string{"Chart.yaml", "apiVersion: v2\nname: mychart\nversion: 0.2.0\ndescription: Another\n"}, "Chart.yaml"},
		{"the date of a lock", []string{"Chart.lock", lock("2026-01-01")}, []string{"Chart.lock", lock("2026-01-02"), "Chart.yaml", "apiVersion: v2\nname: mychart\nversion: 0.2.0\ndescription: A chart for tests\n"}, "only the version"},
		{"the version and the README", nil, []string{"Chart.yaml", "apiVersion: v2\nname: mychart\nversion: 0.2.0\ndescription: A chart for tests\n", "README.md", "x"}, "README.md"},
		{"the home page", nil, []string{"Chart.yaml", "apiVersion: v2\nname: mychart\nversion: 0.2.0\nhome: https://example.com\n", "README.md", "x"}, "Chart.yaml README.md"},
		{"a renamed template", []string{"templates/a.yaml", deployment}, []string{"templates/b.yaml", deployment}, "templates/b.yaml renamed +0-0 templates/a.yaml"},
		{"tests and notes", []string{"templates/NOTES.txt", "a"}, []string{"templates/NOTES.txt", "b", "templates/tests/a.yaml", "x\n"}, "templates/NOTES.txt changed +1-1, templates/tests/a.yaml added +1-0"},
	} {
		d := versions(t, tt.before, tt.after).changes.Against
		got := strings.TrimSpace(differing(d) + " " + strings.Join(d.Other, " "))
		if d.Same {
			got = "same" + got
		}
		if d.OnlyVersion {
			got = "only the version" + got
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// The differences that matter most are shown, as far as the page has room, and all
// are counted.
func TestCompareFilesBounds(t *testing.T) {
	long := func(word string) string { return strings.Repeat(word+" and more words of it\n", 700) }
	var before, after []string
	for i := range 2 * maxChangedFiles {
		after = append(after, fmt.Sprintf("templates/n%03d.yaml", i), "x\n", fmt.Sprintf("docs/%03d.md", i), "x\n")
	}
	for _, name := range []string{"_helpers.tpl", "a.yaml", "b.yaml"} {
		before = append(before, "templates/"+name, long("old"))
		after = append(after, "templates/"+name, long("new"))
	}
	before, after = append(before, "templates/z.yaml", deployment), append(after, "templates/z.yaml", deployment+long("new"))
	d := versions(t, before, after).changes.Against
	shown, size := "", 0
	for _, f := range d.Files {
		size += len(f.HTML)
		if f.HTML == "" && f.Note == "" {
			t.Errorf("%s: neither differences nor a note", f.Path)
		}
		if f.Left != (f.HTML == "") {
			t.Errorf("%s: it is left out: %t", f.Path, f.Left)
		}
		if f.HTML != "" && !strings.HasPrefix(f.Path, "templates/n") {
			shown += f.Path + " "
		}
		if f.What == "changed" && f.Added != 700 {
			t.Errorf("%s: %d lines added", f.Path, f.Added)
		}
	}
	if size > maxDifferences || len(d.Files) != maxChangedFiles || d.More != maxChangedFiles+4 || !strings.Contains(shown, "templates/z.yaml") {
		t.Errorf("%d bytes, %d files and %d more, shown: %s", size, len(d.Files), d.More, shown)
	}
	if n := len(d.Other); n != maxOther+1 || d.Other[maxOther] != fmt.Sprintf("%d more files", 2*maxChangedFiles-maxOther) {
		t.Errorf("%d others: %q", n, d.Other)
	}
}

// Once there is no more time, files that differ are still named.
func TestCompareFilesLate(t *testing.T) {
	late, cancel := context.WithCancel(t.Context())
	cancel()
	d := compare(late, readArchive(t), readArchive(t, "templates/note.yaml", deployment))
	if len(d.Files) != 1 || d.Files[0].HTML != "" || !strings.Contains(d.Files[0].Note, "took too long") || !d.Files[0].Left {
		t.Errorf("got %+v", d.Files)
	}
	p := templates.TemplatesPage{}
	describeTemplates(late, &p, newShared(), readArchive(t))
	if len(p.Files) != 1 || p.Files[0].HTML != "" || p.Note == "" {
		t.Errorf("got %+v", p)
	}
}

// Large files that differ everywhere cost little beside reading them.
func TestCompareFilesCost(t *testing.T) {
	var before, after []string
	for i := range 6 {
		name := fmt.Sprintf("templates/%d.yaml", i)
		before, after = append(before, name, strings.Repeat("# a\n", 49_000)), append(after, name, strings.Repeat("# b\n", 49_000))
	}
	a, b := readArchive(t, before...), readArchive(t, after...)
	testenv.Cheap(t, "files", func() { compareFiles(t.Context(), &templates.Difference{}, a, b) })
}

func TestUpgradeNotes(t *testing.T) {
	yaml := func(fields string) string { return "apiVersion: v2\nname: mychart\n" + fields }
	before := readArchive(t, []string{
		"Chart.yaml", yaml("version: 1.9.0\nappVersion: '1.2.0'\nkubeVersion: '>=1.21.0-0'\ndependencies:\n- {name: redis, version: 17.x.x, repository: 'https://x'}\n- {name: old, version: 1.0.0, repository: 'https://x'}\n"),
		"values.yaml", "a: 1\nb: 1\nimage: {repository: example.com/app, tag: 1.2.0}\nsidecar: {repository: example.com/side, tag: '20240101'}\n",
		"values.schema.json", `{"required":["a"],"properties":{"a":{}}}`, "crds/a.yaml", crd, "crds/b.yaml", strings.ReplaceAll(crd, "Thing", "Gone"),
	}...)
	after := readArchive(t, []string{
		"Chart.yaml", yaml("version: 2.0.0\nappVersion: '2.0.0'\nkubeVersion: '>=1.25.0-0'\ndependencies:\n- {name: redis, version: 18.x.x, repository: 'https://x'}\n"),
		"values.yaml", "a: x\nimage: {repository: example.com/app, tag: 2.0.0}\nsidecar: {repository: example.com/side, tag: '20250101'}\n",
		"values.schema.json", `{"required":["a","c"],"properties":{"a":{},"c":{"required":["d"]},"image":{"required":["pull"]},"no":{"required":["e"]}}}`,
		"crds/a.yaml", strings.ReplaceAll(crd, "  - name: v1\n", ""), "crds/c.yaml", strings.ReplaceAll(crd, "Thing", "New"),
	}...)
	d := compare(t.Context(), before, after)
	d.ValuesRetyped = []templates.ValueChange{{Path: "a"}}
	rows := []templates.ValueReference{{Path: "a", Line: 1}, {Path: "image.repository", Line: 2}, {Path: "c"}}
	var got strings.Builder
	for _, n := range upgradeNotes(d, before, after, []templates.ValueGroup{{Rows: rows}}) {
		fmt.Fprintf(&got, "%s %s %s\n", n.Kind, n.Link, n.Text)
	}
	want := `kubernetes #requirements Kubernetes 1.25 or newer is needed. Before, 1.21 was enough.
required  The schema requires 3 more values that values.yaml has no default for: c, c.d, image.pull.
removed #values 1 value is no longer in values.yaml: b.
retyped #values 1 value has another type: a.
crd #definitions 1 definition is no longer in the folder crds: Gone (example.com).
crd #definitions 1 version of a definition is removed: Thing (example.com) v1.
crd #definitions 2 definitions are new or changed: New (example.com), Thing (example.com). Helm leaves definitions as they are when it upgrades a release, so apply them yourself.
dependency #dependencies The chart no longer depends on old.
dependency #dependencies redis goes from 17.x.x to 18.x.x, another major version.
image #images example.com/app goes from 1.2.0 to 2.0.0, another major version.
chart  The chart goes from 1.9.0 to 2.0.0, another major version.
app #requirements The app goes from 1.2.0 to 2.0.0, another major version.
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
	for _, tt := range []struct{ before, after, want string }{
		{"", ">=1.25.0-0", "Kubernetes 1.25 or newer is needed. Before, the chart did not say which."}, {">=1.25", "", "The chart no longer says which Kubernetes it needs. Before, it asked for >=1.25."},
		{">=1.25", ">=1.21", "Kubernetes 1.21 is enough. Before, 1.25 or newer was needed."}, {">=1.25", ">=1.25 <1.31", "The chart asks for Kubernetes >=1.25 <1.31. Before, it asked for >=1.25."},
		{"", "<1.31", "The chart asks for Kubernetes <1.31. Before, it asked for any."}, {">=1.25", ">=1.25", ""},
	} {
		var n upgrade
		n.kubernetes(tt.before, tt.after)
		got := ""
		if len(n) > 0 {
			got = n[0].Text
		}
		if got != tt.want {
			t.Errorf("%s, %s: got %q, want %q", tt.before, tt.after, got, tt.want)
		}
	}
	many := make([]string, 12)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	if got, want := some(many), "0, 1, 2, 3, 4, 5, 6, 7 and 4 more"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Sources that matter most are shown as far as there is room, and anchors differ.
func TestSources(t *testing.T) {
	long := strings.Repeat("# a comment\n", 400)
	page := described(t, "", "templates/zz.yaml", deployment+long, "templates/a.yaml", "kind: ConfigMap\n"+long, "templates/_h.tpl", long, "templates/NOTES.txt", "x", "templates/tests/t.yaml", deployment,
		"templates/service.yaml", "kind: Service\n", "templates/a b%2F.yaml", "kind: Role\n", "templates/icon.png", "\xff", "crds/a.yaml", crd+long).templates
	var order, shown, kinds []string
	anchors := map[string]bool{}
	for _, f := range slices.Concat(page.Files, page.CRDs) {
		name := strings.TrimPrefix(f.Path, "templates/")
		order, anchors[f.Anchor] = append(order, name), true
		if f.HTML != "" {
			shown = append(shown, name)
		}
	}
	for _, k := range page.Kinds {
		kinds = append(kinds, k.Kind)
	}
	if got, want := strings.Join(kinds, " "), "Deployment Service Role ConfigMap "; got != want {
		t.Errorf("kinds are %s", got)
	}
	if got, want := strings.Join(order, "|"), "zz.yaml|service.yaml|a b%2F.yaml|a.yaml|note.yaml|_h.tpl|icon.png|NOTES.txt|tests/t.yaml|crds/a.yaml"; got != want {
		t.Errorf("files are %s", got)
	}
	if got, want := strings.Join(shown, "|"), "zz.yaml|service.yaml|a b%2F.yaml|note.yaml|NOTES.txt|tests/t.yaml"; got != want {
		t.Errorf("%s are shown", got)
	}
	if len(anchors) != len(order) || !anchors["templates/a~20b~252F.yaml"] || sourceAnchor(strings.Repeat("a", 500)) == sourceAnchor(strings.Repeat("a", 501)) {
		t.Errorf("anchors are %v", anchors)
	}
}

// The licence and the images come from files if no annotation has them.
func TestFallbacks(t *testing.T) {
	image := "image: {repository: example.com/a, tag: '1'}\n"
	v := described(t, "", "LICENSE", "Some words\n", "values.yaml", image)
	if v.release.License != "see LICENSE" || fmt.Sprint(v.overview.Images) != "[{image example.com/a:1}]" || v.overview.ImagesFrom != "derived from values.yaml" {
		t.Errorf("got %q, %v", v.release.License, v.overview.Images)
	}
	v = described(t, "annotations:\n  artifacthub.io/license: MIT\n  artifacthub.io/images: |\n    - {name: b, image: b}\n", "LICENSE", "Some words\n", "values.yaml", image)
	if v.release.License != "MIT" || fmt.Sprint(v.overview.Images) != "[{b b}]" || v.overview.ImagesFrom != "from an annotation in Chart.yaml" {
		t.Errorf("got %q, %v", v.release.License, v.overview.Images)
	}
}

// A page of changes says where images come from, in both versions.
func TestImagesFrom(t *testing.T) {
	said := []string{"values.yaml", "image: {repository: example.com/a, tag: '1'}\n"}
	named := []string{"Chart.yaml", "apiVersion: v2\nname: mychart\nversion: 0.2.0\nannotations: {artifacthub.io/images: '- {name: b, image: b}'}\n"}
	for want, pair := range map[string][2][]string{
		"derived from values.yaml":                                          {said, said},
		"from an annotation in Chart.yaml":                                  {nil, named},
		"from an annotation in Chart.yaml, before derived from values.yaml": {said, named},
	} {
		if got := versions(t, pair[0], pair[1]).changes.Against.ImagesFrom; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestCorpusChanges compares real charts with another version of themselves: whatever
// differs in their templates is shown or named.
func TestCorpusChanges(t *testing.T) {
	earlier := map[string]*archive{}
	compared, files, shown, upgrades := 0, 0, 0, 0
	for _, file := range charttest.Corpus(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		contents, err := check.ReadContents(bytes.NewReader(data), check.Options{Versions: "helm"})
		if err != nil {
			continue
		}
		c := archiveOf(contents, newShared())
		if before := earlier[c.Metadata.Name]; before != nil && before.Fingerprint != c.Fingerprint {
			v := newContent(c.Metadata)
			v.show(t.Context(), newShared(), before, c)
			d, size := v.changes.Against, 0
			for _, f := range d.Files {
				if size += len(f.HTML); f.HTML != "" {
					shown++
				}
			}
			compared, files, upgrades = compared+1, files+len(d.Files), upgrades+len(v.changes.Upgrade)
			if size > maxDifferences || changed(d) == 0 && !d.OnlyVersion || d.Same {
				t.Errorf("%s: %d bytes of differences, %d changes, same: %v", filepath.Base(file), size, changed(d), d.Same)
			}
			for _, n := range v.changes.Upgrade {
				t.Logf("%s: %s", filepath.Base(file), n.Text)
			}
		}
		earlier[c.Metadata.Name] = c
	}
	t.Logf("%d versions compared: %d templates and definitions differ, %d of them shown; %d notes", compared, files, shown, upgrades)
}
