package shim

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// kind is what a request is about.
type kind int

const (
	kindFile     kind = iota // one of the site's files
	kindAsset                // a file that belongs to no channel and that everybody may read
	kindIndex                // a channel's index
	kindFlat                 // a chart, by its file name
	kindList                 // a channel's releases, as JSON
	kindCharts               // the upload of a chart
	kindProv                 // the upload of a provenance file
	kindAction               // the request for an action
	kindDelete               // the same for a yank, as ChartMuseum's clients send it
	kindReceipt              // the receipt of an upload or action
	kindHealth               // a probe
	kindInfo                 // what this server is
	kindPing                 // whether there is an OCI registry
	kindRegistry             // one of its files
	kindBlob                 // a file that is pushed to it
	kindManifest             // the manifest that ends a push
)

// String names the kind, for logs and metrics.
func (k kind) String() string {
	return [...]string{"file", "asset", "index", "chart", "list", "upload", "prov", "action", "delete", "receipt", "health", "info", "ping", "registry", "blob", "manifest"}[k]
}

// open reports whether requests of this kind need no credentials.
func (k kind) open() bool { return k == kindAsset || k == kindHealth || k == kindInfo }

// route is where a request goes.
type route struct {
	kind    kind
	channel string   // "" if the request is not about a channel
	project string   // the GitLab project in the URL; "" if the URL is not in GitLab's form
	prefix  string   // what the channel's name has before the name in the URL: the project and a slash, or nothing
	context string   // the path, not encoded, of the site's root for this client
	path    string   // of a file on the site; for kindFlat, the file's name
	chart   string   // of a repository in the registry
	args    []string // for the API, the segments after the route's name
}

// allow returns an error if the caller may not use the route. Which charts a caller
// may upload is checked later, when the chart's name is known.
func (to *route) allow(who *auth.Identity) error {
	scope, chart := auth.Read, ""
	switch to.kind {
	case kindCharts, kindProv:
		scope = auth.Write
	case kindBlob, kindManifest:
		scope, chart = auth.Write, to.chart
	case kindDelete:
		scope, chart = auth.Yank, to.args[0]
	case kindAction:
		if mayAct(who, to.channel) {
			return nil // it depends on the kind of action, see allowAction
		}
		return noActions(who, to.channel)
	case kindReceipt:
		if mayAct(who, to.channel) {
			return nil // it depends on the receipt, see allowReceipt
		}
		scope = auth.Write
	case kindRegistry:
		return nil // it depends on the file, see readRegistry
	}
	switch {
	case !who.May(scope, to.channel):
		return denied(who, scope, to.channel, "")
	case chart != "" && !who.MayChart(scope, to.channel, chart):
		return denied(who, scope, to.channel, chart)
	}
	return nil
}

// route finds out what a request is about. Probes may leave out the prefix.
func (s *Shim) route(r *http.Request) (*route, error) {
	all, err := segments(r.URL.Path)
	if err != nil {
		return nil, err
	}
	rest, ok := s.below(all)
	if !ok || s.Stripped || s.prefix() == "" {
		if to, err := s.registryRoute(r, all); to != nil || err != nil {
			return to, err
		}
	}
	switch {
	case len(rest) == 1 && slices.Contains([]string{"health", "livez", "readyz"}, rest[0]):
		return s.method(r, &route{kind: kindHealth, path: rest[0]}, http.MethodGet)
	case !ok:
		return nil, s.outside(r)
	}
	return s.routeTo(r, rest)
}

// routeTo finds out what a request for a path below the prefix is about.
func (s *Shim) routeTo(r *http.Request, segments []string) (*route, error) {
	to := &route{context: s.prefix()}
	project := ""
	if rest, found, ok := gitlab(segments); ok {
		to.context += "/api/v4/projects/" + found + "/packages/helm"
		to.project, segments = found, rest
		if !slices.Contains(s.Projects, found) {
			project, to.prefix = found, found+"/"
		}
	}
	switch at := slices.Index(segments, "api"); {
	case to.project == "" && len(segments) == 1 && segments[0] == "info":
		return s.method(r, &route{kind: kindInfo}, http.MethodGet)
	case at == 0 && project == "" && reads(r) && !isAPI(segments[1:]):
		// The site has files of its own below api.
	case at == 0, at > 0 && !reads(r):
		// In the second form, which 'helm cm-push --context-path' uses, the
		// channel or a part of it stands before api.
		return s.apiRoute(r, to, project, slices.Concat(segments[:at], segments[at+1:]))
	}
	return s.siteRoute(r, to, project, segments)
}

