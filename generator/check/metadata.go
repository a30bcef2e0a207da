package check

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// check checks what the tree's charts say of themselves and returns the
// metadata of the upload's own.
func (t *tree) check(c Options) (*Metadata, *Problem) {
	b := t.bounds
	md, p := t.root.load(b)
	if p != nil {
		return nil, p
	}
	switch t.top {
	case md.Name:
	case ".":
		b.warn.add("warn-top-folder", "the files lie in no folder; Helm reads them, other programs want a folder %s", Quote(md.Name))
	default:
		return nil, reject("top-name", "the top folder is %s and the chart's name is %s", Quote(t.top), Quote(md.Name))
	}
	if p := checkAllowed(md.Name, c.Charts); p != nil {
		return nil, p
	}
	if p := checkRequired(md, c.Require); p != nil {
		return nil, p
	}
	t.root.warnInstall(b)
	return md, cleanMetadata(md, &b.warn)
}

// load reads the metadata of a chart, and of all charts in it, and has Helm
// judge it.
func (n *node) load(b *bounds) (*Metadata, *Problem) {
	if n.chartYAML == nil {
		return nil, n.missing()
	}
	f, p := &finding{}, (*Problem)(nil)
	if n.where == "" {
		f.metadata, p = n.read(b)
	} else {
		f, p = b.look(path.Join(n.where, "Chart.yaml"), n.sum(), func(f *finding) (p *Problem) {
			f.metadata, p = n.read(b)
			return p
		})
	}
	if p != nil {
		return nil, p
	}
	n.metadata = f.metadata
	if n.where != "" && n.folder != "" && n.folder != n.metadata.Name {
		b.warn.add("warn-nested-name", "the top folder of %s is not named after its chart %s", Quote(n.where), Quote(n.metadata.Name))
	}
	for _, name := range slices.Sorted(maps.Keys(n.subcharts)) {
		if _, p := n.subcharts[name].load(b); p != nil {
			return nil, p
		}
	}
	return n.metadata, nil
}

// sum tells what the metadata are read from.
func (n *node) sum() (sum [sha256.Size]byte) {
	h := sha256.New()
	fmt.Fprintln(h, len(n.chartYAML), n.requirements != nil)
	h.Write(n.chartYAML)
	h.Write(n.requirements)
	h.Sum(sum[:0])
	return sum
}

// read reads the metadata of a chart, without those in it. They are not changed afterwards,
// unless the chart is the upload's own.
func (n *node) read(b *bounds) (*Metadata, *Problem) {
	own := n.where == ""
	doc, p := b.inspectYAML(path.Join(n.where, "Chart.yaml"), n.chartYAML, own)
	if p != nil {
		return nil, p
	}
	if n.requirements != nil {
		if p := n.checkRequirements(b); p != nil {
			return nil, p
		}
	}
	md, err := loadMetadata(n.chartYAML, n.requirements)
	if err != nil {
		return nil, reject("chart-yaml", "Helm cannot read Chart.yaml: %s", Foreign(err)).in(n.where)
	}
	if own {
		if err := loadAPIVersion(n.chartYAML); err != nil {
			return nil, reject("yaml-number", "Helm 4 cannot read Chart.yaml, where a number is not finite: %s", Foreign(err))
		}
		if p := checkIdentity(doc, md, b); p != nil {
			return nil, p
		}
	}
	if err := md.Validate(); err != nil {
		return nil, reject("chart-yaml", "Helm refuses Chart.yaml: %s", Foreign(err)).in(n.where)
	}
	return md, nil
}

func (n *node) missing() *Problem {
	if n.where != "" {
		return reject("subchart", "%s has no Chart.yaml, and Helm loads everything in charts/ as a chart", Quote(n.where))
	}
	if n.folder == "." {
		return reject("chart-yaml-missing", "there is no Chart.yaml where Helm looks for it; the paths begin with ./ instead of the chart's name")
	}
	if n.lookalike != "" {
		return reject("chart-yaml-missing", "there is no Chart.yaml in the folder %s, and %s does not count", Quote(n.folder), Quote(n.lookalike))
	}
	return reject("chart-yaml-missing", "there is no Chart.yaml in the folder %s", Quote(n.folder))
}

