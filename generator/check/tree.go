package check

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"io"
	"path"
	"slices"
	"sort"
	"strings"
	"sync"
)

// A tree is what has been read of one archive: its files by name, and the
// charts in it as Helm's loader will group them.
type tree struct {
	bounds *bounds
	where  string // path of a nested archive; empty for the upload itself
	root   *node
	top    string // the top folder
	files  map[string]hashed
	dirs   map[string]bool
	sorted []File // files by path, once all are known

	scratch *bytes.Buffer // for the file being read
	sum     hash.Hash     // of the same
}

// scratches are used again, unless they are large.
var scratches = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const maxScratch = 1 << 20

type hashed struct {
	sum  [sha256.Size]byte
	size int64
}

// A node is a chart: the upload's own, or one in a charts folder.
type node struct {
	where        string // path of its folder or archive; empty for the upload's own
	depth        int
	chartYAML    []byte // nil if absent
	requirements []byte
	subcharts    map[string]*node
	folder       string // top folder of the archive that held it, if one did
	lookalike    string // a file that would be Chart.yaml if case did not count

	metadata  *Metadata // as Helm reads it, once it has been loaded
	templates []*templateFile
	crds      []fileFault
	schemas   []fileFault // of its schema
}

// sub returns the chart that Helm will make of charts/<name>.
func (n *node) sub(name string) *node {
	if n.subcharts == nil {
		n.subcharts = map[string]*node{}
	}
	s := n.subcharts[name]
	if s == nil {
		s = &node{where: path.Join(n.where, "charts", name), depth: n.depth + 1}
		n.subcharts[name] = s
	}
	return s
}

// readTree reads an upload.
func readTree(src *source, b *bounds) (*tree, error) {
	return readChart(src, b, &node{})
}

// readChart reads an archive whose chart is root. The packed bytes of a nested
// one come out of the archive around it, and so may their errors.
func readChart(src *source, b *bounds, root *node) (*tree, error) {
	t := &tree{
		bounds: b, where: root.where, root: root,
		files: map[string]hashed{}, dirs: map[string]bool{},
		scratch: scratches.Get().(*bytes.Buffer), sum: sha256.New(),
	}
	noEnd, err := readArchive(src, b, t.add)
	if t.scratch.Cap() <= maxScratch {
		scratches.Put(t.scratch)
	}
	t.scratch = nil
	if err != nil {
		return nil, err
	}
	if noEnd {
		b.warn.add("warn-tar-end", "the tar archive lacks the two zero blocks at its end")
	}
	root.folder = t.top
	if p := t.checkNames(); p != nil {
		return nil, p
	}
	return t, nil
}

// add takes the next entry of the archive.
func (t *tree) add(e entry, r io.Reader) error {
	if t.top == "" {
		t.top = e.top
	}
	switch {
	case e.top != t.top:
		return reject("top-several", "the archive has two top folders, %s and %s", Quote(t.top), Quote(e.top))
	case e.dir:
		t.dirs[e.path] = true
		return nil
	case e.size > t.bounds.limits.File:
		return reject("file-size", "%s has %s; a file may have %s", Quote(e.path), sizeText(e.size), sizeText(t.bounds.limits.File))
	}
	t.sum.Reset()
	src := &source{r: r, sum: t.sum, max: t.bounds.limits.File}
	earlier, repeated := t.files[e.path]
	if !repeated {
		if err := t.read(e, src); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, src); err != nil {
		return err
	}
	c := hashed{src.digest(), src.n}
	if repeated && c != earlier {
		return reject("path-twice", "%s occurs twice with different content", Quote(e.path))
	}
	if repeated {
		t.bounds.warn.add("warn-path-twice", "%s occurs twice with the same content", Quote(e.path))
	}
	t.files[e.path] = c
	return nil
}

// read does with a file what its place in the chart asks for. Most files are
// only hashed, which the caller does with what is left unread.
func (t *tree) read(e entry, src *source) error {
	n, name, err := t.root.route(e.path, t.bounds.limits.Depth)
	if err != nil {
		return err
	}
	switch {
	case n != t.root && name == "": // charts/<name>.tgz
		if _, err := readChart(src, t.bounds, n); err != nil {
			return located(err, n.where)
		}
		return nil
	case isYAML(name):
		return t.readYAML(n, name, e, src)
	case isTemplate(name), isCRD(name), name == schemaName:
		data, err := t.readAll(src)
		if err != nil {
			return err
		}
		n.look(t.bounds, name, data, src.digest())
		if n.where == "" && t.bounds.contents != nil {
			t.bounds.contents.add(name, trimMark(data))
		}
	case n.where == "" && t.bounds.contents.wants(name, e.size):
		data, err := t.readAll(src)
		if err != nil {
			return err
		}
		t.bounds.contents.keep(name, data)
	}
	return nil
}

// readAll reads a file. What it returns stands until another one is read.
func (t *tree) readAll(src *source) ([]byte, error) {
	t.scratch.Reset()
	_, err := t.scratch.ReadFrom(src)
	return t.scratch.Bytes(), err
}

// located says in which nested archive a Problem was found.
func located(err error, where string) error {
	if p, ok := err.(*Problem); ok && !strings.HasPrefix(p.Message, "in ") {
		return p.in(where)
	}
	return err
}

