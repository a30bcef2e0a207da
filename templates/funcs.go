package templates

import (
	"fmt"
	"hash/fnv"
	"html/template"
	"strings"
	"time"
	"unicode"

	"github.com/dustin/go-humanize"
)

// funcs are what templates can call.
var funcs = template.FuncMap{
	"date":     func(t time.Time) string { return t.UTC().Format("2006-01-02") },
	"datetime": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") },
	"stamp":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"size":     sizeText,
	"short":    func(digest string) string { return digest[:min(12, len(digest))] },
	"plural":   plural,
	"initial":  initial,
	"hue":      hue,
}

// sizeText writes a number of bytes for people; "" if it is not known.
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

// initial is the letter that stands for a chart.
func initial(name string) string {
	for _, r := range name {
		return string(unicode.ToUpper(r))
	}
	return "?"
}

// hues is how many classes of colours the stylesheet has for initials.
const hues = 8

// hue picks one of them, the same for a name each time.
func hue(name string) string {
	h := fnv.New32a()
	h.Write([]byte(name))
	return fmt.Sprint(h.Sum32() % hues)
}

// SiteTitle is what the site is called.
func (f Frame) SiteTitle() string {
	if f.Site.Title == "" {
		return "Helm charts"
	}
	return f.Site.Title
}

// ArchiveURL is the absolute URL of the archive; "" if the site's is not known.
func (p ChartPage) ArchiveURL() string {
	if p.Channel.URL == "" {
		return ""
	}
	return p.Channel.URL + "/" + strings.TrimLeft(p.Archive, "./")
}

// maxRelease is how many characters Helm allows the name of a release.
const maxRelease = 53

// Release is a name for what is installed: the chart's, as Helm and Kubernetes
// take it, which want lower case and neither '_' nor '.' in a namespace.
func (p ChartPage) Release() string {
	name := "my-" + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, p.Name)
	return strings.TrimRight(name[:min(maxRelease, len(name))], "-")
}
