package shim

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// registryRoute finds out what a request for a path below v2 is about, where clients
// expect an OCI registry. It returns nil if the path is not one that they ask for: a site
// may still have a channel called v2.
func (s *Shim) registryRoute(r *http.Request, all []string) (*route, error) {
	if len(all) == 0 || all[0] != registry.Root {
		return nil, nil
	}
	repository, what, ok := splitRegistry(all[1:])
	if !ok {
		return nil, nil
	}
	if s.prefix() != "" {
		return nil, fail(http.StatusNotFound, "registry-path", "serve the site at the root of a host of its own, and start this server with that as --public-url; or use 'helm repo add', and upload with curl or 'helm cm-push'",
			"clients look for an OCI registry at the root of a host only, but this server is reached at %s", s.base(r))
	}
	to := &route{path: strings.Join(all, "/")}
	switch {
	case what == "":
		to.kind = kindPing
		return s.method(r, to, http.MethodGet)
	case what == uploads:
		to.kind = kindBlob
	case reads(r) && to.setKey():
		return to, nil
	case reads(r) && lacksChannel(all[1:]):
		return nil, noChannel(http.StatusNotFound, repository)
	case reads(r):
		return nil, nil
	case what == manifests && r.Method == http.MethodPut:
		to.kind = kindManifest
	default:
		return nil, fail(http.StatusMethodNotAllowed, "method", "push a newer version instead; others rely on the published one",
			"this URL does not take the method %.20q: what is published is not deleted or changed through a registry", r.Method).with("Allow", "GET, HEAD")
	}
	return to, to.setRepository(repository)
}

// What comes after a repository's name, in requests that are not for a file.
const (
	uploads   = "uploads" // of blobs
	manifests = "manifests"
)

// splitRegistry splits a path below v2 into the repository and the folder after it. The
// root of the registry has neither.
func splitRegistry(segments []string) (repository []string, what string, ok bool) {
	n := len(segments)
	if n > 0 && segments[n-1] == "" {
		n--
	}
	switch {
	case n == 0:
		return nil, "", true
	case n >= 2 && segments[n-2] == "blobs" && segments[n-1] == uploads:
		return segments[:n-2], uploads, true
	case n >= 3 && segments[n-3] == "blobs" && segments[n-2] == uploads:
		return segments[:n-3], uploads, true
	case n >= 2 && slices.Contains([]string{"blobs", manifests, "tags", "referrers"}, segments[n-2]):
		return segments[:n-2], segments[n-2], true
	}
	return nil, "", false
}

// lacksChannel reports whether a path below v2 would be that of a file of the registry if
// it had a channel before the chart, and cannot be that of a file of a channel called v2.
func lacksChannel(segments []string) bool {
	if _, ok := registry.ParseKey(registry.Root + "/channel/" + strings.Join(segments, "/")); !ok || len(segments) != 3 {
		return false
	}
	file := segments[2]
	return strings.HasPrefix(file, digestPrefix) || channelname.CheckOld(file) == nil
}

// noChannel is the failure for a repository without a channel. A client that pushes begins
// with HEAD, the answer to which has no sentence, and only goes on after a 404.
func noChannel(status int, repository []string) *failure {
	return fail(status, "channel", "write the channel before the chart, as in 'helm push mychart-0.1.0.tgz oci://HOST/stable'",
		"the repository %.100q names no channel", strings.Join(repository, "/")).coded("NAME_INVALID")
}

// setRepository sets the route's channel and chart.
func (to *route) setRepository(segments []string) error {
	n := len(segments) - 1
	if n < 1 {
		return noChannel(http.StatusBadRequest, segments)
	}
	to.channel, to.chart = strings.Join(segments[:n], "/"), segments[n]
	err := channelname.Check(to.channel)
	if err == nil {
		err = registry.CheckChannel(to.channel)
	}
	if err == nil {
		err = registry.CheckVersion(to.channel, to.chart, "")
	}
	if err != nil {
		return fail(http.StatusBadRequest, "channel", "choose another name", "%s", err).coded("NAME_INVALID")
	}
	return nil
}

// setKey makes the route that of a file of the registry, if its path is the key of one.
// Such a file belongs to the channel of its repository, whatever way leads to it.
func (to *route) setKey() bool {
	key, ok := registry.ParseKey(to.path)
	if ok {
		to.kind, to.channel, to.chart = kindRegistry, key.Channel(), key.Chart()
	}
	return ok
}

// repository is the route's repository.
func (to *route) repository() string { return registry.Repository(to.channel, to.chart) }

// ping answers whether there is a registry and whether the credentials are right, as
// 'helm registry login' asks. Some clients send none later unless they are asked for them
// here.
func (s *Shim) ping(a *answer, r *http.Request) error {
	who, err := s.identify(r)
	if err != nil {
		return err
	}
	a.note.who, a.private = who.String(), true
	if who.Anonymous() && !who.May(auth.Write, "") {
		return unauthorized("log in with 'helm registry login "+r.Host+"'", "this registry wants credentials")
	}
	a.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	return a.json(r, http.StatusOK, struct{}{})
}

// readRegistry answers with a file of the registry: of the site's, or one that was pushed
// and waits. Clients ask for these before they push them once more, or tag them.
func (s *Shim) readRegistry(a *answer, r *http.Request, to *route, who *auth.Identity) error {
	key, _ := registry.ParseKey(to.path) // the route is one because this is true
	mayRead, mayPush := who.May(auth.Read, to.channel), who.MayChart(auth.Write, to.channel, to.chart)
	if s.Site != nil && mayRead {
		if err := s.siteFile(a, r, to.path); !errors.Is(err, bucket.ErrNotFound) {
			return err
		}
	}
	if !key.Replaceable() && mayPush {
		if err := s.keptFile(a, r, key); !errors.Is(err, bucket.ErrNotFound) {
			return err
		}
	}
	// Clients that push ask for digests before they send anything. An answer to HEAD has no
	// sentence, so those who may not push learn why when they begin.
	asks := r.Method == http.MethodHead && (mayPush || !key.Replaceable() && !who.Anonymous())
	if !mayRead && !asks {
		return denied(who, auth.Read, to.channel, "")
	}
	return s.missing(to, key)
}

// missing is the failure for a file that the registry does not have.
func (s *Shim) missing(to *route, key registry.Key) error {
	hint := "see the channel's index.yaml for its charts"
	if !s.OCI(to.channel) {
		hint = "use 'helm repo add', or ask the operator of this server to set 'oci: true' for the channel"
	}
	switch key.Kind {
	case registry.TagList:
		return fail(http.StatusNotFound, "chart-unknown", hint, "there is no chart %s in channel %s that can be read by oci://", to.chart, to.channel).coded("NAME_UNKNOWN")
	case registry.ByTag:
		return fail(http.StatusNotFound, "version-unknown", hint, "there is no version %s of chart %s in channel %s that can be read by oci://", registry.Version(key.Tag), to.chart, to.channel).coded("MANIFEST_UNKNOWN")
	case registry.Blob:
		return fail(http.StatusNotFound, "blob-unknown", hint, "there is no file %s of chart %s in channel %s", key.Digest(), to.chart, to.channel).coded("BLOB_UNKNOWN")
	}
	return fail(http.StatusNotFound, "version-unknown", hint, "there is no manifest %s of chart %s in channel %s", key.Digest(), to.chart, to.channel).coded("MANIFEST_UNKNOWN")
}
