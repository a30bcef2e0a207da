package generator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/generator/gate"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// A promotion publishes versions of another channel: the same archive, provenance file,
// manifest and date. To the channel that they come to, they are like uploads: they are
// held to its rules, and have a path of their own there.

// origin is where a promoted version comes from.
type origin struct {
	channel string
	is      published              // its line there
	info    *publisher.ReleaseInfo // see [origin.lighten]
	source  *catalog               // of the channel
	light   bool                   // info has not all that is known
	revoked bool                   // the key that signed it is revoked by now, if a gate asks for that
}

// maxInfo is how many bytes a description may have that is held until its version is staged:
// one action may name thousands.
const maxInfo = 4 << 10

// lighten lets go of a large description but for what it takes to decide.
func (f *origin) lighten() {
	size := len(f.info.Manifest.Manifest) + len(f.info.Config)
	for _, file := range f.info.Files {
		size += len(file.Path) + 40
	}
	if f.light = size > maxInfo; f.light {
		short := *f.info
		short.Manifest, short.Files, short.Warnings = publisher.Manifest{}, nil, nil
		f.info = &short
	}
}

// whole is the description, read once more if need be; nil if it is lost.
func (f *origin) whole(ctx context.Context) (*publisher.ReleaseInfo, error) {
	if !f.light {
		return f.info, nil
	}
	info, err := f.source.released(ctx, f.is)
	if err == nil && info != nil && info.Digest != f.is.Digest {
		return nil, nil
	}
	return info, err
}

// version is what gates ask of a candidate that comes from there.
func (f *origin) version(c *candidate) *gate.Version {
	v := &gate.Version{Chart: c.ref().name, Version: c.ref().version, Created: f.is.Created, Info: f.info, Verified: c.signature.signer != nil, Revoked: f.revoked}
	if c.chart != nil {
		v.Dependencies = c.chart.Metadata.Dependencies
	}
	return v
}

// offered is a version that a promotion names.
type offered struct {
	version *candidate     // as it would be published; nil if it cannot be
	problem *check.Problem // why not
	mayCome bool           // it is not published there yet
}

// promoter finds what promotions name in the channels that they name. It holds some of these,
// as maxHeld says.
type promoter struct {
	site     bucket.Store
	reader   *reader
	policyOf func(channel string) config.Policy
	workers  int
	lookUp   func(context.Context, *candidate) error // see catalog.lookUp
	sources  map[string]*source
	held     int64 // bytes of their indexes
}

// source is what a channel has that is promoted from.
type source struct {
	*catalog // nil if there is no such channel
	err      error
}

func newPromoter(r *channelRun) *promoter {
	return &promoter{
		site: r.Site, reader: r.reader, workers: r.Workers, policyOf: r.Config.Policy,
		lookUp:  func(ctx context.Context, c *candidate) error { return r.catalog.lookUp(ctx, c) },
		sources: map[string]*source{},
	}
}

// source opens a channel, unless it is held.
func (p *promoter) source(ctx context.Context, channel string) *source {
	if s := p.sources[channel]; s != nil {
		return s
	}
	if p.held > maxHeld {
		p.sources, p.held = map[string]*source{}, 0
	}
	s := &source{}
	c, err := publisher.OpenChannel(ctx, p.site, channel)
	if s.err = err; err == nil && c.IndexGeneration() > 0 {
		s.catalog = catalogOf(p.site, c)
		p.held += sizeOf(c.Index())
	}
	p.sources[channel] = s
	return s
}

// unfit says what the index alone has against a version; its problem is nil if that is nothing.
func unfit(source *catalog, from string, v action.Pin) offered {
	r := ref{v.Chart, v.Version}
	if source == nil {
		return offered{problem: rejectNoSource(r, from), mayCome: true}
	}
	is, ok := source.find(r)
	switch yanked, isYanked := source.state.FindYanked(v.Chart, v.Version); {
	case !ok:
		return offered{problem: rejectNoSource(r, from), mayCome: true}
	case is.Digest != v.Digest:
		return offered{problem: rejectDigest(r, is, v.Digest)}
	case isYanked:
		return offered{problem: reject("promote-yanked", "%s is yanked in channel %s: %s", r, from, yanked.Reason)}
	}
	return offered{}
}

