package templates

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/jba/templatecheck"
)

//go:embed *.html style.css *.js
var embedded embed.FS

const (
	partials   = "page.html" // the parts that all pages share
	styleFile  = "style.css"
	scriptFile = "script.js" // on every page; it loads the other scripts when they are needed
	searchFile = "search.js"
	unpackFile = "archive.js"
	diffFile   = "compare.js"
	matrixFile = "channels.js"

	maxOverride = 1 << 20 // bytes of a file that replaces one of these
)

// Options configure how pages look. The zero value is portolan's own look.
type Options struct {
	Dir     string // a folder with the user's templates; "" for none
	Colors  Colors
	Logo    []byte // an image; nil for none
	LogoExt string // ending of its file name: .svg or .png
}

// Page is one of the page types of this package.
type Page interface{ template() string }

func (HomePage) template() string     { return "home.html" }
func (ChannelPage) template() string  { return "channel.html" }
func (ChartPage) template() string    { return "chart.html" }
func (VersionsPage) template() string { return "versions.html" }
func (ActivityPage) template() string { return "activity.html" }
func (MissingPage) template() string  { return "missing.html" }

var allPages = []Page{
	HomePage{}, ChannelPage{}, ActivityPage{}, MissingPage{},
	ChartPage{}, ValuesPage{}, TemplatesPage{}, ChangesPage{}, VersionsPage{}, ChangelogPage{}, ComparePage{},
}

// Asset is a file that pages share. Its path contains a hash of its content, so
// the file at a path never changes.
type Asset struct {
	Path    string // below the site's root: assets/style.1f2e3d4c.css
	Content []byte
}

// Set is a look: templates and assets. It is safe for concurrent use.
type Set struct {
	pages  map[string]*template.Template
	assets []Asset
	paths  Site // of the assets
	look   string
}

