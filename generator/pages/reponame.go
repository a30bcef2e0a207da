package pages

import (
	"net"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// repoName returns the name of the channel's repository in commands. Users have the
// repositories of many sites, and most sites have a channel that is called stable, so the
// name begins with what tells sites apart: acme-stable. Helm accepts no slashes in a name,
// and Kubernetes, where Flux uses it, no capitals and underscores.
func (w *Writer) repoName(channel string) string {
	name := strings.NewReplacer("/", "-", "_", "-").Replace(strings.ToLower(channel))
	if w.prefix == "" || name == w.prefix || strings.HasPrefix(name, w.prefix+"-") {
		return name
	}
	return w.prefix + "-" + name
}

// repoPrefix returns what tells a site from others: the name that somebody registered for
// its host, which is acme for charts.acme.co.uk and for acme.github.io. For a host that
// many share, such as s3.amazonaws.com, it is the first folder. It returns "" if the URL
// has neither.
func repoPrefix(site string) string {
	u, err := url.Parse(site)
	if err != nil {
		return ""
	}
	host := u.Hostname()
	if host == "localhost" || net.ParseIP(host) != nil {
		return ""
	}
	if registered, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(host)); err == nil {
		name, _, _ := strings.Cut(registered, ".")
		return prefixOf(name)
	}
	folder, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return prefixOf(folder)
}

// prefixOf returns a text as far as it can begin a name.
func prefixOf(text string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(text)), "-")
}
