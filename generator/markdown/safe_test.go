package markdown

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/untrusted"
)

// allowed are the elements that the HTML may hold, with their attributes.
var allowed = map[string][]string{
	"a": {"href", "rel", "id"}, "code": {"class", "id"}, "details": {"open", "id"}, "ol": {"start", "id"}, "pre": {"tabindex", "id"},
	"td": {"colspan", "rowspan", "id"}, "th": {"scope", "colspan", "rowspan", "id"},
}

var plainElements = strings.Fields("b blockquote br del div em h3 h4 h5 h6 hr i ins kbd li mark p q s samp small span strong sub summary sup table tbody thead tr u ul var")

// checkSafe checks that HTML holds only what is allowed, that a browser reads the
// same elements in it, that ids are unique, and that links lead to these ids or to
// safe URLs.
func checkSafe(t *testing.T, text string) {
	t.Helper()
	ids, links := map[string]bool{}, map[string]bool{}
	var said []string
	z := html.NewTokenizer(strings.NewReader(text))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		switch token.Type {
		case html.CommentToken, html.DoctypeToken:
			t.Errorf("a comment: %q", token.Data)
		case html.StartTagToken, html.SelfClosingTagToken:
			said = append(said, token.Data)
			checkElement(t, token, ids, links)
		case html.TextToken:
			if strings.ContainsFunc(token.Data, untrusted.Hidden) {
				t.Errorf("hidden characters in %q", token.Data)
			}
		}
	}
	for link := range links {
		if !ids[link] {
			t.Errorf("a link to #%s, which does not exist", link)
		}
	}
	// A browser's parser moves elements that are out of place; there must be none.
	got := parsed(t, "<section>"+text+"</section>")
	if want := append([]string{"section"}, said...); !slices.Equal(got, want) {
		t.Errorf("a browser reads other elements:\ngot  %v\nwant %v", got, want)
	}
}

var classPattern = regexp.MustCompile(`^language-[0-9A-Za-z_+.#-]+$`)

func checkElement(t *testing.T, e html.Token, ids, links map[string]bool) {
	t.Helper()
	attrs, known := allowed[e.Data]
	if !known && !slices.Contains(plainElements, e.Data) {
		t.Errorf("element %s is not allowed", e.Data)
	}
	for _, a := range e.Attr {
		if a.Key != "id" && !slices.Contains(attrs, a.Key) {
			t.Errorf("attribute %s of %s is not allowed", a.Key, e.Data)
		}
		switch a.Key {
		case "id":
			if ids[a.Val] || !strings.HasPrefix(a.Val, "readme-") || strings.ContainsAny(a.Val, " \t\n") {
				t.Errorf("id %q is not allowed", a.Val)
			}
			ids[a.Val] = true
		case "class":
			if !classPattern.MatchString(a.Val) {
				t.Errorf("class %q is not allowed", a.Val)
			}
		case "href":
			checkLink(t, e, a.Val, links)
		}
	}
}

func checkLink(t *testing.T, e html.Token, href string, links map[string]bool) {
	t.Helper()
	if id, ok := strings.CutPrefix(href, "#"); ok {
		links[id] = true
		return
	}
	u, err := url.Parse(href)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" || u.User != nil {
		t.Errorf("a link to %q is not allowed", href)
	}
	if !slices.ContainsFunc(e.Attr, func(a html.Attribute) bool { return a.Key == "rel" && a.Val == rel }) {
		t.Errorf("a link without rel: %v", e)
	}
}

// parsed returns the elements that a browser reads in HTML in a page's body.
func parsed(t *testing.T, text string) []string {
	t.Helper()
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(text), body)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			names = append(names, n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	for _, n := range nodes {
		walk(n)
	}
	return names
}

// TestSafe renders READMEs that try to do harm, or whose elements are out of place.
func TestSafe(t *testing.T) {
	all := shapes(2000)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		checkSafe(t, string(rendered(ctx, []byte(all[name]())).HTML))
		checkListed(t, []byte(all[name]()))
	}
	for _, in := range hostile {
		checkSafe(t, string(rendered(ctx, []byte(in)).HTML))
		checkListed(t, []byte(in))
	}
}

