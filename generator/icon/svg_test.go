package icon

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
)

const (
	open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">`
	xopn = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">`
	dot  = `<path d="M0 0h1"/>`
)

// TestSanitize keeps what a drawing looks like, as different programs write it.
func TestSanitize(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", open + dot + `</svg>`, open + dot + `</svg>`},
		{"size without a box", `<svg xmlns="http://www.w3.org/2000/svg" width="64px" height="32.5">` + dot + `</svg>`, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 32.5">` + dot + `</svg>`},
		{"size and box", `<svg width="100%" height="100%" x="0px" y="0px" viewBox="0, 0, 9, 9" id="Layer_1" version="1.1" xml:space="preserve">` + dot + `</svg>`, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0, 0, 9, 9">` + dot + `</svg>`},
		{"prolog", "\ufeff<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- Generator -->\n<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">\n" + open + "<!-- a -->\n" + dot + "</svg>\n", open + dot + `</svg>`},
		{"editor", `<svg xmlns="http://www.w3.org/2000/svg" xmlns:sodipodi="http://sodipodi" xmlns:inkscape="http://inkscape" viewBox="0 0 9 9"><sodipodi:namedview><inkscape:grid/></sodipodi:namedview><metadata><x/></metadata><title>T</title><desc>D</desc><g inkscape:label="L" id="g1" data-name="x" aria-hidden="true" onclick="alert(1)">` + dot + `</g></svg>`, open + `<g>` + dot + `</g></svg>`},
		{"prefix", `<s:svg xmlns:s="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><s:path d="M0 0h1"/></s:svg>`, open + dot + `</svg>`},
		{"style of an element", open + `<path fill="red" style="fill: #326CE5 !important;stroke:none;-inkscape-stroke:none; fill-opacity:.5" d="M0 0h1"/></svg>`, open + `<path fill="#326CE5" d="M0 0h1" stroke="none" fill-opacity=".5"/></svg>`},
		{"style sheet", open + `<defs><style type="text/css"><![CDATA[ /* a */ .a,.b{fill:#fff;} .b { fill : rgb(1,2,3) ; behavior:url(x) } ]]></style></defs><path class="b" d="M0 0"/><path class="a c" style="stroke:red" d="M0 0"/></svg>`,
			open + `<defs/><path d="M0 0" fill="rgb(1,2,3)"/><path d="M0 0" fill="#fff" stroke="red"/></svg>`},
		{"gradients", xopn + `<linearGradient id="a b"/><linearGradient id="a" gradientUnits="userSpaceOnUse"><stop offset="0" stop-color="#000"/></linearGradient><radialGradient id="unused"/><linearGradient id="c" xlink:href="#a"/><rect width="9" height="9" fill="url(#c)" stroke="url('#a')"/></svg>`,
			open + `<linearGradient/><linearGradient id="i0" gradientUnits="userSpaceOnUse"><stop offset="0" stop-color="#000"/></linearGradient><radialGradient/><linearGradient id="i1" href="#i0"/><rect width="9" height="9" fill="url(#i1)" stroke="url(#i0)"/></svg>`},
		{"use and mask", xopn + `<defs><path id="p-1" d="M0 0h1"/></defs><g id="Page-1"><mask id="m-2"><use xlink:href="#p-1"/></mask><use id="M" fill="#FFF" href="#p-1"/><g mask="url(#m-2)"><circle r="1"/></g></g></svg>`,
			open + `<defs><path id="i0" d="M0 0h1"/></defs><g><mask id="i1"><use href="#i0"/></mask><use fill="#FFF" href="#i0"/><g mask="url(#i1)"><circle r="1"/></g></g></svg>`},
		{"text", open + `<text x="1" font-family="'Open Sans', &quot;Arial&quot;, sans-serif">A &lt;b&gt; &amp; ` + "\u202e" + `<tspan>B</tspan></text>stray</svg>`, open + `<text x="1" font-family="Open Sans, Arial, sans-serif">A &lt;b&gt; &amp; <tspan>B</tspan></text></svg>`},
	} {
		got := string(sanitize([]byte(tt.in)))
		if got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
		checkDrawing(t, []byte(got))
	}
}

// refused are drawings that are not shown.
var refused = []string{
	"", "text", "<html/>", "<svg", open, open + "</svg>", open + dot, open + dot + "</g></svg>",
	`<svg xmlns="http://www.w3.org/1999/xhtml" viewBox="0 0 9 9">` + dot + `</svg>`,
	`<svg>` + dot + `</svg>`, `<svg viewBox="0 0 0 9">` + dot + `</svg>`, `<svg viewBox="0 0 NaN 9">` + dot + `</svg>`, `<svg viewBox="0 0 Inf 9">` + dot + `</svg>`, `<svg width="50%" height="9">` + dot + `</svg>`,
	open + `<script>alert(1)</script>` + dot + `</svg>`,
	open + `<foreignObject><p>a</p></foreignObject></svg>`,
	open + `<image href="https://example.com/a.png"/></svg>`, open + `<a href="#a">` + dot + `</a></svg>`,
	open + `<path d="M0 0"><animate attributeName="d"/></path></svg>`, open + `<set attributeName="href" to="javascript:alert(1)"/>` + dot + `</svg>`,
	open + `<filter id="f"/>` + dot + `</svg>`, open + `<svg viewBox="0 0 9 9">` + dot + `</svg></svg>`, open + `<iframe src="a"/></svg>`,
	open + `<use href="https://example.com/a.svg#b"/></svg>`, open + `<use href="data:image/svg+xml,a"/></svg>`, open + `<use href="#none"/></svg>`,
	open + `<path fill="url(https://example.com/#a)" d="M0 0"/></svg>`, open + `<path fill="url(#none)" d="M0 0"/></svg>`, open + `<path fill="URL(//a)" d="M0 0"/></svg>`,
	open + `<path fill="u\72l(//a)" d="M0 0"/></svg>`, open + `<path style="fill:url(//a)" d="M0 0"/></svg>`, open + `<path opacity="expression('x')" d="M0 0"/></svg>`,
	open + `<path d="M0 0" clip-path="url(#a) url(//a)"/><clipPath id="a"/></svg>`, open + `<path transform="url(#a)" d="M0 0"/></svg>`, open + `<path transform="url #a)" d="M0 0"/></svg>`,
	open + `<style>@import "//a";</style>` + dot + `</svg>`, open + `<style>path{fill:red}</style>` + dot + `</svg>`, open + `<style>.a{fill:red</style>` + dot + `</svg>`,
	open + `<style>.a:hover{fill:red}</style>` + dot + `</svg>`, open + `<style>.a{fill:url(//a)}</style><path class="a"/></svg>`, open + `<style><g/></style>` + dot + `</svg>`,
	open + `<g id="a"><use href="#a"/></g></svg>`, open + `<g id="a" mask="url(#b)"/><mask id="b"><use href="#a"/></mask></svg>`,
	`<!DOCTYPE svg [<!ENTITY a "b">]>` + open + `<text>&a;</text></svg>`, open + `<text>&a;</text></svg>`,
	`<?xml version="1.0" encoding="utf-16"?>` + open + dot + `</svg>`, open + "<text>\x00</text></svg>", open + "<text>\xff</text></svg>",
	open + strings.Repeat("<g>", maxDepth) + strings.Repeat("</g>", maxDepth) + `</svg>`,
	open + strings.Repeat("<g/>", maxElements) + `</svg>`,
	doubling("use"), doubling("mask"), sheet(maxRules+1, 1), sheet(1, maxDeclarations+1),
}

// doubling is a drawing in which each of many elements draws the one before twice.
func doubling(kind string) string {
	b := open + `<g id="g0">` + dot + `</g>`
	for i := 1; i < 40; i++ {
		again := fmt.Sprintf(`<use href="#g%d"/>`, i-1)
		if kind == "mask" {
			again = fmt.Sprintf(`<path mask="url(#g%d)"/>`, i-1)
		}
		b += fmt.Sprintf(`<mask id="g%d">%s%s</mask>`, i, again, again)
	}
	return b + "</svg>"
}

// sheet is a drawing with a style sheet that says much about each element.
func sheet(rules, declarations int) string {
	return open + "<style>" + strings.Repeat(".a{"+strings.Repeat("fill:red;", declarations)+"}", rules) + "</style>" + strings.Repeat(`<g class="a"/>`, maxElements-1) + "</svg>"
}

func TestRefused(t *testing.T) {
	for _, in := range refused {
		if got := sanitize([]byte(in)); got != nil {
			t.Errorf("%.200s\nis shown as %.200s", in, got)
		}
	}
	if sanitize([]byte(sheet(maxRules, maxDeclarations/maxRules))) == nil {
		t.Error("the longest style sheet is refused")
	}
}

// TestCost reads drawings that are much work for their length.
func TestCost(t *testing.T) {
	fill := func(before, again, after string) string {
		return before + strings.Repeat(again, (maxSource-len(before)-len(after))/len(again)) + after
	}
	drawings := []string{
		doubling("use"), doubling("mask"),
		sheet(maxRules, maxDeclarations/maxRules),
		fill(open, "<g>", ""),
		fill(open+"<metadata>", "<g>", ""),
		fill(open+"<g", ` fill="a"`, "/></svg>"),
		fill("<svg", ` xmlns:a="b"`, "/>"),
		fill(open+`<style>.a{fill:red}</style><g class="`, "a ", `"/></svg>`),
		fill(open+`<g style="`, "fill:a;", `"/></svg>`),
		fill(open+`<style>`, "/*", `</style></svg>`),
		fill(open+`<style>`, ".a{}", `</style></svg>`),
		fill(open+`<style>`, ".a,", `{}</style></svg>`),
		fill(open+`<path id="a"/>`, `<use href="#a"/>`, `</svg>`),
		fill(open+`<path d="`, "M0 0", `"/></svg>`),
		fill(open+`<path fill="`, "url(#", `"/></svg>`),
		fill(open+`<text>`, "&amp;", `</text></svg>`),
	}
	testenv.Cheap(t, "drawings", func() {
		for _, in := range drawings {
			URL("a.svg", []byte(in))
		}
	})
}

var localURL = regexp.MustCompile(`^url\(#i[0-9]+\)$`)

// checkDrawing checks a drawing that is shown: it has only what icons may have.
func checkDrawing(t *testing.T, data []byte) {
	t.Helper()
	depth := 0
	for d := xml.NewDecoder(bytes.NewReader(data)); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v in %s", err, data)
		}
		switch e := token.(type) {
		case xml.Comment, xml.Directive, xml.ProcInst:
			t.Errorf("%T in %s", e, data)
		case xml.EndElement:
			depth--
		case xml.StartElement:
			if depth++; e.Name.Space != namespace || e.Name.Local != "svg" && !elements[e.Name.Local] || (e.Name.Local == "svg") != (depth == 1) {
				t.Errorf("an element %v in %s", e.Name, data)
			}
			for _, a := range e.Attr {
				checkAttr(t, a, data)
			}
		}
	}
	if len(data) > 0 && !bytes.Equal(sanitize(data), data) {
		t.Errorf("sanitized again, %s becomes %s", data, sanitize(data))
	}
}

