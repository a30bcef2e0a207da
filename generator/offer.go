package generator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// CheckOffer reads what somebody wants to upload to a channel, a chart, a
// provenance file or both, and finds the faults that a run would find. What is
// not uploaded is nil. A fault is a *check.Problem; any other error is a reader's.
func CheckOffer(c *config.Config, channel string, chart, prov io.Reader) (*droparea.Offer, error) {
	if err := CheckUploads(c, channel); err != nil {
		return nil, err
	}
	policy := c.Policy(channel)
	var read bytes.Buffer // of the provenance file, as much as is accepted
	if prov != nil {
		prov = io.TeeReader(prov, &read)
	}
	var o *droparea.Offer
	var err error
	if chart == nil {
		o, err = offerProv(prov)
	} else {
		o, err = offerChart(policy.Checks, chart, prov)
	}
	if err != nil {
		return nil, err
	}
	if prov != nil {
		sum := sha256.Sum256(read.Bytes())
		o.Provenance = hex.EncodeToString(sum[:])
	}
	return o, offerSignature(o, policy, read.Bytes())
}

// offerSignature notes in the offer what the channel's keys say of its provenance file,
// which is empty if the upload has no such file.
func offerSignature(o *droparea.Offer, p config.Policy, prov []byte) error {
	if len(prov) == 0 {
		prov = nil
	}
	s, err := judgeSignature(p, prov, time.Now())
	o.Signature = (*droparea.Refusal)(s.refusal)
	o.Warnings = s.withWarning(o.Warnings)
	return err
}

func offerProv(prov io.Reader) (*droparea.Offer, error) {
	signs, err := check.ReadProvenance(prov)
	if err != nil {
		return nil, err
	}
	o := &droparea.Offer{Names: namesIn(signs.File), File: signs.File, Digest: signs.Digest}
	if len(o.Names) == 0 {
		return nil, reject("prov-name", "the provenance file is for %s, which is not what an archive is called: name, dash, version and .tgz", check.Quote(signs.File))
	}
	return o, nil
}

func offerChart(checks check.Options, chart, prov io.Reader) (*droparea.Offer, error) {
	checked, err := check.Archive(chart, checks)
	if err != nil {
		return nil, err
	}
	name, version := checked.Metadata.Name, checked.Metadata.Version
	o := &droparea.Offer{
		Name: name, Version: version, Names: []string{name}, File: check.FileName(name, version),
		Digest: checked.Digest, Fingerprint: checked.Fingerprint, Warnings: warningsOf(checked),
	}
	if prov == nil {
		return o, nil
	}
	signs, err := check.ReadProvenance(prov)
	if err != nil {
		return nil, err
	}
	return o, signs.Fits(o.File, o.Digest)
}

// namesIn are the names that the chart of an archive may have. A provenance file
// names only a file, and in a-1-2.0.0.tgz the chart may be called a or a-1.
func namesIn(file string) []string {
	var names []string
	base := strings.TrimSuffix(file, ".tgz")
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
	site    bucket.Store
	isNew   bool // nothing was published in the channel
}

// NewJudge returns the judge of one channel. It knows the channel's head and
// looks up releases on the site, and keeps what it has looked up. It is safe for
// concurrent use.
func NewJudge(c *config.Config, site bucket.Store, channel string, head *publisher.Head) *Judge {
	charts, _ := head.Counts()
	return &Judge{config: c, policy: c.Policy(channel), catalog: newCatalog(site, channel, head.Index, head.State), site: site, isNew: charts == 0}
}

// Judge returns a *check.Problem if a run would reject the offer now, and nil if
// it would not. It does not look at what waits in the inbox, and the verdict
// remains the run's: somebody else may publish before it. Any other error is the
// site's. The offer gets a warning if the channel would be new and its name is almost
// another's, if it is pushed with a manifest that would not be published, or if its
// version is yanked.
func (j *Judge) Judge(ctx context.Context, o *droparea.Offer, force bool) error {
	if j.isNew {
		warning, err := CheckNewChannel(ctx, j.config, j.site, j.catalog.channel)
		if err != nil {
			return err
		}
		if warning != nil {
			o.Warnings = append(o.Warnings, *warning)
		}
	}
	would, rule, err := j.Foresee(ctx, o, force)
	if y, is := j.catalog.state.FindYanked(o.Name, o.Version); is && err == nil {
		o.Warnings = append(o.Warnings, j.warnOfYank(o, y, would, rule))
	}
	if err == nil && would == verdict.Unchanged && o.Manifest != "" {
		err = j.warnOfDigest(ctx, o)
	}
	return err
}

// warnOfYank says what becomes of a yanked version.
func (j *Judge) warnOfYank(o *droparea.Offer, y action.Yanked, would verdict.Verdict, rule string) verdict.Warning {
	warn := warnYanked
	if would == verdict.Replaced && rule != ruleSignature && rule != ruleRestored {
		warn = warnEnded
	}
	return warn(ref{o.Name, o.Version}, j.catalog.channel, y)
}

// warnOfDigest gives the offer a warning if the version that is published with the same
// content has another manifest, whose digest stands: clients print that of their own.
func (j *Judge) warnOfDigest(ctx context.Context, o *droparea.Offer) error {
	is, ok := j.catalog.find(ref{o.Name, o.Version})
	if !ok {
		return nil
	}
	m, err := publisher.ReadManifest(ctx, j.site, j.catalog.channel, is.URLs[0])
	if errors.Is(err, bucket.ErrNotFound) {
		return nil
	}
	if err == nil && m.SHA256() != o.Manifest {
		o.Warnings = slices.Insert(o.Warnings, 0, verdict.Warning{Rule: "warn-digest", Message: fmt.Sprintf( // only some reach a client
			"the digest stays sha256:%s: %.60s is published with the same content", m.SHA256(), o.Name+" "+o.Version)})
	}
	return err
}

// Foresee is Judge, and also says which verdict it would be, and by which rule.
func (j *Judge) Foresee(ctx context.Context, o *droparea.Offer, force bool) (verdict.Verdict, string, error) {
	c, now := candidateOf(o), time.Now()
	c.upload.Arrival, c.request.Force = now, force
	if err := j.catalog.lookUp(ctx, c); err != nil {
		return "", "", err
	}
	foreseen := newPlanner(j.policy, j.config.Wait(), now, j.catalog, &history{}).foresee(c)
	if foreseen.problem != nil {
		return verdict.Rejected, foreseen.rule, foreseen.problem
	}
	return foreseen.verdict, foreseen.rule, nil
}

// candidateOf is the upload that the offer would be.
func candidateOf(o *droparea.Offer) *candidate {
	c := &candidate{upload: &droparea.Upload{}, prov: o.Provenance}
	c.signature.refusal = (*check.Problem)(o.Signature)
	if o.Name == "" {
		c.signs = &check.Provenance{File: o.File, Digest: o.Digest}
		return c
	}
	c.upload.Chart = &bucket.Entry{}
	c.chart = &check.Chart{
		Metadata: &check.Metadata{Name: o.Name, Version: o.Version},
		Digest:   o.Digest, Fingerprint: o.Fingerprint,
	}
	return c
}

// foresee returns the outcome for the candidate if no other waited.
func (p *planner) foresee(c *candidate) *outcome {
	o := &outcome{candidate: c, ref: c.ref()}
	p.one(o)
	return o
}
