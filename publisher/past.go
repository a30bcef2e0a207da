package publisher

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/publisher/action"
)

// past is what a log says of one version.
type past struct {
	uploads    map[string]*pastUpload // that were published, by id
	others     map[string]int         // the records that decided other uploads, by id
	prints     map[string]string      // fingerprints, by digest
	generation int                    // the newest record that made it go; 0 if none did
	time       time.Time              // of that record
}

// pasts is what a log says of versions.
type pasts struct {
	by       []action.Kind // what makes them go
	versions map[version]*past
	names    map[string]bool  // of their charts
	charts   map[string]touch // the last changes of these
	registry bool             // the channel has been in the registry
	read     int              // the newest record that was read
}

// pastUpload is an upload, or an action that copied an archive, as which a version was
// published.
type pastUpload struct {
	url        string
	digest     string
	provenance string   // SHA-256; "" if it has none
	manifests  []string // SHA-256: one, or more if the channel has left the registry in between
	generation int      // the record that published it
}

// newPasts is empty. The versions go by actions of these kinds.
func newPasts(of map[version]bool, by ...action.Kind) *pasts {
	all := &pasts{by: by, versions: map[version]*past{}, names: map[string]bool{}, charts: map[string]touch{}}
	for at := range of {
		all.versions[at] = &past{uploads: map[string]*pastUpload{}, others: map[string]int{}, prints: map[string]string{}}
		all.names[at.chart] = true
	}
	return all
}

// readPasts reads the log back for what it says of versions: to its beginning, or to where it
// was read before.
func (c *Channel) readPasts(ctx context.Context, all *pasts) error {
	for r, err := range c.back(ctx) {
		if err != nil {
			return err
		}
		if r.Generation <= all.read {
			break
		}
		all.add(r)
	}
	for _, p := range all.versions {
		for id := range p.uploads {
			delete(p.others, id)
		}
	}
	all.read = c.Generation()
	return nil
}

// add adds what a record says.
func (all *pasts) add(r *Record) {
	if r.Change != nil {
		for _, l := range r.Change.Added {
			if p := all.versions[version{l.Chart, lineVersion(l.Text)}]; p != nil {
				p.addLine(r, lineOf(l.Text))
			}
		}
	}
	for _, d := range r.Decisions {
		if p := all.versions[version{d.Chart, d.Version}]; p != nil {
			p.others[d.Upload] = r.Generation
			p.print(d.Digest, d.Fingerprint)
			if u := p.uploads[d.Upload]; u != nil {
				u.provenance = d.Provenance
			}
		}
	}
	for _, a := range r.Actions {
		for _, v := range a.Versions {
			if p := all.versions[version{v.Chart, v.Version}]; p != nil {
				p.addAction(r, &a, v, slices.Contains(all.by, a.Kind))
			}
		}
	}
	for _, m := range r.manifests() {
		if p := all.versions[version{m.Chart, m.Version}]; p != nil && p.uploads[m.Upload] != nil {
			u := p.uploads[m.Upload]
			u.manifests = append(u.manifests, m.Manifest)
		}
	}
	in, _ := r.registry()
	all.registry = all.registry || in.Since > 0
	noteTouched(all.charts, all.names, r)
}

// addLine notes an upload whose line is added. If it comes back later, it counts from its
// first time on.
func (p *past) addLine(r *Record, line releaseLine) {
	id, ok := parseReleaseURL(line.url())
	if !ok {
		return
	}
	u := p.uploads[id]
	if u == nil {
		u = &pastUpload{url: line.url(), digest: line.Digest, generation: r.Generation}
		p.uploads[id] = u
	}
	u.generation = min(u.generation, r.Generation)
}

func (p *past) addAction(r *Record, a *ActionDecision, v ActionVersion, goes bool) {
	p.others[a.ID] = r.Generation
	p.print(v.Digest, v.Fingerprint)
	if u := p.uploads[a.ID]; u != nil && a.Publishes(v) {
		u.provenance = v.Provenance
	}
	if goes && r.Generation > p.generation {
		p.generation, p.time = r.Generation, r.Time
	}
}

func (p *past) print(digest, fingerprint string) {
	if digest != "" && fingerprint != "" {
		p.prints[digest] = fingerprint
	}
}

// contents are all that were published as the version and are not taken down yet.
func (p *past) contents(at version, state *action.State) []ActionVersion {
	var all []ActionVersion
	seen := map[string]bool{}
	for _, g := range state.GoneOf(at.chart, at.version) {
		seen[g.Digest] = g.Kind == action.TakeDown
	}
	for _, u := range p.uploads {
		if !seen[u.digest] {
			seen[u.digest] = true
			pin := action.Pin{Chart: at.chart, Version: at.version, Digest: u.digest}
			all = append(all, ActionVersion{Pin: pin, Fingerprint: p.prints[u.digest]})
		}
	}
	slices.SortFunc(all, func(a, b ActionVersion) int { return cmp.Compare(a.Digest, b.Digest) })
	return all
}

// gone reports whether the upload was published, and has gone since.
func (p *past) gone(id string) bool {
	u := p.uploads[id]
	return u != nil && u.generation <= p.generation
}

// useless reports whether the upload was decided before the version had gone, and not
// published.
func (p *past) useless(id string) bool {
	generation, ok := p.others[id]
	return ok && generation <= p.generation
}
