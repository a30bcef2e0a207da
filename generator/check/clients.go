package check

import "strings"

// A Client is a program that reads repositories, and what it takes of them: bytes of
// an index and of an archive (0 for any number), and the characters of a chart's name
// ("" for any). Helm itself takes more than portolan accepts.
type Client struct {
	Name    string `json:"client"`
	Index   int64  `json:"index,omitempty"`
	Archive int64  `json:"archive,omitempty"`
	Names   string `json:"names,omitempty"`
	Source  string `json:"source"` // how this is known, and how to change it
}

// Clients returns the one table of what clients refuse that Helm takes, by the size
// of their indexes.
func Clients() []Client {
	const lower = "abcdefghijklmnopqrstuvwxyz0123456789-."
	return []Client{
		{Name: "programs that use SnakeYAML", Index: 3 << 20, Source: "SnakeYAML's LoaderOptions.codePointLimit, which programs in Java can raise"},
		{Name: "Rancher", Index: 5 << 20, Archive: 5 << 20, Source: "tried; it has no setting for that"},
		{Name: "Nexus' proxy", Index: 24 << 20, Source: "tried with a proxy repository"},
		{Name: "Flux", Index: 50 << 20, Archive: 10 << 20, Names: lower, Source: "its source-controller's options --helm-index-max-size and --helm-chart-max-size; names have no option"},
	}
}

// Refuses reports whether the client refuses a chart for its name.
func (c Client) Refuses(name string) bool { return c.Names != "" && strings.Trim(name, c.Names) != "" }

// NearIndex is how many bytes of index are near what the client takes: from then on
// there should be time to act. It is 0 if the client takes any number.
func (c Client) NearIndex() int64 { return c.Index / 5 * 4 }

// warnName warns of a name that clients refuse, or that Helm advises against.
func warnName(name string, w *warnings) {
	var by []string
	for _, c := range Clients() {
		if c.Refuses(name) {
			by = append(by, c.Name)
		}
	}
	switch {
	case len(by) > 0:
		w.add("warn-name", "%s takes only names of lower case letters, digits, '-' and '.'; this one is %s", strings.Join(by, ", "), Quote(name))
	case !advisedName().MatchString(name):
		w.add("warn-name", "Helm advises lower case letters, digits and '-' for names; this one is %s", Quote(name))
	}
}

// warnSize warns of an archive that clients refuse.
func warnSize(size int64, w *warnings) {
	var by []string
	for _, c := range Clients() {
		if c.Archive > 0 && size > c.Archive {
			by = append(by, c.Name+" ("+sizeText(c.Archive)+")")
		}
	}
	if len(by) > 0 {
		w.add("warn-size", "the archive is %s, too large for %s; with 'limits: {packed: 5MiB}' in portolan.yaml, a channel refuses such archives",
			sizeText(size), strings.Join(by, " and "))
	}
}
