package generator

import (
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
)

// release is a chart version in the index that is to be: one that is there
// already, or one that a candidate of this run brings.
type release struct {
	content
	ref    ref
	url    string
	upload string     // whose path it lies under; "" for what was there before
	chart  *candidate // whose archive it is; nil for what was there before
	prov   *candidate // who brings the provenance file, if not chart
	base   *published // what was there before, if the archive is that one's
	line   string     // the line of that, or its own once rendered
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
func (o *outcome) newRelease(current *release) *release {
	r := &release{content: o.content(), ref: o.ref, upload: o.upload.ID, chart: o.candidate}
	r.url = publisher.ReleaseURL(o.ref.name, o.ref.version, o.upload.ID)
	r.created, _ = o.created()
	if current.same(r.content) {
		r.created = current.created
	}
	return r
}

// sign is the release r, signed by the candidate's provenance file. It has a
// path of its own, since paths belong to one upload.
func (o *outcome) sign(r *release) *release {
	signed := *r
	signed.provenance = o.prov
	signed.upload = o.upload.ID
	signed.prov = o.candidate
	signed.url = publisher.ReleaseURL(o.ref.name, o.ref.version, o.upload.ID)
	return &signed
}

// owner is the candidate whose id the release's path has.
func (r *release) owner() *candidate {
	if r.prov != nil {
		return r.prov
	}
	return r.chart
}

// describe is the release as it goes to the site, but for the bytes.
func (r *release) describe(chart *check.Chart) *publisher.Release {
	owner := r.owner()
	info := publisher.ReleaseInfo{
		Upload: owner.upload.ID, Arrival: owner.upload.Arrival,
		Digest: chart.Digest, Size: chart.Size, Fingerprint: chart.Fingerprint, Provenance: r.provenance,
	}
	for _, w := range chart.Warnings {
		info.Warnings = append(info.Warnings, publisher.Warning(w))
	}
	for _, f := range chart.Files {
		info.Files = append(info.Files, publisher.ReleaseFile(f))
	}
	return &publisher.Release{Chart: r.ref.name, Version: r.ref.version, Info: info}
}