// gitlab cuts GitLab's prefix off a path, and returns the project in it. The
// project may be a number or a path of several segments.
func gitlab(segments []string) (rest []string, project string, ok bool) {
	if len(segments) < 3 || !slices.Equal(segments[:3], []string{"api", "v4", "projects"}) {
		return nil, "", false
	}
	segments = segments[3:]
	for i := 1; i+1 < len(segments); i++ {
		if segments[i] == "packages" && segments[i+1] == "helm" {
			return segments[i+2:], strings.Join(segments[:i], "/"), true
		}
	}
	return nil, "", false
}

// siteRoute finds out which of the site's files a request is about.
func (s *Shim) siteRoute(r *http.Request, to *route, project string, segments []string) (*route, error) {
	n := 0
	for n < len(segments) && channelname.CheckOld(segments[n]) == nil {
		n++
	}
	folder, rest := path.Join(project, strings.Join(segments[:n], "/")), segments[n:]
	if folder == "" && len(rest) > 0 && (rest[0] == "index.yaml" || rest[0] == "charts") {
		folder = s.RootChannel
	}
	if folder != "" && channelname.CheckOld(folder) != nil || project != "" && n == 0 {
		return nil, unknownRoute(r)
	}
	to.channel, to.path = folder, path.Join(folder, path.Join(rest...))
	if len(rest) > 0 && rest[len(rest)-1] == "" {
		to.path += "/"
	}
	all, err := s.indexOfAll(r, folder, rest)
	if err != nil {
		return nil, err
	}
	switch {
	case all != "":
		to.channel = all
	case len(rest) == 1 && rest[0] == "index.yaml":
		to.kind = kindIndex
	case len(rest) == 2 && rest[0] == "charts" && isArchive(rest[1]):
		to.kind, to.path = kindFlat, rest[1]
	case folder == "" && len(rest) > 1 && rest[0] == "assets":
		to.kind = kindAsset
	default:
		to.setKey()
	}
	if !reads(r) {
		return nil, badMethod(r, uploadHint, "GET, HEAD")
	}
	return to, nil
}

// indexOfAll returns the channel whose index of all versions a request is about, or "". A
// channel may have been called so before the name was reserved.
func (s *Shim) indexOfAll(r *http.Request, folder string, rest []string) (channel string, err error) {
	channel, ok := strings.CutSuffix(folder, "/all")
	if !ok || len(rest) != 1 || rest[0] != "index.yaml" {
		return "", nil
	}
	taken, err := publisher.HasChannel(r.Context(), s.Site, folder)
	if err != nil {
		return "", storeFailure(err)
	}
	if taken {
		return "", nil
	}
	return channel, nil
}

func isArchive(name string) bool {
	return strings.HasSuffix(name, ".tgz") || strings.HasSuffix(name, ".tgz.prov")
}

// method refuses every method except the given one. GET allows HEAD as well.
func (s *Shim) method(r *http.Request, to *route, method string) (*route, error) {
	if r.Method == method || method == http.MethodGet && reads(r) {
		return to, nil
	}
	allow := method
	if method == http.MethodGet {
		allow = "GET, HEAD"
	}
	return nil, badMethod(r, "use "+allow, allow)
}

// badMethod is the failure for a request whose URL takes only other methods.
func badMethod(r *http.Request, hint, allow string) *failure {
	return fail(http.StatusMethodNotAllowed, "method", hint, "this URL does not take the method %.20q", r.Method).with("Allow", allow)
}

// reads reports whether a request only reads.
func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// uploadHint tells clients that sent an upload elsewhere where uploads go.
const uploadHint = "upload with POST to /api/CHANNEL/charts, or to /api/v4/projects/PROJECT/packages/helm/api/CHANNEL/charts"

func unknownRoute(r *http.Request) error {
	hint := "charts are at /CHANNEL/index.yaml, and uploads go to /api/CHANNEL/charts"
	if !reads(r) {
		hint = uploadHint
	}
	return fail(http.StatusNotFound, "route", hint, "there is nothing at %.200q", r.URL.Path)
}
