package icon

import (
	"bytes"
	"encoding/xml"
	"errors"
	"html"
	"strconv"
	"strings"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
	"github.com/portolan-charts/portolan/publisher/untrusted"
)

const (
	svgType   = "image/svg+xml"
	namespace = "http://www.w3.org/2000/svg"

	// maxElements and maxDepth bound what is read of a drawing.
	maxElements = 1000
	maxDepth    = 24
)

// errRefused says that a drawing has something that icons may not have.
var errRefused = errors.New("not an icon")

// A node is an element of a drawing, or text if it has no name.
type node struct {
	name    string
	text    string
	attrs   []attr
	classes []string // the rules of the style sheet that apply to it
	style   string   // its own
	kids    []*node
	cost    int // of drawing it; 0 if not known yet
}

type attr struct{ name, value string }

// get returns an attribute's value.
func (n *node) get(name string) string {
	for _, a := range n.attrs {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

// set adds an attribute, or changes it.
func (n *node) set(name, value string) {
	for i, a := range n.attrs {
		if a.name == name {
			n.attrs[i].value = value
			return
		}
	}
	n.attrs = append(n.attrs, attr{name, value})
}

// sanitize returns a drawing with only what icons may have, or nil if it cannot be
// shown.
func sanitize(data []byte) []byte {
	r := &reader{decoder: xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))}
	root, err := r.drawing()
	if err != nil || len(root.kids) == 0 {
		return nil
	}
	if applyStyles(root, r.sheet.String()) != nil || !resize(root) || settle(root) != nil {
		return nil
	}
	var out bytes.Buffer
	write(&out, root)
	return out.Bytes()
}

// A reader reads a drawing. What the decoder makes of a file decides nothing about
// safety: all that is written comes from the lists in this package.
type reader struct {
	decoder  *xml.Decoder
	elements int
	sheet    strings.Builder // the text of its style elements
}

// drawing reads the outermost element.
func (r *reader) drawing() (*node, error) {
	for {
		t, err := r.decoder.Token()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.Directive:
			if bytes.ContainsRune(t, '[') {
				return nil, errRefused // it declares entities
			}
		case xml.StartElement:
			if t.Name.Local != "svg" || !drawn(t.Name) {
				return nil, errRefused
			}
			return r.element(t, maxDepth)
		}
	}
}

// drawn reports whether a name is one of SVG, and not of an editor's own elements.
func drawn(name xml.Name) bool { return name.Space == namespace || name.Space == "" }

// element reads an element and what is in it.
func (r *reader) element(start xml.StartElement, depth int) (*node, error) {
	if r.elements++; r.elements > maxElements || depth == 0 {
		return nil, errRefused
	}
	n := &node{name: start.Name.Local}
	n.readAttrs(start.Attr)
	for {
		t, err := r.decoder.Token()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.EndElement:
			return n, nil
		case xml.CharData:
			if n.name == "text" || n.name == "tspan" {
				n.kids = append(n.kids, &node{text: string(t)})
			}
		case xml.StartElement:
			kid, err := r.kid(t, depth)
			if err != nil {
				return nil, err
			}
			if kid != nil {
				n.kids = append(n.kids, kid)
			}
		}
	}
}

// kid reads an element within another. It is nil if the element is not drawn.
func (r *reader) kid(start xml.StartElement, depth int) (*node, error) {
	name := start.Name.Local
	switch {
	case !drawn(start.Name), name == "title", name == "desc", name == "metadata":
		return nil, r.decoder.Skip()
	case name == "style":
		return nil, r.readSheet()
	case !elements[name]:
		return nil, errRefused
	}
	return r.element(start, depth-1)
}

// readSheet reads the text of a style element.
func (r *reader) readSheet() error {
	for {
		t, err := r.decoder.Token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.CharData:
			r.sheet.Write(t)
		case xml.EndElement:
			return nil
		case xml.StartElement:
			return errRefused
		}
	}
}

// readAttrs takes over the attributes that an icon may have. Others say nothing about
// how it looks, or belong to what is refused.
func (n *node) readAttrs(all []xml.Attr) {
	for _, a := range all {
		name := a.Name.Local
		switch {
		case a.Name.Space == "http://www.w3.org/1999/xlink" && name == "href":
			n.set("href", a.Value)
		case a.Name.Space != "":
		case name == "class":
			n.classes = strings.Fields(a.Value)
		case name == "style":
			n.style = a.Value
		case geometry[name], properties[name]:
			n.set(name, a.Value)
		}
	}
}

// number is a length without a unit, or in pixels.
var number = lazyregexp.New(`^\s*([0-9]{1,6}(?:\.[0-9]{1,6})?)(?:px)?\s*$`)

// resize makes a drawing fill whatever room it is given.
func resize(root *node) bool {
	if root.get("viewBox") == "" {
		w, h := number.FindStringSubmatch(root.get("width")), number.FindStringSubmatch(root.get("height"))
		if w == nil || h == nil {
			return false
		}
		root.set("viewBox", "0 0 "+w[1]+" "+h[1])
	}
	var kept []attr
	for _, a := range root.attrs {
		switch a.name {
		case "x", "y", "width", "height", "id":
		default:
			kept = append(kept, a)
		}
	}
	root.attrs = kept
	box := strings.FieldsFunc(root.get("viewBox"), func(r rune) bool { return strings.ContainsRune(" ,\t\r\n", r) })
	for i, s := range box {
		if f, err := strconv.ParseFloat(s, 64); err != nil || f != f || f-f != 0 || i > 1 && f <= 0 {
			return false
		}
	}
	return len(box) == 4
}

// write writes an element. Only texts can have characters that need to be escaped.
func write(out *bytes.Buffer, n *node) {
	if n.name == "" {
		text := strings.Map(func(r rune) rune {
			if untrusted.Hidden(r) {
				return -1
			}
			return r
		}, n.text)
		out.WriteString(html.EscapeString(text))
		return
	}
	out.WriteString("<" + n.name)
	if n.name == "svg" {
		out.WriteString(` xmlns="` + namespace + `"`)
	}
	for _, a := range n.attrs {
		out.WriteString(" " + a.name + `="` + html.EscapeString(a.value) + `"`)
	}
	if len(n.kids) == 0 {
		out.WriteString("/>")
		return
	}
	out.WriteString(">")
	for _, k := range n.kids {
		write(out, k)
	}
	out.WriteString("</" + n.name + ">")
}
