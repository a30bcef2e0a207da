package shim

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher/channelname"
)

// isAPI reports whether segments, those after api, may be those of a route of the API,
// and not those of a file, whose name has a dot, or of a folder with its slash.
func isAPI(segments []string) bool {
	n := len(segments)
	if n == 0 || segments[n-1] != "" && !strings.Contains(segments[n-1], ".") {
		return true
	}
	if segments[n-1] == "" {
		n--
		segments = segments[:n]
	}
	gitlab := n >= 2 && segments[0] == "v4" && segments[1] == "projects"
	return gitlab || slices.Contains(segments, "charts") || n >= 1 && (segments[n-1] == "prov" || segments[n-1] == "actions") || n >= 2 && segments[n-2] == "uploads"
}

// apiRoute finds out what a request below /api is about.
func (s *Shim) apiRoute(r *http.Request, to *route, project string, segments []string) (*route, error) {
	n := len(segments)
	if n > 0 && segments[n-1] == "" { // a slash at the end
		n--
		segments = segments[:n]
	}
	channel := segments
	switch at := slices.Index(segments, "charts"); {
	case at >= 0:
		to.kind, channel, to.args = kindList, segments[:at], segments[at+1:]
		if len(to.args) == 0 && r.Method == http.MethodPost {
			to.kind = kindCharts
		}
		if len(to.args) == 2 && r.Method == http.MethodDelete {
			to.kind = kindDelete
		}
	case n >= 1 && segments[n-1] == "prov":
		to.kind, channel = kindProv, segments[:n-1]
	case n >= 1 && segments[n-1] == "actions":
		to.kind, channel = kindAction, segments[:n-1]
	case n >= 2 && segments[n-2] == "uploads":
		to.kind, channel, to.args = kindReceipt, segments[:n-2], segments[n-1:]
	default:
		return nil, unknownRoute(r)
	}
	if err := s.setChannel(to, project, channel); err != nil {
		return nil, err
	}
	return s.apiMethod(r, to)
}

// apiMethod refuses methods that a route of the API does not take.
func (s *Shim) apiMethod(r *http.Request, to *route) (*route, error) {
	switch {
	case to.kind == kindCharts, to.kind == kindDelete:
		return to, nil
	case to.kind == kindProv, to.kind == kindAction:
		return s.method(r, to, http.MethodPost)
	case to.kind == kindList && len(to.args) == 3 && reads(r) && slices.Contains([]string{"templates", "values"}, to.args[2]):
		return nil, fail(http.StatusNotFound, "route", "use 'helm show values' or 'helm pull --untar'", "this server does not unpack charts")
	case to.kind == kindList && (len(to.args) > 2 || len(to.args) > 0 && r.Method == http.MethodPost):
		return nil, unknownRoute(r)
	case to.kind == kindList && len(to.args) == 0 && !reads(r):
		return nil, badMethod(r, "upload with POST: curl --form 'chart=@mychart-0.1.0.tgz' URL", "GET, HEAD, POST")
	case to.kind == kindList && len(to.args) == 2 && !reads(r):
		return nil, badMethod(r, "use GET, HEAD, or DELETE to yank the version", "GET, HEAD, DELETE")
	}
	return s.method(r, to, http.MethodGet)
}

// setChannel sets the route's channel to the one that the segments name, or to the
// root channel if there are no segments.
func (s *Shim) setChannel(to *route, project string, segments []string) error {
	channel := path.Join(project, strings.Join(segments, "/"))
	if len(segments) == 0 {
		if project != "" {
			return fail(http.StatusBadRequest, "channel", "write the channel between /api/ and /charts, for example stable", "the URL names no channel")
		}
		channel = s.RootChannel
	}
	check := channelname.Check
	if to.kind == kindList || to.kind == kindReceipt {
		check = channelname.CheckOld // which takes no uploads, but can be read
	}
	if err := check(channel); err != nil {
		return fail(http.StatusBadRequest, "channel", "choose another name for the channel", "%s", err)
	}
	to.channel = channel
	return nil
}
