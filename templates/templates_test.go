package templates

import (
	"bytes"
	"html/template"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jba/templatecheck"
	"golang.org/x/net/html"
)

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newSet(t *testing.T, o Options) *Set {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func render(t *testing.T, s *Set, p Page) []byte {
	t.Helper()
	b, err := s.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestOwnTemplates: portolan's own templates fit their pages.
func TestOwnTemplates(t *testing.T) {
	s := newSet(t, Options{})
	for _, p := range allPages {
		if err := templatecheck.CheckHTML(s.pages[p.template()], p); err != nil {
			t.Error(err)
		}
	}
}

// TestParts: what pages share is the same whether it was rendered before or not.
func TestParts(t *testing.T) {
	s := newSet(t, Options{})
	for _, p := range slices.Concat(everyPage(hostile), everyPage("plain")) {
		v, ok := p.(ValuesPage)
		if !ok {
			continue
		}
		want := render(t, s, v)
		if v.Top, v.Body = s.Top(v.Release), s.Body(v); v.Top == "" || v.Body == "" {
			t.Fatal("it has no parts")
		}
		if got := render(t, s, v); !bytes.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// TestListing: the lists of files are the same whether they were rendered before or not,
// and are taken from a page that lists the same ones.
func TestListing(t *testing.T) {
	s := newSet(t, Options{})
	for _, p := range slices.Concat(everyPage(hostile), everyPage("plain")) {
		p, ok := p.(TemplatesPage)
		if !ok || len(p.Files) == 0 {
			continue
		}
		want := render(t, s, p)
		before := p
		if before.Listing = s.Listing(p, TemplatesPage{}); before.Listing == nil {
			t.Fatal("it has no listing")
		}
		if got := render(t, s, before); !bytes.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if s.Listing(p, before) != before.Listing {
			t.Error("the same files were rendered again")
		}
		for what, change := range map[string]func(*TemplatesPage){
			"text": func(p *TemplatesPage) { p.Files[0].HTML += "x" },
			"kind": func(p *TemplatesPage) { p.Kinds = append([]TemplateKind{{Kind: "x"}}, p.Kinds...) },
			"more": func(p *TemplatesPage) { p.More++ },
		} {
			other := p
			other.Files = slices.Clone(p.Files)
			change(&other)
			if s.Listing(other, before) == before.Listing {
				t.Errorf("another %s is not shown", what)
			}
		}
	}
}

// Whatever the data hold is shown as text: pages have only the elements and
// attributes of the templates.
func TestHostileData(t *testing.T) {
	s := newSet(t, Options{})
	for _, p := range everyPage(hostile) {
		root, err := html.Parse(bytes.NewReader(render(t, s, p)))
		if err != nil {
			t.Fatal(err)
		}
		scripts := 0
		for n := range root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			switch n.Data {
			case "script":
				scripts++
			case "img":
				if !slices.Contains(n.Attr, html.Attribute{Key: "src", Val: image}) {
					t.Errorf("%s: an image %v", p.template(), n.Attr)
				}
			case "iframe", "style", "object", "svg":
				t.Errorf("%s: an element %s", p.template(), n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.Contains(a.Val, "javascript:") {
					t.Errorf("%s: <%s %s=%q>", p.template(), n.Data, a.Key, a.Val)
				}
			}
		}
		if scripts != 1 {
			t.Errorf("%s: %d scripts", p.template(), scripts)
		}
	}
}

// Every page has the first heading, the title and the policy exactly once.
func TestEveryPageHas(t *testing.T) {
	s := newSet(t, Options{})
	for _, p := range everyPage("plain") {
		text := string(render(t, s, p))
		for _, once := range []string{"<h1", "<title>", "Content-Security-Policy", `<main id="content"`, `class="skip"`, "<!DOCTYPE html>", `lang="en"`} {
			if n := strings.Count(text, once); n != 1 {
				t.Errorf("%s: %q occurs %d times", p.template(), once, n)
			}
		}
		if strings.Contains(text, "http://") || strings.Contains(text, "src=\"https:") {
			t.Errorf("%s has an http URL or loads from another host", p.template())
		}
	}
}

// TestInstall checks that a library chart's page shows no way to install it, since
// Helm refuses that, and that a dependency's version is a string in YAML.
func TestInstall(t *testing.T) {
	s := newSet(t, Options{})
	for _, library := range []bool{false, true} {
		p := page("0.1")
		p.Library = library
		got := string(render(t, s, p))
		for _, way := range []string{"helm upgrade --install", "kind: HelmRelease", "kind: Application"} {
			if strings.Contains(got, way) == library {
				t.Errorf("library %v: the page has %q: %v, want %v", library, way, library, !library)
			}
		}
		if want := `version: "0.1"`; !strings.Contains(got, "    "+want+"\n    repository:") {
			t.Errorf("library %v: no %s in the dependency", library, want)
		}
	}
}

// A version in the registry has commands that read it there, and any other has none.
func TestRegistryCommands(t *testing.T) {
	s := newSet(t, Options{})
	for _, tt := range []struct {
		name              string
		change            func(*ChartPage)
		helm, flux, argo  bool // the ways that are shown
		login, plain, any bool
	}{
		{"public", func(*ChartPage) {}, true, true, true, false, false, true},
		{"private", func(p *ChartPage) { p.Channel.Private = true }, true, true, true, true, false, true},
		{"plain", func(p *ChartPage) { p.OCI.Plain = true }, true, true, true, false, true, true},
		{"library", func(p *ChartPage) { p.Library = true }, false, false, false, false, false, true},
		{"absent", func(p *ChartPage) { p.OCI = nil }, false, false, false, false, false, false},
	} {
		p := page("web")
		p.Channel.OCI, p.Version = "oci://example.com/stable", "1.0.0+a"
		p.OCI = &OCI{Host: "example.com", Chart: "oci://example.com/stable/web", Tag: "1.0.0_a", Digest: "sha256:00ff"}
		tt.change(&p)
		got := strings.NewReplacer("<span>", "", "</span>", "").Replace(string(render(t, s, p)))
		for part, want := range map[string]bool{
			"helm upgrade --install my-web \\\noci://example.com/stable/web --version 1.0.0&#43;a \\\n  --namespace": tt.helm,
			"helm upgrade --install my-web \\\noci://example.com/stable/web@sha256:00ff \\\n":                        tt.helm,
			"url: oci://example.com/stable/web\n  ref:\n    tag: \"1.0.0_a\"\n    digest: sha256:00ff\n":             tt.flux,
			"chartRef:\n    kind: OCIRepository\n    name: my-web<":                                                  tt.flux,
			"repoURL: oci://example.com/stable/web\n    path: .\n    targetRevision: sha256:00ff # 1.0.0":            tt.argo,
			"helm registry login example.com --username USER\nhelm upgrade":                                          tt.login,
			"secretRef:\n    name: web-oci\n---":                                                                     tt.login,
			"kubectl create secret docker-registry web-oci --docker-server=example.com --docker-username=USER":       tt.login,
			"argocd repo add oci://example.com/stable/web --type oci --name web-web --username USER<":                tt.login,
			"--create-namespace --plain-http<":                                                                       tt.plain,
			"\n  insecure: true\n---":                                                                                tt.plain,
			"argocd repo add oci://example.com/stable/web --type oci --name web-web --insecure-oci-force-http<":      tt.plain,
			"<code>repository: oci://example.com/stable</code>":                                                      tt.any,
			"<dt>OCI<dd><code class=\"digest\">oci://example.com/stable/web@sha256:00ff</code>":                      tt.any,
			"oci": tt.any,
		} {
			if strings.Contains(got, part) != want {
				t.Errorf("%s: the page has %q: %t", tt.name, part, !want)
			}
		}
	}
}

// TestNoRows checks that a page without a table still links to the files that are there.
func TestNoRows(t *testing.T) {
	s := newSet(t, Options{})
	for _, tt := range []struct{ raw, note, want string }{
		{"", "", "there is no <code>values.yaml</code>"},
		{"values.yaml", "", "This version lists no values.</p>\n<p><a href=\"values.yaml\">"},
		{"values.yaml", "values.yaml is too long.", "values.yaml is too long.</p>\n<p><a href=\"values.yaml\">"},
	} {
		p := values("", 0)
		p.Groups, p.Raw, p.Schema, p.Note = nil, tt.raw, "", tt.note
		if got := string(render(t, s, p)); !strings.Contains(got, tt.want) {
			t.Errorf("%+v: got %s", tt, got[strings.Index(got, "<main"):])
		}
	}
}

// TestChangelog checks that a version about which nothing is said leads to what differs.
func TestChangelog(t *testing.T) {
	s := newSet(t, Options{})
	for _, tt := range []struct {
		entry ChangelogEntry
		want  bool
	}{{ChangelogEntry{}, true}, {ChangelogEntry{Said: said("text")}, false}, {ChangelogEntry{More: 1}, false}} {
		tt.entry.Changes = "1.0.0/changes.html"
		got := string(render(t, s, ChangelogPage{Versions: []ChangelogEntry{tt.entry}}))
		if strings.Contains(got, `<a href="1.0.0/changes.html">see what differs</a>`) != tt.want {
			t.Errorf("%+v: got %s", tt.entry, got[strings.Index(got, "<main"):])
		}
	}
}

func TestKube(t *testing.T) {
	for versions, want := range map[string]string{
		">=1.21.0-0": "≥ 1.21", ">= 1.25.0-0 < 1.31.0-0": "≥ 1.25 < 1.31.0", ">=1.20.3": "≥ 1.20.3", "^1.20.0": "^1.20.0", "1.21.0-rc.0": "1.21.0-rc.0",
	} {
		if got := kube(versions); got != want {
			t.Errorf("%s: got %s, want %s", versions, got, want)
		}
	}
}

// Channels without a project come before those of projects.
func TestProjects(t *testing.T) {
	var p HomePage
	for _, name := range []string{"a/b/stable", "main", "a/b/test", "z/stable", "other"} {
		p.Channels = append(p.Channels, Channel{Name: name})
	}
	var got []string
	for _, project := range p.Projects() {
		for _, c := range project.Channels {
			got = append(got, project.Name+":"+c.Segment())
		}
	}
	if want := ":main :other a/b:stable a/b:test z:stable"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %s", got, want)
	}
}

// Code in a text is marked, and nothing in a text is markup.
func TestProse(t *testing.T) {
	for text, want := range map[string]string{
		"`a.b` or ``c`` & <b>": "<code>a.b</code> or <code>c</code> &amp; &lt;b&gt;", "`<i>`": "<code>&lt;i&gt;</code>", "it is `open": "it is `open", "``": "``",
	} {
		if got := string(prose(text)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestShell(t *testing.T) {
	for argument, want := range map[string]string{
		"web/templates/a.yaml": "web/templates/a.yaml", "a b": "'a b'", "$(x)'y": `'$(x)'\''y'`, "-x": "'-x'", "": "''",
	} {
		if got := shell(argument); got != want {
			t.Errorf("%s: got %s, want %s", argument, got, want)
		}
	}
}

// Commands for a private channel say who asks, and those for others do not.
func TestPrivateCommands(t *testing.T) {
	s := newSet(t, Options{})
	for _, private := range []bool{false, true} {
		p := page("web")
		p.Channel.Private = private
		channel := p.Channel
		channel.Older = &OlderVersions{Repository{"", "snapshots/00000002/older/index.yaml"}, 1, 0, false}
		for _, page := range []Page{
			p, HomePage{p.Frame, []Channel{channel}}, ChannelPage{Frame: p.Frame, Channel: channel},
			ActivityPage{Frame: p.Frame, Channel: channel, Generations: []Generation{{1, day, "snapshots/00000001/index.yaml", "", nil, 0, 0}}},
		} {
			got := string(render(t, s, page))
			adds := strings.Count(got, "helm repo add ")
			if users := strings.Count(got, "</span> --username USER</code>") + strings.Count(got, "</span> --username USER\nhelm"); adds == 0 || private && users != adds || !private && users != 0 {
				t.Errorf("%s, private %t: %d of %d commands have --username", page.template(), private, users, adds)
			}
		}
		got := string(render(t, s, p))
		for _, part := range []string{"  secretRef:\n    name: web\n---", "kubectl create secret generic web --from-literal=username=USER", "argocd repo add <span"} {
			if strings.Contains(got, part) != private {
				t.Errorf("private %t: the page has %q: %t", private, part, !private)
			}
		}
	}
}

func TestReleaseName(t *testing.T) {
	for name, want := range map[string]string{
		"web": "my-web", "My_Chart.v2": "my-my-chart-v2", strings.Repeat("x", 49) + "-y": "my-" + strings.Repeat("x", 49), "世界": "my",
	} {
		if got := (Release{Name: name}).ReleaseName(); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// TestRenderRepeats checks that equal data give equal bytes.
func TestRenderRepeats(t *testing.T) {
	a, b := newSet(t, Options{}), newSet(t, Options{})
	if a.Look() != b.Look() {
		t.Error("the look differs")
	}
	for _, p := range everyPage("plain") {
		if !bytes.Equal(render(t, a, p), render(t, b, p)) {
			t.Errorf("%s differs", p.template())
		}
	}
}

// The assets and the longest lists are small.
func TestSizes(t *testing.T) {
	s, scripts := newSet(t, Options{}), 0
	for _, a := range s.Assets() {
		limit := 24 << 10
		switch name := filepath.Base(a.Path); {
		case strings.HasSuffix(name, ".css"):
			limit = 16 << 10
		case strings.HasPrefix(name, "script."):
			limit = 8 << 10
		}
		if len(a.Content) > limit {
			t.Errorf("%s has %d bytes; at most %d are allowed", a.Path, len(a.Content), limit)
		}
		if strings.HasSuffix(a.Path, ".js") {
			scripts += len(a.Content)
		}
	}
	if scripts > 24<<10 {
		t.Errorf("the scripts have %d bytes; at most %d are allowed", scripts, 24<<10)
	}
	// A row of values needs few bytes besides its content.
	const rows = 1400
	each := (len(render(t, s, values("", rows))) - len(render(t, s, values("", 0)))) / rows
	if each > 75 {
		t.Errorf("a row of values needs %d bytes besides its content; at most 75 are allowed", each)
	}
	listed := charts(200, strings.Repeat("word ", 16))
	for i := range listed { // real charts have fewer badges
		listed[i].Version, listed[i].Badges = "1.0.0", Badges{Deprecated: i%5 == 0}
	}
	for _, p := range []Page{
		VersionsPage{Frame: frame("text"), Versions: entries(200, "")},
		ChannelPage{Frame: frame("text"), Charts: listed},
	} {
		if n := len(render(t, s, p)); n > 60<<10 {
			t.Errorf("%s has %d bytes; at most %d are allowed", p.template(), n, 60<<10)
		}
	}
}

// A folder's files replace the embedded ones.
func TestOverride(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("home.html", `{{template "start" .Frame}}<h1>Ours: {{len .Channels}}</h1>{{template "end" .Frame}}`)
	write("style.css", "body { color: red }\n")
	s := newSet(t, Options{Dir: dir})
	if got := string(render(t, s, HomePage{Channels: make([]Channel, 3)})); !strings.Contains(got, "<h1>Ours: 3</h1>") {
		t.Errorf("the page is %s", got)
	}
	if got := string(s.Assets()[0].Content); got != "body { color: red }\n" {
		t.Errorf("the stylesheet is %q", got)
	}
	if s.Look() == newSet(t, Options{}).Look() {
		t.Error("another look has the same hash")
	}
}

// A template that does not fit its page is refused when it is loaded, with its
// file and line, even if the mistake is in a branch that no page reaches.
func TestOverrideProblems(t *testing.T) {
	for _, tt := range []struct{ name, file, content, want string }{
		{"field", "chart.html", "line\n{{if .Deprecated}}{{.Nmae}}{{end}}", "chart.html:2:"},
		{"function", "home.html", "\n\n{{nothing .}}", "home.html:3:"},
		{"syntax", "activity.html", "{{range .Generations}}", "activity.html:1:"},
		{"partial", "home.html", `{{template "strat" .Frame}}`, "strat"},
		{"within a range", "channel.html", "{{range .Charts}}\n{{.Digest}}{{end}}", "channel.html:2:"},
		{"unknown file", "chrat.html", "", "did you mean chart.html?"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, tt.file), []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := New(Options{Dir: dir})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), tt.file) {
				t.Errorf("%v does not name %s", err, tt.file)
			}
		})
	}
	if _, err := New(Options{Dir: filepath.Join(t.TempDir(), "none")}); err == nil {
		t.Error("a folder that does not exist is not refused")
	}
}

// Only valid colours get into the stylesheet.
func TestColors(t *testing.T) {
	css := string(newSet(t, Options{Colors: Colors{Accent: "#123456", BackgroundDark: "#000"}}).Assets()[0].Content)
	for _, want := range []string{"--accent-light: #123456;", "--bg-dark: #000;"} {
		if !strings.Contains(css, want) {
			t.Errorf("the stylesheet lacks %q", want)
		}
	}
	for _, bad := range []string{"red", "#12", "#12345g", "#fff;} body{display:none", "url(x)"} {
		if _, err := New(Options{Colors: Colors{Accent: bad}}); err == nil {
			t.Errorf("%q is accepted as a colour", bad)
		}
	}
}

// A logo is an asset, and pages show it.
func TestLogo(t *testing.T) {
	s := newSet(t, Options{Logo: []byte("<svg/>"), LogoExt: ".svg"})
	site := s.Site(Site{})
	if !strings.HasPrefix(site.Logo, "assets/logo.") || !strings.HasSuffix(site.Logo, ".svg") || len(s.Assets()) != 7 {
		t.Errorf("the logo is %q of %d assets", site.Logo, len(s.Assets()))
	}
	if got := string(render(t, s, HomePage{Frame: Frame{Site: site}})); !strings.Contains(got, `<img src="`+site.Logo) {
		t.Error("the logo is not on the page")
	}
}

// HTML that was made safe elsewhere is not escaped.
func TestSafeHTML(t *testing.T) {
	p := page("text")
	p.README = &Text{HTML: template.HTML("<p id=\"readme-x\">safe</p>")}
	if got := string(render(t, newSet(t, Options{}), p)); !strings.Contains(got, `<p id="readme-x">safe</p>`) {
		t.Error("the README is escaped")
	}
}

func BenchmarkChartPage(b *testing.B) {
	s, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	p := page("some text")
	for b.Loop() {
		if _, err := s.Render(p); err != nil {
			b.Fatal(err)
		}
	}
}
