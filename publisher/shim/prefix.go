package shim

import (
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// prefix returns the path under which clients reach the shim.
func (s *Shim) prefix() string {
	if s.PublicURL == nil {
		return ""
	}
	return strings.TrimSuffix(s.PublicURL.Path, "/")
}

// segments returns the decoded segments of a path. The last is empty if the path ends
// in a slash. Doubled slashes and encoded slashes separate segments like any other, so
// that the path that is authorised is always the path that is used.
func segments(decoded string) ([]string, error) {
	var all []string
	for segment := range strings.SplitSeq(decoded, "/") {
		if segment == "." || segment == ".." || strings.ContainsFunc(segment, unicode.IsControl) || strings.Contains(segment, "\\") {
			return nil, fail(http.StatusBadRequest, "path", "check the URL", "the URL's path has a segment . or .., a backslash or a control character")
		}
		if segment != "" {
			all = append(all, segment)
		}
	}
	if strings.HasSuffix(decoded, "/") {
		all = append(all, "")
	}
	return all, nil
}

// below returns the segments of a request below the prefix. A path means one thing
// only: the prefix must be in every request, or a proxy removes it from every request.
// Otherwise a channel with the prefix's name could not be told from the prefix.
func (s *Shim) below(all []string) (rest []string, ok bool) {
	if s.Stripped {
		return all, true
	}
	prefix := strings.FieldsFunc(s.prefix(), func(c rune) bool { return c == '/' })
	if len(all) < len(prefix) || !slices.Equal(all[:len(prefix)], prefix) {
		return all, false
	}
	return all[len(prefix):], true
}

// outside answers a request without the prefix.
func (s *Shim) outside(r *http.Request) error {
	return fail(http.StatusNotFound, "prefix", "put "+s.prefix()+" before the path; or if a proxy removes it from requests, start this server with --proxy-strips-path",
		"there is nothing at %.200q: clients reach this server at %s", r.URL.Path, s.base(r))
}

// prefixIsChannel reports whether the prefix begins like a channel's name. No channel
// is called charts, for example, so a path with that prefix has one meaning.
func (s *Shim) prefixIsChannel() bool {
	first, _, _ := strings.Cut(strings.Trim(s.prefix(), "/"), "/")
	return channelname.CheckOld(first) == nil
}

// doubt returns a failure for a request that would be about another channel, which
// exists, if a proxy had removed the prefix from it. Nobody has said whether one does,
// and the wrong channel's charts would be worse than none. It gives away no channel
// that the caller may not read.
func (s *Shim) doubt(r *http.Request, to *route, who *auth.Identity) error {
	if s.Stripped || s.Unstripped || s.Site == nil || !s.prefixIsChannel() {
		return nil
	}
	all, err := segments(r.URL.Path)
	if err != nil {
		return err
	}
	other, err := s.routeTo(r, all)
	if err != nil || other.channel == "" || other.channel == to.channel || !who.May(auth.Read, other.channel) {
		return nil
	}
	if v, err := s.views.get(r.Context(), other.channel); err != nil || !v.known {
		return nil
	}
	what := "the site's own pages"
	if to.channel != "" {
		what = "channel " + to.channel
	}
	return fail(http.StatusConflict, "prefix", "start this server with --proxy-strips-path if a proxy removes "+s.prefix()+" from requests, and with --proxy-strips-path=false if it does not",
		"the path may mean channel %s, or, if %s at its beginning is that of --public-url, %s", other.channel, s.prefix(), what)
}
