package generator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Offer is a chart, or a provenance file alone, that was checked and is not in
// the inbox yet.
type Offer struct {
	Name, Version string // empty of a provenance file alone
	File          string // what the archive is called
	Digest        string // SHA-256 of the archive, in hex
	Warnings      []check.Warning

	candidate *candidate
}

// CheckOffer reads what somebody wants to upload to a channel, and finds in it
// the faults that a run would find: of a chart, of a provenance file, or of
// both; what there is none of is nil. A fault is a *Problem; any other error
// is that of a reader.
func CheckOffer(c *config.Config, channel string, chart, prov io.Reader) (*Offer, error) {
	o := &Offer{candidate: &candidate{upload: &publisher.Upload{Channel: channel}}}
	sum := sha256.New()
	if prov != nil {
		prov = io.TeeReader(prov, sum)
	}
	var err error
	if chart == nil {
		err = o.readProv(prov)
	} else {
		err = o.readChart(c.Policy(channel).Checks, chart, prov)
	}
	if prov != nil {
		o.candidate.prov = hex.EncodeToString(sum.Sum(nil))
	}
	return o, err
}

func (o *Offer) readProv(prov io.Reader) error {
	signs, err := check.ReadProvenance(prov)
	if err != nil {
		return err
	}
	o.candidate.signs, o.File, o.Digest = signs, signs.File, signs.Digest
	if len(o.Charts()) == 0 {
		return reject("prov-name", "the provenance file is for %s, which is not what an archive is called: name, dash, version and .tgz", check.Quote(signs.File))
	}
	return nil
}

func (o *Offer) readChart(checks check.Options, chart, prov io.Reader) error {
	checked, err := check.Archive(chart, checks)
	if err != nil {
		return err
	}
	o.Name, o.Version = checked.Metadata.Name, checked.Metadata.Version
	o.File, o.Digest, o.Warnings = check.FileName(o.Name, o.Version), checked.Digest, checked.Warnings
	o.candidate.chart, o.candidate.upload.Chart = checked, &bucket.Entry{}
	o.candidate.drop()
	if prov == nil {
		return nil
	}
	signs, err := check.ReadProvenance(prov)
	if err != nil {
		return err
	}
	return signs.Fits(o.File, o.Digest)
}

// Charts are the names that the chart may have: one, unless a provenance file
// came alone. That names only a file, and in a-1-2.0.0.tgz the chart may be
// called a or a-1.
func (o *Offer) Charts() []string {
	if o.Name != "" {
		return []string{o.Name}
	}
	var names []string
	base := strings.TrimSuffix(o.File, ".tgz")
	for i, b := range base {
		if _, err := semver.NewVersion(base[i+1:]); b == '-' && err == nil {
			names = append(names, base[:i])
		}
	}
	return names
}

// Judge says what a run would say of an offer.
type Judge struct {
	config  *config.Config
	policy  config.Policy
	catalog *catalog
}

// NewJudge returns the judge of one channel, who knows its index and may look
// up releases on the site. It can be used by several at a time, and what it has
// looked up it keeps.
func NewJudge(c *config.Config, site bucket.Store, channel string, index *publisher.Index) *Judge {
	return &Judge{config: c, policy: c.Policy(channel), catalog: newCatalog(site, channel, index)}
}

// Judge says why the offer would be rejected as things stand, with a
// *check.Problem; nil if it would not. What waits in the inbox is not looked at,
// and the verdict is the generator's: until then somebody else may publish. Any
// other error is one of the site.
func (j *Judge) Judge(ctx context.Context, o *Offer, force bool) error {
	_, _, err := j.Foresee(ctx, o, force)
	return err
}

// Foresee is Judge, and also says which verdict it would be, and by which rule.
func (j *Judge) Foresee(ctx context.Context, o *Offer, force bool) (publisher.Verdict, string, error) {
	now := time.Now()
	c, upload := *o.candidate, *o.candidate.upload
	upload.Arrival = now
	c.upload, c.request.Force = &upload, force
	if err := j.catalog.lookUp(ctx, &c); err != nil {
		return "", "", err
	}
	p := &planner{policy: j.policy, wait: j.config.Wait(), now: now, catalog: j.catalog, history: &history{}}
	foreseen := p.foresee(&c)
	if foreseen.problem != nil {
		return publisher.Rejected, foreseen.rule, foreseen.problem
	}
	return foreseen.verdict, foreseen.rule, nil
}

// foresee returns what would become of the candidate if no other waited.
func (p *planner) foresee(c *candidate) *outcome {
	p.slots, p.lower, p.plan = map[ref]*slot{}, map[string]string{}, &plan{}
	o := &outcome{candidate: c, ref: c.ref()}
	p.one(o)
	return o
}