// checkIdentity checks what identifies the upload's own chart: what Helm reads
// must be what is written, and acceptable as a name in a repository. Helm's own
// judgement comes later, since its sentences say less.
func checkIdentity(doc *yaml.Node, md *Metadata, b *bounds) *Problem {
	if p := checkText(doc, md, &b.warn); p != nil {
		return p
	}
	if p := checkVersion(md.Version, b.versions, &b.warn); p != nil {
		return p
	}
	return checkName(md.Name, md.Version, &b.warn)
}

// checkRequirements refuses a requirements.yaml that does more than list
// dependencies. Helm decodes it on top of Chart.yaml: it could rename the
// chart, and a list in both would become a mixture of the two.
func (n *node) checkRequirements(b *bounds) *Problem {
	where := path.Join(n.where, "requirements.yaml")
	doc, p := b.inspectYAML(where, n.requirements, n.where == "")
	if p != nil {
		return p
	}
	for _, key := range keys(doc) {
		if foldedFields()[fold(key)] != "" && key != "dependencies" {
			return reject("requirements", "%s sets %s, which Helm takes for the chart's own", Quote(where), Quote(key))
		}
	}
	alone, err := loadMetadata(n.requirements, nil)
	if err != nil {
		return reject("requirements", "Helm cannot read %s: %s", Quote(where), Foreign(err))
	}
	chart, err := loadMetadata(n.chartYAML, nil)
	if err != nil {
		return reject("chart-yaml", "Helm cannot read Chart.yaml: %s", Foreign(err)).in(n.where)
	}
	if len(chart.Dependencies) > 0 && !reflect.DeepEqual(chart.Dependencies, alone.Dependencies) {
		return reject("requirements", "%s and Chart.yaml list different dependencies, and Helm mixes them", Quote(where))
	}
	return nil
}

// keys returns the keys of a mapping, as text.
func keys(doc *yaml.Node) []string {
	if doc == nil || doc.Kind != yaml.MappingNode {
		return nil
	}
	var all []string
	for i := 0; i < len(doc.Content); i += 2 {
		all = append(all, resolve(doc.Content[i]).Value)
	}
	return all
}

