package generator

import (
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// release is a chart version in the new index: one that is there already, or one
// that a candidate of this run brings.
type release struct {
	content
	ref    ref
	url    string
	upload string             // whose path it lies under; "" for what was there before
	chart  *candidate         // whose archive it is; nil for what was there before
	prov   *candidate         // who brings the provenance file, if not chart
	base   *published         // what was there before, if the archive is that one's
	made   publisher.Manifest // that stands in its files, unless the chart was staged early
	line   string             // the line of that, or its own once rendered
	marked bool               // an action has deprecated its chart
	own    bool               // if so: it is deprecated by itself as well
}

func (r *release) contentOrNil() *content {
	if r == nil {
		return nil
	}
	return &r.content
}

func (r *release) same(c content) bool { return r != nil && r.content.same(c) }

// newRelease is the release that the candidate's chart makes. Content that is
// published already, and only gets its signature, keeps its date; what is
// imported has one.
func newRelease(c *candidate, current *release) *release {
	v := c.ref()
	r := &release{content: c.content(), ref: v, upload: c.upload.ID, chart: c}
	r.url = publisher.ReleaseURL(v.name, v.version, c.upload.ID)
	r.created, _ = c.created()
	if c.origin != nil {
		r.created = c.origin.is.Created
	}
	if current.same(r.content) {
		r.created = current.created
	}
	return r
}

// signedBy is the release r, signed by the candidate's provenance file. It has a
// path of its own, since paths belong to one upload.
func (r *release) signedBy(c *candidate) *release {
	signed := *r
	signed.provenance = c.prov
	signed.upload = c.upload.ID
	signed.prov = c
	signed.url = publisher.ReleaseURL(r.ref.name, r.ref.version, c.upload.ID)
	return &signed
}

// owner is the candidate whose id the release's path has.
func (r *release) owner() *candidate {
	if r.prov != nil {
		return r.prov
	}
	return r.chart
}

// staged reports whether the release's files are on the site.
func (r *release) staged() bool { return r.chart != nil && r.prov == nil && r.chart.staged }

// faulty reports whether something was found to be wrong with its uploads.
func (r *release) faulty() bool {
	return r.owner().problem != nil || r.chart != nil && r.chart.problem != nil
}

// published is what its line says, once that is rendered.
func (r *release) published() published {
	return published{
		Version: r.ref.version, Created: r.created, Digest: r.digest, URLs: []string{r.url},
		line: r.line, version: check.ParseVersion(r.ref.version),
	}
}

// manifest is what stands in the release's files, once it is staged.
func (r *release) manifest() publisher.Manifest {
	if r.staged() {
		return r.chart.manifest
	}
	return r.made
}

// forget lets go of the manifest, once it is committed.
func (r *release) forget() {
	r.made = publisher.Manifest{}
	if r.chart != nil {
		r.chart.manifest = r.made
	}
}

// files are the release's files, of which the chart and its parts have been read. A
// manifest that was pushed describes the chart as it was uploaded.
func (r *release) files(chart *check.Chart, pushed publisher.Manifest, p parts, m *manifests) (*publisher.Release, error) {
	owner := r.owner()
	files := &publisher.Release{
		Chart: r.ref.name, Version: r.ref.version,
		Info: publisher.ReleaseInfo{
			Digest: chart.Digest, Size: chart.Size, Fingerprint: chart.Fingerprint, Provenance: r.provenance,
			Signer: owner.signature.signer, Warnings: owner.signature.withWarning(warningsOf(chart)),
		},
		Archive: bucket.Bytes(p.archive),
	}
	cameAs(&files.Info, owner.upload)
	if p.prov != nil {
		files.Prov = bucket.Bytes(p.prov)
	}
	for _, f := range chart.Files {
		files.Info.Files = append(files.Info.Files, publisher.ReleaseFile(f))
	}
	if pushed.Manifest != "" && r.prov == nil {
		if m.has(r.ref) {
			files.Info.Manifest = pushed
		}
		return files, nil
	}
	config, err := configOf(chart.Metadata)
	if err == nil {
		files.Info.Manifest, err = m.of(r.ref, config, &files.Info, owner.provSize)
	}
	return files, err
}

// maxAdopting is for how long a file may wait to be adopted before its arrival is no longer
// taken for the time when it came. Less than that is not noted: generators that adopt it
// one after another, since the first one died, are to describe it by the same bytes.
const maxAdopting = time.Hour

// cameAs notes which upload or action brought a release.
func cameAs(info *publisher.ReleaseInfo, u *droparea.Upload) {
	info.Upload, info.Arrival, info.Received = u.ID, u.Arrival, time.Time{}
	if u.Received.Sub(u.Arrival) > maxAdopting {
		info.Received = u.Received
	}
}

// warningsOf are the chart's warnings as receipts and releases have them.
func warningsOf(chart *check.Chart) []verdict.Warning {
	var all []verdict.Warning
	for _, w := range chart.Warnings {
		all = append(all, verdict.Warning(w))
	}
	return all
}
