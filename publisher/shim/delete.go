package shim

import (
	"net/http"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
	"github.com/portolan-charts/portolan/publisher/untrusted"
)

// deletedReason is why a version is yanked that was deleted as with ChartMuseum, whose
// requests have no room for a reason.
const deletedReason = "deleted through the ChartMuseum API"

// delete takes ChartMuseum's request to delete a version. It yanks the version, with the
// content that the channel shows.
func (s *Shim) delete(a *answer, r *http.Request, to *route, who *auth.Identity) error {
	party := who.Party()
	if f := s.uploads.take(party); f != nil {
		return s.countedAction(r, action.Yank, f)
	}
	defer s.uploads.giveBack(party)
	id, err := s.yank(a, r, to, who)
	if err != nil {
		return s.countedAction(r, action.Yank, err)
	}
	a.Header().Set("Portolan-Action", id)
	return a.json(r, http.StatusOK, map[string]bool{"deleted": true}) // as ChartMuseum says it
}

// yank asks for the yank of the route's version.
func (s *Shim) yank(a *answer, r *http.Request, to *route, who *auth.Identity) (id string, err error) {
	chart, version := to.args[0], to.args[1]
	a.note.action, a.note.chart, a.note.version = action.Yank.String(), untrusted.Cut(chart, maxFlat), untrusted.Cut(version, maxFlat)
	if s.Site == nil {
		return "", fail(http.StatusNotImplemented, "no-site", "start this server with --site, or yank with POST to /api/CHANNEL/actions, which names the digest",
			"this server only takes uploads, and cannot tell which content the version has")
	}
	v, err := s.views.get(r.Context(), to.channel)
	if err != nil {
		return "", err
	}
	_, found, ok := v.version(chart, version)
	if !ok {
		return "", versionUnknown(to.channel, chart, version)
	}
	if _, is := v.head.State.FindYanked(chart, version); is || !v.delete(chart, version) {
		return "", fail(http.StatusNotFound, "version-deleted", "what was uploaded since can be deleted once it is published",
			"version %s of chart %s in channel %s is deleted already", version, chart, to.channel)
	}
	end, err := s.acts(r.Context())
	if err == nil {
		defer end()
		var taken *asked
		if taken, err = s.ask(a, r, to.channel, who, action.Request{
			Kind: action.Yank, Reason: deletedReason, RequestID: r.Header.Get("X-Request-Id"),
			Versions: []action.Pin{{Chart: chart, Version: version, Digest: found.Digest}},
		}); err == nil {
			return taken.ID, nil
		}
	}
	v.undelete(chart, version)
	return "", err
}

// delete notes that a version is being deleted, which the index does not show yet: until
// it changes, the version can be deleted only once, as with ChartMuseum. It reports whether
// this is the first time.
func (v *view) delete(chart, version string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	key := [2]string{chart, version}
	if v.deleted[key] {
		return false
	}
	if v.deleted == nil {
		v.deleted = map[[2]string]bool{}
	}
	v.deleted[key] = true
	return true
}

// undelete notes that a version is not deleted after all.
func (v *view) undelete(chart, version string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.deleted, [2]string{chart, version})
}
