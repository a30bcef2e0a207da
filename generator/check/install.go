package check

import (
	"crypto/sha256"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// This file finds charts that Helm loads and cannot install, whatever values it is
// given. They are accepted with a warning: a repository may hold what will be
// completed elsewhere, and what is said here of Helm can be outdated one day.

const schemaName = "values.schema.json"

// installRules are the rules of what makes `helm install` or `helm template` fail in any case.
var installRules = []string{"warn-dependencies", "warn-template", "warn-manifest", "warn-crd", "warn-schema", "warn-kube-version"}

// PreventsInstall reports whether a warning's rule says that Helm cannot install the chart.
func PreventsInstall(rule string) bool { return slices.Contains(installRules, rule) }

// look looks at a template, a definition or a schema of the chart.
func (n *node) look(b *bounds, name string, data []byte, sum [sha256.Size]byte) {
	// Nothing that is merely warned of may make a chart fail.
	defer func() {
		if recover() != nil {
			b.unread = true
		}
	}()
	where, data := path.Join(n.where, name), trimMark(data)
	found, _ := b.look(where, sum, func(f *finding) *Problem {
		switch {
		case name == schemaName:
			f.fault = b.schemaFault(data)
		case isCRD(name):
			f.fault = b.manifestFault(data)
		default:
			f.template = b.readTemplate(where, data)
		}
		return nil
	})
	switch {
	case found.template != nil:
		n.templates = append(n.templates, found.template)
	case isTemplate(name):
		b.unread = true
	case found.fault == "":
	case name == schemaName:
		n.schemas = append(n.schemas, fileFault{where, found.fault})
	default:
		n.crds = append(n.crds, fileFault{where, found.fault})
	}
}

// A fileFault says what is wrong with a file of the archive.
type fileFault struct{ where, fault string }

// library reports whether the chart is one that only lends others its templates.
func (n *node) library() bool {
	return n.metadata != nil && strings.EqualFold(n.metadata.Type, "library")
}

// warnInstall warns of what makes Helm fail whenever it installs the upload's own
// chart, whose metadata and those of all charts in it have been loaded.
func (n *node) warnInstall(b *bounds) {
	defer func() { _ = recover() }()
	missing := n.missingDependencies()
	if len(missing) > 0 && !n.library() {
		b.warn.add("warn-dependencies", "Chart.yaml lists the dependencies %s, which are not in charts/, so Helm refuses to install the chart; "+
			"run `helm dependency build` before `helm package`", List(missing, maxMissing, 0))
	}
	if v := n.metadata.KubeVersion; v != "" && len(v) < 1000 && !n.library() {
		if _, err := semver.NewConstraint(v); err != nil {
			b.warn.add("warn-kube-version", "kubeVersion is %s, which is not a range of versions, so Helm refuses every cluster: %s", Quote(v), Foreign(err))
		}
	}
	r := &rendering{
		defined: map[string][][]templateUse{}, failing: map[string]string{}, within: map[string]bool{},
		unread: b.unread, changes: b.unread,
	}
	n.warnFiles(b, r)
	// A template that is missing will often be one of a missing dependency.
	if !n.library() && len(missing) == 0 {
		r.warnUses(b)
	}
}

// maxMissing is how many missing dependencies are named.
const maxMissing = 10

// missingDependencies returns the names of dependencies that are not in charts/.
// Helm wants those that are switched off, too, and looks at no version.
func (n *node) missingDependencies() []string {
	there := map[string]bool{} // or named already
	for _, sub := range n.subcharts {
		there[sub.metadata.Name] = true
	}
	var missing []string
	for _, d := range n.metadata.Dependencies {
		if !there[d.Name] {
			there[d.Name] = true
			missing = append(missing, Quote(d.Name))
		}
	}
	return missing
}

// warnFiles warns of faults of single files, here and in the subcharts that no values
// switch off, and gathers the templates that Helm renders together.
func (n *node) warnFiles(b *bounds, r *rendering) {
	for _, f := range n.schemas {
		b.warn.add("warn-schema", "Helm cannot check values against %s: %s", Quote(f.where), f.fault)
	}
	slices.SortFunc(n.crds, func(a, b fileFault) int { return strings.Compare(a.where, b.where) })
	for _, f := range n.crds {
		b.warn.add("warn-crd", "no cluster accepts %s: %s", Quote(f.where), f.fault)
	}
	slices.SortFunc(n.templates, func(a, b *templateFile) int { return strings.Compare(a.where, b.where) })
	for _, f := range n.rendered() {
		switch {
		case f.fault != "" && f.defines == nil:
			b.warn.add("warn-template", "Helm cannot render %s: %s", Quote(f.where), f.fault)
		case f.fault != "":
			b.warn.add("warn-manifest", "Helm cannot install what %s holds: %s", Quote(f.where), f.fault)
		}
		r.define(f)
		if !f.partial {
			r.files = append(r.files, f)
		}
	}
	kept := n.kept()
	for _, sub := range n.sorted() {
		if kept[sub] {
			sub.warnFiles(b, r)
		} else {
			sub.lend(r)
		}
	}
}

// rendered returns the templates that Helm takes: of a library, only those whose names
// begin with _.
func (n *node) rendered() []*templateFile {
	if !n.library() {
		return n.templates
	}
	return slices.DeleteFunc(slices.Clone(n.templates), func(f *templateFile) bool { return !f.partial })
}

// lend gathers what a chart that can be switched off defines for others, and what its
// subcharts do.
func (n *node) lend(r *rendering) {
	for _, f := range n.rendered() {
		r.define(f)
	}
	for _, sub := range n.sorted() {
		sub.lend(r)
	}
}

// A rendering is what Helm renders in one go: the templates of all charts, which
// share the names that they define.
type rendering struct {
	files   []*templateFile
	defined map[string][][]templateUse // all definitions of a name that differ
	unread  bool                       // there are templates that were not looked at
	changes bool                       // a template may add fields to the root
	failing map[string]string          // by name; "" for those that may succeed
	within  map[string]bool            // those being looked at
	several int                        // how many of these have several definitions
}

func (r *rendering) define(f *templateFile) {
	r.changes = r.changes || f.changes
	for name, uses := range f.defines {
		same := func(other []templateUse) bool { return slices.Equal(other, uses) }
		if !slices.ContainsFunc(r.defined[name], same) {
			r.defined[name] = append(r.defined[name], uses)
		}
	}
}

// warnUses warns of templates that fail whatever the values are.
func (r *rendering) warnUses(b *bounds) {
	for _, f := range r.files {
		if fault := r.fails(f.uses); fault != "" && f.fault == "" {
			b.warn.add("warn-template", "Helm cannot render %s: %s", Quote(f.where), fault)
		}
	}
}

// fails says why one of the uses fails.
func (r *rendering) fails(uses []templateUse) string {
	for _, u := range uses {
		if u.fault != "" {
			if u.root && r.changes {
				continue
			}
			return u.fault
		}
		if fault := r.templateFails(u.template); fault != "" {
			return fault
		}
	}
	return ""
}

// templateFails says why the template of a name fails: which of its definitions Helm
// takes depends on the charts that are switched on, so all of them have to.
func (r *rendering) templateFails(name string) string {
	if fault, known := r.failing[name]; known {
		return fault
	}
	definitions := r.defined[name]
	switch {
	case r.within[name] && (r.several > 0 || r.unread):
		return "" // another definition may end it
	case r.within[name]:
		return fmt.Sprintf("the template %s uses itself in any case", Quote(name))
	case len(definitions) == 0 && (r.unread || strings.Contains(name, "/templates/")):
		return "" // a file can be used by its path
	case len(definitions) == 0:
		r.failing[name] = fmt.Sprintf("it uses the template %s, which neither the chart nor one in charts/ defines", Quote(name))
		return r.failing[name]
	}
	r.failing[name] = r.definitionsFail(name, definitions)
	return r.failing[name]
}

// definitionsFail says why all definitions of a template fail: Helm takes one of them.
func (r *rendering) definitionsFail(name string, definitions [][]templateUse) (fault string) {
	r.within[name] = true
	defer delete(r.within, name)
	if len(definitions) > 1 {
		r.several++
		defer func() { r.several-- }()
	}
	for _, uses := range definitions {
		if fault = r.fails(uses); fault == "" {
			return ""
		}
	}
	return fault
}

// rejectWarned turns warnings into a refusal.
func rejectWarned(all []Warning) *Problem {
	var messages []string
	for _, w := range all[:min(len(all), 5)] {
		messages = append(messages, w.Message)
	}
	return reject("warnings", "charts with warnings are refused here: %s", strings.Join(messages, "; "))
}