// route finds the chart that a file belongs to and its name in it, as Helm's
// loader does (pkg/chart/loader/load.go, LoadFiles). An empty name means an
// archive in charts/.
func (n *node) route(name string, depth int) (*node, string, *Problem) {
	for strings.HasPrefix(name, "charts/") && path.Ext(name) != ".prov" {
		sub, rest, inside := strings.Cut(strings.TrimPrefix(name, "charts/"), "/")
		where := path.Join(n.where, "charts", sub)
		switch {
		case strings.HasPrefix(sub, "_"), strings.HasPrefix(sub, "."):
			return n, name, nil // Helm ignores it
		case path.Ext(sub) == ".tgz" && inside:
			return nil, "", reject("subchart", "%s is a folder; Helm expects an archive of that name", Quote(where))
		case path.Ext(sub) != ".tgz" && !inside:
			return nil, "", reject("subchart", "%s is not a chart, and Helm loads everything in charts/ as one", Quote(where))
		case n.depth >= depth:
			return nil, "", reject("too-deep", "%s is nested too deeply; %d levels are allowed", Quote(where), depth)
		}
		n, name = n.sub(sub), rest
	}
	return n, name, nil
}

// isYAML tells which files of a chart Helm reads as YAML when it loads it.
func isYAML(name string) bool {
	switch name {
	case "Chart.yaml", "Chart.lock", "values.yaml", "requirements.yaml", "requirements.lock":
		return true
	}
	return false
}

// readYAML reads a file that Helm interprets. Values and locks are checked at
// once and let go; Chart.yaml and requirements.yaml are kept, since Helm puts
// the two together and their order is open.
func (t *tree) readYAML(n *node, name string, e entry, src *source) error {
	b := t.bounds
	if name != "values.yaml" && e.size > b.limits.ChartYAML {
		return reject("yaml-size", "%s has %s; it may have %s", Quote(e.path), sizeText(e.size), sizeText(b.limits.ChartYAML))
	}
	data, err := t.readAll(src)
	if err != nil {
		return err
	}
	// Helm trims the mark from files of an archive, and from nothing else.
	trimmed := trimMark(data)
	where := path.Join(n.where, name)
	switch name {
	case "Chart.yaml", "requirements.yaml":
		if b.metadata -= int64(len(data)); b.metadata < 0 {
			return reject("yaml-complex", "the charts in the archive have more than %s of Chart.yaml", sizeText(maxMetadataTotal))
		}
		if name == "Chart.yaml" {
			n.chartYAML = bytes.Clone(trimmed)
		} else {
			n.requirements = bytes.Clone(trimmed)
		}
		return nil
	}
	own, check := n.where == "", b.checkLock
	if name == "values.yaml" {
		check = b.checkValues
		if own && b.contents != nil {
			b.contents.Values = bytes.Clone(trimmed)
		}
	}
	_, p := b.look(where, src.digest(), func(*finding) *Problem { return check(where, trimmed, own) })
	return p.orNil()
}

// orNil returns p as an error that is nil if p is.
func (p *Problem) orNil() error {
	if p == nil {
		return nil
	}
	return p
}

// trimMark removes a byte order mark.
func trimMark(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) }

// readmeRank orders the names by which `helm show readme` finds a README.
func readmeRank(name string) int {
	switch strings.ToLower(name) {
	case "readme.md":
		return 1
	case "readme.txt":
		return 2
	case "readme":
		return 3
	}
	return 0
}

func readmeBefore(a, b string) bool {
	if ra, rb := readmeRank(a), readmeRank(b); ra != rb {
		return ra < rb
	}
	return a < b
}

// isTemplate tells which files Helm renders.
func isTemplate(name string) bool { return strings.HasPrefix(name, "templates/") }

// isCRD tells which files Helm installs as custom resource definitions.
func isCRD(name string) bool {
	if !strings.HasPrefix(name, "crds/") {
		return false
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// checkNames checks what can be said only when all names are known.
func (t *tree) checkNames() *Problem {
	if len(t.files) == 0 {
		return reject("no-files", "the archive holds no files")
	}
	for name, c := range t.files {
		t.sorted = append(t.sorted, File{Path: name, Size: c.size})
	}
	slices.SortFunc(t.sorted, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	names := make([]string, 0, len(t.sorted)+len(t.dirs))
	for _, f := range t.sorted {
		names = append(names, f.Path)
	}
	for dir := range t.dirs {
		names = append(names, dir+"/")
	}
	slices.Sort(names)
	folded := map[string]string{}
	for _, f := range t.sorted {
		if i := sort.SearchStrings(names, f.Path+"/"); i < len(names) && strings.HasPrefix(names[i], f.Path+"/") {
			return reject("path-conflict", "%s is both a file and a folder", Quote(f.Path))
		}
		key := fold(f.Path)
		if key == "chart.yaml" && f.Path != "Chart.yaml" {
			t.root.lookalike = f.Path
		}
		other, ok := folded[key]
		switch {
		case !ok:
			folded[key] = f.Path
		case key == "chart.yaml":
			return reject("chart-yaml-case", "the archive holds both %s and %s", Quote(other), Quote(f.Path))
		default:
			t.bounds.warn.add("warn-path-case", "%s and %s differ only in case", Quote(other), Quote(f.Path))
		}
	}
	return nil
}

// fold maps names that differ only in case to one, as encoding/json does for
// keys and file systems do for names.
func fold(s string) string { return strings.ToLower(strings.ToUpper(s)) }