// Fields returns the keys of Chart.yaml that Helm knows.
func Fields() []string {
	var names []string
	for field := range reflect.TypeFor[Metadata]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// foldedFields returns the same by how they read where case does not count.
var foldedFields = sync.OnceValue(func() map[string]string {
	known := map[string]string{}
	for _, name := range Fields() {
		known[fold(name)] = name
	}
	return known
})

// checkText compares what Chart.yaml says with what Helm read from it, before
// Helm has tidied it up.
func checkText(doc *yaml.Node, md *Metadata, w *warnings) *Problem {
	if p := checkKeyNames(doc, w); p != nil {
		return p
	}
	for _, field := range textFields(doc, md) {
		switch {
		case field.text == field.read:
		case field.name == "name":
			return reject("name-text", "Chart.yaml says %s for name and Helm reads %s", Quote(field.text), Quote(field.read))
		case field.name == "version":
			return reject("version-text", "Chart.yaml says %s for version and Helm reads %s", Quote(field.text), Quote(field.read))
		default:
			w.add("warn-read-differently", "Chart.yaml says %s for %s and Helm reads %s; quotes help", Quote(field.text), field.name, Quote(field.read))
		}
	}
	switch {
	case md.Name == "":
		return reject("name-missing", "Chart.yaml has no name")
	case md.Version == "":
		return reject("version-missing", "Chart.yaml has no version")
	case md.APIVersion != "v1" && md.APIVersion != "v2":
		// Helm 3 takes anything; Helm 4 takes v3 as well, whose meaning is not settled.
		return reject("api-version", "apiVersion is %s; it can be v1 or v2", Quote(md.APIVersion))
	case !slices.ContainsFunc(keys(doc), func(key string) bool { return fold(key) == "apiversion" }):
		w.add("warn-api-version", "Chart.yaml has no apiVersion; Helm takes the chart for v1")
	}
	return nil
}

// checkKeyNames looks for keys that Helm does not know or, since JSON decoding
// ignores case, knows by another spelling.
func checkKeyNames(doc *yaml.Node, w *warnings) *Problem {
	known, seen := foldedFields(), map[string]string{}
	var unknown []string
	for _, key := range keys(doc) {
		name, ok := known[fold(key)]
		switch {
		case key == "<<":
			// What Helm merges overrides what stands before it.
			return reject("yaml-key", "Chart.yaml merges other keys into its own with <<, which hides what name and version are")
		case !ok && len(unknown) < 10:
			unknown = append(unknown, Quote(key))
		case ok && seen[name] != "":
			return reject("yaml-duplicate-key", "Chart.yaml has the keys %s and %s, which are one for Helm", Quote(seen[name]), Quote(key))
		case ok && name != key:
			w.add("warn-key-case", "Chart.yaml has the key %s; Helm takes it for %s", Quote(key), name)
		}
		if ok {
			seen[name] = key
		}
	}
	if len(unknown) > 0 {
		w.add("warn-unknown-key", "Chart.yaml has keys that Helm does not know: %s", strings.Join(unknown, ", "))
	}
	return nil
}

// A textField is a scalar as written and as Helm reads it.
type textField struct{ name, text, read string }

// textFields returns the scalars of Chart.yaml that Helm reads as text.
func textFields(doc *yaml.Node, md *Metadata) []textField {
	read := map[string]string{
		"name": md.Name, "version": md.Version, "appversion": md.AppVersion, "description": md.Description,
		"home": md.Home, "icon": md.Icon, "kubeversion": md.KubeVersion, "apiversion": md.APIVersion,
		"type": md.Type, "condition": md.Condition, "tags": md.Tags,
	}
	var all []textField
	each(doc, func(key string, value *yaml.Node) {
		if got, ok := read[fold(key)]; ok {
			all = appendText(all, key, value, got)
		}
		switch fold(key) {
		case "annotations":
			each(value, func(key string, value *yaml.Node) {
				if got, ok := md.Annotations[key]; ok {
					all = appendText(all, "annotations."+Quote(key), value, got)
				}
			})
		case "dependencies":
			for i, item := range value.Content {
				if i >= len(md.Dependencies) || md.Dependencies[i] == nil {
					continue
				}
				each(item, func(key string, value *yaml.Node) {
					if fold(key) == "version" {
						all = appendText(all, "the version of dependency "+Quote(md.Dependencies[i].Name), value, md.Dependencies[i].Version)
					}
				})
			}
		}
	})
	return all
}

func appendText(all []textField, name string, value *yaml.Node, read string) []textField {
	if value.Kind != yaml.ScalarNode || isNull(value) {
		return all
	}
	return append(all, textField{name: name, text: value.Value, read: read})
}

// each calls f for every pair of a mapping.
func each(doc *yaml.Node, f func(key string, value *yaml.Node)) {
	if doc == nil {
		return
	}
	doc = resolve(doc)
	if doc.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i < len(doc.Content); i += 2 {
		f(resolve(doc.Content[i]).Value, resolve(doc.Content[i+1]))
	}
}

// checkRequired checks that fields have a value.
func checkRequired(md *Metadata, fields []string) *Problem {
	for _, want := range fields {
		t := reflect.TypeFor[Metadata]()
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			if name == want && reflect.ValueOf(*md).Field(i).IsZero() {
				return reject("field-required", "Chart.yaml has no %s, which this repository requires", want)
			}
		}
	}
	return nil
}

// cleanMetadata removes control characters where Helm's Validate leaves them:
// in annotations, which may keep their lines and tabs (artifacthub.io/changes
// needs them), and in import-values.
func cleanMetadata(md *Metadata, w *warnings) *Problem {
	for key, value := range md.Annotations {
		if strings.ContainsFunc(key, hidden) {
			return reject("chart-yaml-annotation", "the annotation %s has control characters in its key", Quote(key))
		}
		if clean := printable(value, "\n\t"); clean != value {
			md.Annotations[key] = clean
			w.add("warn-dropped-character", "characters that are not printed were dropped from annotations")
		}
	}
	for _, d := range md.Dependencies {
		for i, v := range d.ImportValues {
			d.ImportValues[i] = cleanValue(v)
		}
	}
	return nil
}

// cleanValue cleans a decoded value of any shape.
func cleanValue(v any) any {
	switch v := v.(type) {
	case string:
		return printable(v, "\n\t")
	case []any:
		for i := range v {
			v[i] = cleanValue(v[i])
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			value := cleanValue(v[key])
			delete(v, key)
			v[printable(key, "\n\t")] = value
		}
	}
	return v
}