// New loads a look and checks it, as the package comment describes.
func New(o Options) (*Set, error) {
	files, err := sources(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := o.Colors.check(); err != nil {
		return nil, err
	}
	s := &Set{pages: map[string]*template.Template{}}
	if err := s.parse(files); err != nil {
		return nil, err
	}
	if err := s.addOwn(files, o.Colors); err != nil {
		return nil, err
	}
	if o.Logo != nil {
		s.paths.Logo = s.add("logo", o.LogoExt, o.Logo)
	}
	s.look = lookOf(files, s.assets)
	return s, nil
}

// addOwn adds the stylesheet and the scripts.
func (s *Set) addOwn(files map[string]source, colors Colors) error {
	for _, a := range []struct {
		file string
		path *string
	}{{styleFile, &s.paths.Style}, {scriptFile, &s.paths.Script}, {searchFile, &s.paths.Search}, {unpackFile, &s.paths.Unpack}, {diffFile, &s.paths.Compare}, {matrixFile, &s.paths.Channels}} {
		ext := path.Ext(a.file)
		b, err := minified(files[a.file], ext)
		if err != nil {
			return err
		}
		if a.file == styleFile {
			b = append(b, colors.css()...)
		}
		*a.path = s.add(strings.TrimSuffix(a.file, ext), ext, b)
	}
	return nil
}

// source is a template or asset of a look.
type source struct {
	name    string // for error messages
	content []byte
	own     bool // it is portolan's and not a user's
}

// sources reads portolan's own files, and the files of the folder that replace
// them.
func sources(dir string) (map[string]source, error) {
	files := map[string]source{}
	own, err := fs.ReadDir(embedded, ".")
	if err != nil {
		return nil, err
	}
	for _, f := range own {
		b, err := embedded.ReadFile(f.Name())
		if err != nil {
			return nil, err
		}
		files[f.Name()] = source{f.Name(), b, true}
	}
	if dir == "" {
		return files, nil
	}
	theirs, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range theirs {
		if strings.HasPrefix(f.Name(), ".") {
			continue
		}
		full := dir + "/" + f.Name()
		if _, ok := files[f.Name()]; !ok {
			return nil, fmt.Errorf("%s: portolan has no template or asset with this name to replace; the names are %s%s", full,
				strings.Join(slices.Sorted(maps.Keys(files)), ", "), didYouMean(f.Name(), files))
		}
		b, err := readFile(full)
		if err != nil {
			return nil, err
		}
		files[f.Name()] = source{full, b, false}
	}
	return files, nil
}

func readFile(full string) ([]byte, error) {
	info, err := os.Stat(full)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxOverride {
		return nil, fmt.Errorf("%s: a template must be a regular file of at most %d bytes", full, maxOverride)
	}
	return os.ReadFile(full)
}

func didYouMean(name string, files map[string]source) string {
	best := slices.MinFunc(slices.Sorted(maps.Keys(files)), func(a, b string) int {
		return cmp.Compare(levenshtein.ComputeDistance(name, a), levenshtein.ComputeDistance(name, b))
	})
	if levenshtein.ComputeDistance(name, best) > 3 {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// parse parses the templates of all pages.
func (s *Set) parse(files map[string]source) error {
	parts := files[partials]
	shared, err := template.New(parts.name).Funcs(funcs).Parse(string(parts.content))
	for _, p := range allPages {
		if err != nil {
			break
		}
		var t *template.Template
		if t, err = shared.Clone(); err == nil {
			t, err = parse(t, p, files[p.template()], parts.own)
		}
		s.pages[p.template()] = t
	}
	if err != nil {
		return fmt.Errorf("templates: %s", strings.TrimPrefix(err.Error(), "template: "))
	}
	return nil
}

// parse parses a page's template. It checks a user's against the page's type, so that a
// mistake is found before any page is rendered. A test does so for portolan's own.
func parse(shared *template.Template, p Page, file source, own bool) (*template.Template, error) {
	t, err := shared.New(file.name).Parse(string(file.content))
	if err == nil && !(own && file.own) {
		err = templatecheck.CheckHTML(t, p)
	}
	return t, err
}

// add adds an asset, and returns its path.
func (s *Set) add(name, ext string, content []byte) string {
	sum := sha256.Sum256(content)
	p := path.Join("assets", fmt.Sprintf("%s.%x%s", name, sum[:4], ext))
	s.assets = append(s.assets, Asset{p, content})
	return p
}

// lookOf returns a hash of all templates and assets.
func lookOf(files map[string]source, assets []Asset) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%s %d\n%s", name, len(files[name].content), files[name].content)
	}
	for _, a := range assets {
		fmt.Fprintln(h, a.Path)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Render returns the bytes of a page.
func (s *Set) Render(p Page) ([]byte, error) {
	var b bytes.Buffer
	if err := s.pages[p.template()].Execute(&b, p); err != nil {
		return nil, fmt.Errorf("templates: %s", strings.TrimPrefix(err.Error(), "template: "))
	}
	return b.Bytes(), nil
}

// Top renders what is above the bar of a version's pages, for [Release.Top]. It is "" if
// a user's templates have no such part.
func (s *Set) Top(r Release) template.HTML {
	r.Tabs = nil
	return s.part(ValuesPage{}, "top", r)
}

// Body renders the table of values, for [ValuesPage.Body]. It is "" if a user's templates
// have no such part.
func (s *Set) Body(p ValuesPage) template.HTML {
	p.Frame, p.Release = Frame{}, Release{}
	return s.part(p, "values", p)
}

// Listing renders the lists of files, for [TemplatesPage.Listing]. It is nil if a user's
// templates have no such parts. If another page lists the same files, that one's is taken.
func (s *Set) Listing(p, other TemplatesPage) *Listing {
	if other.Listing != nil && p.sameFiles(other) {
		return other.Listing
	}
	p.Frame, p.Release = Frame{}, Release{}
	l := &Listing{Kinds: s.part(p, "kinds", p), Files: s.part(p, "files", p)}
	if l.Kinds == "" || l.Files == "" {
		return nil
	}
	return l
}

// part renders a part of a page's template that other pages share. If that fails, so does
// the page, which says why.
func (s *Set) part(p Page, name string, data any) template.HTML {
	t := s.pages[p.template()].Lookup(name)
	if t == nil {
		return ""
	}
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return ""
	}
	return template.HTML(b.String())
}

// Site returns t with the paths of the set's assets.
func (s *Set) Site(t Site) Site {
	p := s.paths
	p.Title, p.Description, p.URL, p.Footer = t.Title, t.Description, t.URL, t.Footer
	return p
}

// Assets returns the files to which the pages refer by the paths in [Set.Site].
func (s *Set) Assets() []Asset { return s.assets }

// Look returns a hash of everything in the set, in hex. With equal looks, equal
// data give equal bytes.
func (s *Set) Look() string { return s.look }