// allListed says that another page has all values.
var allListed = Options{Chart: "a", Listed: func(string, string) bool { return true }, ListedName: "Values", ListedURL: "values.html"}

// checkListed checks the HTML of a README beside a page that has all values, and its
// contents.
func checkListed(t *testing.T, src []byte) {
	t.Helper()
	text, contents := Parse(ctx, src).Render(ctx, allListed)
	checkSafe(t, strings.ReplaceAll(string(text.HTML), `<a href="values.html">`, "<a>"))
	if len(contents) > maxHeadings {
		t.Errorf("%d headings", len(contents))
	}
	for _, h := range contents {
		if len(h.Text) > maxHeading+3 || h.Level < 1 || h.Level > 6 || !strings.Contains(string(text.HTML), ` id="`+html.EscapeString(h.Anchor)+`"`) {
			t.Errorf("a heading %+v", h)
		}
	}
}

// hostile are texts that other programs mistook for more than text.
var hostile = []string{
	charttest.Script, "# " + charttest.Script, "`" + charttest.Script + "`", "|" + charttest.Script + "|\n|-|\n",
	"<table><td><table><td><p><table>x", "<ul><ol><li><ul>a</ol>b<li>c", "<a href='http://x'><table><td><a href='http://y'>z",
	"<p><table><p>", "<b><table><i><td></b></i>", "<details><p><summary>a</summary><summary>b</summary>", "<h1><h2><p><h3>a", "<pre><p>a</pre>b<li>c",
	"<li><li><div><li>", "<code><p><code class=language-x>", "<div></p></div></table></td>a", "<a name=a><a name=a><a id=a>", "<br/></br><hr></hr><p/>",
	"<thead><td><tbody><th>", "<table><thead></thead><tbody></tbody><thead><td>a</thead><tfoot><td>b", "<table>a<tr>b<td>c</tr>d</table>e",
	"<summary>a", "<img alt='<script>' src='http://x\"onerror=1'>", "![\"><script>](http://x \"\\\"><script>\")", "[a](<http://x\"y>)", "<a href='http://x' href='javascript:y'>z</a>",
	"<svg><p><style><a id=\"</style><img src=1 onerror=alert(1)>\">", "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
	"<noscript><style></noscript><img src=x onerror=alert(1)>", "<!--><img src=x onerror=alert(1)>-->", "<![CDATA[><img src=x onerror=alert(1)>]]>", "<?xml ><img src=x onerror=alert(1)>?>",
	"<select><template><p></select>", "<td><b></td><td></b>", "<p><b><p><b><p><b>", "<tr><p><tr><td><li>", "<ol start=-5><ol start=99999><ol start=x>", "<td colspan=0 rowspan=99999>", "<q><div><q>",
	"a\x00<scr\x00ipt>alert(1)</scr\x00ipt>", "<a href=\"\x01javascript:alert(1)\">x</a>", "# <a id='x'></a>\n\n<div id='x'><p id=x>a</p></div>", "<b id=\"a b\">", "[a](#%00) [b](#%zz) [c](#\" onclick=x)",
}

// FuzzRender renders any bytes: rendering never fails, and the HTML is safe.
func FuzzRender(f *testing.F) {
	for _, in := range hostile {
		f.Add([]byte(in))
	}
	f.Add([]byte("# A\n## B\n" + helmDocs + rows("| aN | int | `1` | Text N |", 1, 60) + "## C\n<details>\n\n" + bitnami + rows("| `aN` | Text N | `1` |", 1, 9)))
	f.Fuzz(func(t *testing.T, src []byte) {
		text := rendered(ctx, src)
		checkSafe(t, string(text.HTML))
		if strings.Contains(text.Note, "cannot be parsed") {
			t.Error("a parser panicked")
		}
		checkListed(t, src)
		if again := rendered(ctx, src); again.HTML != text.HTML {
			t.Error("rendering the same README again gives another text")
		}
	})
}
