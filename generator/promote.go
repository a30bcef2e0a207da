package generator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/gate"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// A promotion publishes versions of another channel: the same archive, provenance file,
// manifest and date. To the channel that they come to, they are like uploads: they are
// held to its rules, and have a path of their own there.

// origin is where a promoted version comes from.
type origin struct {
	channel string
	is      published // its line there
	info    *publisher.ReleaseInfo
}

// version is what gates ask of a candidate that comes from there.
func (f *origin) version(c *candidate) *gate.Version {
	v := &gate.Version{Chart: c.ref().name, Version: c.ref().version, Created: f.is.Created, Info: f.info, Verified: c.signature.signer != nil}
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

// promoter finds what promotions name in the channels that they name. Each of these is
// opened once a run.
type promoter struct {
	site   bucket.Store
	reader *reader

	mu      sync.Mutex
	sources map[string]func() (*catalog, error)
}

func newPromoter(site bucket.Store, r *reader) *promoter {
	return &promoter{site: site, reader: r, sources: map[string]func() (*catalog, error){}}
}

// source is what a channel has; nil if there is no such channel.
func (p *promoter) source(ctx context.Context, channel string) (*catalog, error) {
	p.mu.Lock()
	open := p.sources[channel]
	if open == nil {
		open = sync.OnceValues(func() (*catalog, error) {
			c, err := publisher.OpenChannel(ctx, p.site, channel)
			if err != nil || c.IndexGeneration() == 0 {
				return nil, err
			}
			return catalogOf(p.site, c), nil
		})
		p.sources[channel] = open
	}
	p.mu.Unlock()
	return open()
}

// find looks up and checks what the candidate promotes. The error is one of the site.
func (p *promoter) find(ctx context.Context, workers int, c *candidate) error {
	a := c.asked
	a.offers = make([]offered, len(a.Versions))
	if err := channelname.Check(a.From); err != nil {
		c.problem = reject("action-malformed", "%s: %s", check.Quote(a.From), check.Foreign(err))
		return nil
	}
	source, err := p.source(ctx, a.From)
	if err != nil {
		return fmt.Errorf("channel %s: %w", a.From, err)
	}
	err = each(ctx, workers, len(a.Versions), func(i int) (err error) {
		a.offers[i], err = p.offer(ctx, source, c.upload, a.From, a.Versions[i])
		return err
	})
	for _, o := range a.offers {
		if o.version != nil {
			c.weight += o.version.weight
		}
	}
	return err
}

// offer checks one version.
func (p *promoter) offer(ctx context.Context, source *catalog, u *droparea.Upload, from string, v action.Pin) (offered, error) {
	r := ref{v.Chart, v.Version}
	if source == nil {
		return offered{problem: rejectNoSource(r, from), mayCome: true}, nil
	}
	is, ok := source.find(r)
	switch yanked, isYanked := source.state.FindYanked(v.Chart, v.Version); {
	case !ok:
		return offered{problem: rejectNoSource(r, from), mayCome: true}, nil
	case is.Digest != v.Digest:
		return offered{problem: rejectDigest(r, is, v.Digest)}, nil
	case isYanked:
		return offered{problem: reject("promote-yanked", "%s is yanked in channel %s: %s", r, from, yanked.Reason)}, nil
	}
	info, err := source.released(ctx, is)
	if err != nil || info == nil {
		return offered{problem: rejectLost(r, from)}, err
	}
	c := &candidate{upload: u, origin: &origin{from, is, info}}
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
	c.signature, err = judgeSignature(p.reader.policy, prov, c.origin.version(c).Since())
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
	info := *c.origin.info
	info.Upload, info.Arrival, info.From = c.upload.ID, c.upload.Arrival, from
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
	err := s.put(ctx, c, files)
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
