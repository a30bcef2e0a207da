package templates

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"html/template"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/dustin/go-humanize"
)

// funcs are the functions that templates can call.
var funcs = template.FuncMap{
	"date":     func(t time.Time) string { return t.UTC().Format("2006-01-02") },
	"datetime": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") },
	"stamp":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"size":     sizeText,
	"short":    func(digest string) string { return digest[:min(12, len(digest))] },
	"plural":   plural,
	"segments": func(name string) []string { return strings.SplitAfter(name, "/") },
	"initial":  initial,
	"hue":      hue,
	"comma":    func(n int) string { return humanize.Comma(int64(n)) },
	"kube":     kube,
	"host":     host,
	"shell":    shell,
	"text":     func(s string) template.HTML { return template.HTML(onlyMarkup.Replace(s)) },
	"prose":    prose,
	"key":      func(id string) string { return strings.ToUpper(id[max(0, len(id)-16):]) },
	"note":     func(kind string) string { return cmp.Or(noteWords[kind], kind) },
}

// onlyMarkup escapes what ends a text in HTML, and leaves quotes alone, which a text may
// have: {{.}} escapes them, too, which makes a long table of values a tenth larger.
var onlyMarkup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\x00", "\uFFFD")

// codePattern is code in a text of Markdown, after its markup was escaped.
var codePattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("``([^`]+)``|`([^`]+)`") })

// prose escapes a text like "text", and marks the code in it.
func prose(s string) template.HTML {
	s = onlyMarkup.Replace(s)
	if strings.Contains(s, "`") {
		s = codePattern().ReplaceAllString(s, "<code>$1$2</code>")
	}
	return template.HTML(s)
}

// noteWords are the words before what an upgrade needs to know.
var noteWords = map[string]string{
	"removed": "value removed", "retyped": "other type", "crd": "definition", "kubernetes": "Kubernetes",
	"required": "now required", "type": "chart type", "app": "app version",
}

// noPrerelease is the end of a version in a range which says that prereleases of it count, too.
var noPrerelease = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`-0($|[ ,|])`) })

// noPatch is a lower bound whose patch is 0.
var noPatch = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`>= ?(\d+\.\d+)\.0($|[ ,|])`) })

// kube returns a range of Kubernetes versions in a form for readers: ≥ 1.25.
func kube(versions string) string {
	versions = noPatch().ReplaceAllString(noPrerelease().ReplaceAllString(versions, "$1"), ">=$1$2")
	return strings.NewReplacer(">= ", "≥ ", ">=", "≥ ", "<= ", "≤ ", "<=", "≤ ").Replace(versions)
}

// plain is what a shell takes as it is.
var plain = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z0-9_./+-]+$`) })

// shell returns an argument as one would type it in a shell.
func shell(argument string) string {
	if plain().MatchString(argument) && argument[0] != '-' {
		return argument
	}
	return "'" + strings.ReplaceAll(argument, "'", `'\''`) + "'"
}

// host returns the host of a URL, or the URL if it has none.
func host(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return strings.TrimPrefix(u.Host, "www.")
	}
	return address
}

// sizeText returns a number of bytes in a readable form, or "" if it is not known.
func sizeText(n int64) string {
	if n <= 0 {
		return ""
	}
	return humanize.IBytes(uint64(n))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return humanize.Comma(int64(n)) + " " + many
}

// initial returns the letter that stands for a chart.
func initial(name string) string {
	for _, r := range name {
		return string(unicode.ToUpper(r))
	}
	return "?"
}

// hues is the number of colour classes for initials in the stylesheet.
const hues = 8

// hue returns a colour class, always the same for the same name.
func hue(name string) string {
	h := fnv.New32a()
	h.Write([]byte(name))
	return fmt.Sprint(h.Sum32() % hues)
}

// SiteTitle returns the site's title.
func (f Frame) SiteTitle() string {
	if f.Site.Title == "" {
		return "Helm charts"
	}
	return f.Site.Title
}

// ArchiveURL returns the absolute URL of the archive, or "" if the site's URL is
// not known.
func (r Release) ArchiveURL() string {
	if r.Channel.URL == "" {
		return ""
	}
	return r.Channel.URL + "/" + strings.TrimLeft(r.Archive, "./")
}

// KeyringURL returns the absolute URL of the channel's keys, or "" if the site's URL is not
// known.
func (r Release) KeyringURL() string {
	if r.Channel.URL == "" {
		return ""
	}
	return r.Channel.URL + "/" + strings.TrimLeft(r.Keyring, "./")
}

// maxRelease is the longest name of a release that Helm allows, in characters.
const maxRelease = 53

// ReleaseName returns a name for a release of the chart. It is my- and the chart's
// name, in a form that Kubernetes also accepts for a namespace: lower case, and
// without '_' and '.'.
func (r Release) ReleaseName() string {
	name := "my-" + strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return '-'
	}, r.Name)
	return strings.TrimRight(name[:min(maxRelease, len(name))], "-")
}