// offer reads and checks a version that is not unfit.
func (p *promoter) offer(ctx context.Context, source *catalog, u *droparea.Upload, from string, v action.Pin) (offered, error) {
	r := ref{v.Chart, v.Version}
	is, _ := source.find(r)
	info, err := source.released(ctx, is)
	if err != nil || info == nil {
		return offered{problem: rejectLost(r, from)}, err
	}
	c := &candidate{upload: u, origin: &origin{channel: from, is: is, info: info, source: source}}
	if err := p.read(ctx, c, is.URLs[0]); errors.Is(err, bucket.ErrNotFound) {
		return offered{problem: rejectLost(r, from)}, nil
	} else if err != nil {
		return offered{}, err
	}
	if c.problem == nil && (c.chart.Digest != v.Digest || c.prov != info.Provenance || c.ref() != r) {
		c.problem = rejectLost(r, from)
	}
	if c.problem != nil {
		return offered{problem: c.problem}, nil
	}
	c.drop()
	c.origin.lighten()
	return offered{version: c}, nil
}

// read checks the archive and its provenance file by the rules of the channel that they
// come to.
func (p *promoter) read(ctx context.Context, c *candidate, url string) error {
	in, err := publisher.OpenArchive(ctx, p.site, c.origin.channel, url)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := p.reader.policy.Checks.CheckSize(in.Entry.Size); err != nil {
		return c.refuse(err)
	}
	if c.chart, err = p.reader.check(in); err != nil {
		return c.refuse(err)
	}
	var prov []byte
	if c.origin.info.Provenance != "" {
		if prov, err = p.provenance(ctx, c.origin.channel, url); err != nil {
			return err
		}
		sum := sha256.Sum256(prov)
		c.prov, c.provSize = hex.EncodeToString(sum[:]), int64(len(prov))
	}
	since := c.origin.version(c).Since()
	if p.reader.policy.Promote.Signed && prov != nil { // whatever was verified when it was published there
		c.origin.revoked = p.reader.policy.Keyring.Revokes(prov, since) || p.policyOf(c.origin.channel).Keyring.Revokes(prov, since)
	}
	c.signature, err = judgeSignature(p.reader.policy, prov, since)
	return c.refuse(err)
}

func (p *promoter) provenance(ctx context.Context, channel, url string) ([]byte, error) {
	in, err := publisher.OpenArchive(ctx, p.site, channel, url+".prov")
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(io.LimitReader(in, check.MaxProvenance+1))
}

// promoted copies a version's files from the channel that it comes from. If something
// there is lost by now, that is the candidate's problem. It looks once more when all is
// copied: so a takedown there, which looks for copies once it has removed everything, finds
// this one, or it is not published.
func (s *stager) promoted(ctx context.Context, rel *release) error {
	c := rel.chart
	from, url := c.origin.channel, c.origin.is.URLs[0]
	was, err := c.origin.whole(ctx)
	if err != nil {
		return err
	}
	if was == nil {
		c.problem = rejectLost(rel.ref, from)
		return nil
	}
	info := *was
	cameAs(&info, c.upload)
	info.From = from
	info.Warnings = c.signature.withWarning(warningsOf(c.chart))
	if c.signature.signer != nil {
		info.Signer = c.signature.signer
	}
	if info.Manifest.Manifest == "" || !s.manifests.has(rel.ref) {
		config, err := configOf(c.chart.Metadata)
		if err != nil {
			return err
		}
		if info.Manifest, err = s.manifests.of(rel.ref, config, &info, c.provSize); err != nil {
			return err
		}
	}
	files := &publisher.Release{
		Chart: rel.ref.name, Version: rel.ref.version, Info: info,
		Archive: publisher.CopyArchive(ctx, s.site, from, url, registry.Sum{SHA256: info.Digest, Size: info.Size}),
	}
	if c.prov != "" {
		files.Prov = publisher.CopyArchive(ctx, s.site, from, url+".prov", registry.Sum{SHA256: c.prov, Size: c.provSize})
	}
	c.copied = true
	err = s.put(ctx, c, files)
	in, lost := publisher.OpenArchive(ctx, s.site, from, url)
	if errors.Is(lost, bucket.ErrNotFound) || errors.Is(err, publisher.ErrUnsound) {
		c.problem = rejectLost(rel.ref, from)
		return nil
	}
	if lost == nil {
		lost = in.Close()
	}
	if err = errors.Join(err, lost); err != nil {
		return err
	}
	c.staged, c.manifest = c.problem == nil, files.Info.Manifest
	return nil
}

func rejectNoSource(r ref, from string) *check.Problem {
	return reject("promote-unknown", "%s is not published in channel %s, nor was it within %s", r, from, actionWait)
}

func rejectLost(r ref, from string) *check.Problem {
	return reject("promote-lost", "files of %s in channel %s are missing or damaged", r, from)
}
