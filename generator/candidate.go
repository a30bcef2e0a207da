package generator

import (
	"errors"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// candidate is an upload that has been read and waits for its verdict.
type candidate struct {
	upload     *droparea.Upload
	request    droparea.Request
	asked      *asked             // nil if it is not an action
	origin     *origin            // where it is promoted from; nil if it was uploaded
	chart      *check.Chart       // nil if it was refused, or did not come
	weight     int                // about how many bytes its line in the index takes
	prov       string             // SHA-256 of the provenance file; "" if absent
	provSize   int64              // of the provenance file, in bytes
	signs      *check.Provenance  // what a provenance file alone names
	signature  signature          // what the channel's keys say of it
	problem    *check.Problem     // why it was refused
	odd        *verdict.Warning   // about the channel's name; may be nil
	awaited    bool               // its uploader announced a chart under the same id
	bare       bool               // its uploader announced a provenance file with the chart, which is not there
	staged     bool               // its files are on the site
	copied     bool               // of a promoted version: its files may be there, whatever becomes of it
	manifest   publisher.Manifest // that stands in these; zero without one
	gone       bool               // another generator has taken it out of the inbox
	pushes     bool               // it came with a manifest, which is read again when it is needed
	noManifest error              // why it has no manifest, although its channel is in the registry
}

// ref is the chart's name and version; zero if it could not be read.
func (c *candidate) ref() ref {
	if c.chart == nil {
		return ref{}
	}
	return ref{c.chart.Metadata.Name, c.chart.Metadata.Version}
}

func (c *candidate) content() content {
	return content{digest: c.chart.Digest, fingerprint: c.chart.Fingerprint, provenance: c.prov}
}

// ref is a chart's name and version. Versions are told apart by their text:
// 1.2.3 and v1.2.3 are two.
type ref struct{ name, version string }

// refs are the versions that the candidate may be about. The file name in a
// provenance file does not say where the chart's name ends, so every dash counts.
func (c *candidate) refs() []ref {
	switch {
	case c.chart != nil:
		return []ref{c.ref()}
	case c.signs == nil:
		return nil
	}
	var refs []ref
	base := strings.TrimSuffix(c.signs.File, ".tgz")
	if len(base) > check.MaxNameVersion+len("-") {
		return nil
	}
	for i, b := range base {
		if b == '-' {
			refs = append(refs, ref{base[:i], base[i+1:]})
		}
	}
	return refs
}

func (c *candidate) arrival() arrival { return arrival{c.upload.Arrival, c.upload.ID} }

// created is when the chart was published in the repository that it was
// imported from; the zero time if it was not, or if what the upload says of
// that cannot be true: a time before 1970, or after the upload.
func (c *candidate) created() (t time.Time, ok bool) {
	t = c.request.Created.UTC()
	switch {
	case t.IsZero():
		return time.Time{}, true
	case t.Unix() < 0 || t.After(c.upload.Arrival):
		return time.Time{}, false
	}
	return t, true
}

// pushed is the manifest that came with the chart.
func (c *candidate) pushed() publisher.Manifest {
	return publisher.Manifest{Manifest: c.request.Manifest, Config: c.request.Config}
}

// sound reports whether the upload is a chart, with its provenance file if it is
// to have one, and nothing is wrong with them.
func (c *candidate) sound() bool { return c.chart != nil && c.problem == nil && !c.bare }

// refuse turns a fault of the upload into the candidate's problem, and returns
// any other error.
func (c *candidate) refuse(err error) error {
	var problem *check.Problem
	if errors.As(err, &problem) {
		c.problem = problem
		return nil
	}
	return err
}

// drop lets go of what is large and not needed to decide, and weighs the rest.
func (c *candidate) drop() {
	c.pushes = c.request.Manifest != ""
	c.request.Manifest, c.request.Config = "", ""
	if c.chart != nil {
		c.weight = c.chart.IndexSize + len(c.chart.Digest) + len(c.manifest.Manifest) + len(c.manifest.Config)
		c.chart.Files = nil
	}
}