func checkAttr(t *testing.T, a xml.Attr, data []byte) {
	t.Helper()
	name, value := a.Name.Local, strings.ToLower(a.Value)
	switch {
	case name == "xmlns" && a.Value == namespace:
	case a.Name.Space != "" || !geometry[name] && !properties[name]:
		t.Errorf("an attribute %v in %s", a.Name, data)
	case name == "href" && !strings.HasPrefix(value, "#i"),
		strings.Contains(value, "url") && !localURL.MatchString(value),
		strings.ContainsAny(value, `:/\"'<>&;@`):
		t.Errorf("%s=%q in %s", name, a.Value, data)
	}
}

// FuzzSVG reads any bytes as a drawing.
func FuzzSVG(f *testing.F) {
	for _, in := range refused {
		f.Add([]byte(in))
	}
	f.Add([]byte(xopn + `<style>.a{fill:url(#b)}</style><linearGradient id="b"><stop offset="0" stop-color="#000"/></linearGradient><g class="a"><use xlink:href="#p"/><path id="p" d="M0 0" style="stroke:red"/><text>a</text></g></svg>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		checkDrawing(t, sanitize(data))
		if got := URL("a.svg", data); len(got) > Max {
			t.Errorf("%d bytes", len(got))
		}
	})
}

// FuzzURL reads any text as a data: URL, and any bytes as a file.
func FuzzURL(f *testing.F) {
	f.Add("data:image/png;base64,AA==", []byte(nil))
	f.Add("icon.png", picture(f, "png", 8, 8))
	f.Add("icon.webp", webp("VP8L", "\x2f\x3f\xc0\x0b\x00"))
	f.Fuzz(func(t *testing.T, icon string, file []byte) {
		got := URL(icon, file)
		if got != "" && !regexp.MustCompile(`^data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/]+=*$`).MatchString(got) || len(got) > Max {
			t.Errorf("got %q", got)
		}
	})
}
