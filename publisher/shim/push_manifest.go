package shim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"cuelabs.dev/go/oci/ociregistry"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
	"github.com/portolan-charts/portolan/publisher/untrusted"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// pushed is what a push brings that other uploads do not have.
type pushed struct {
	bytes    []byte // of the manifest
	manifest *registry.Manifest
	config   []byte
	chart    string // of the repository
	tag      string
}

// pushManifest takes a manifest. If it comes with a tag, it makes an upload of the blobs
// that it names. Helm pushes it by its digest before, and reads it again to tag it: until
// then it waits like a blob.
func (p *push) pushManifest(_ context.Context, _, tag string, b []byte, _ string) (ociregistry.Descriptor, error) {
	sum := registry.SumOf(b)
	desc := ociregistry.Descriptor{MediaType: registry.TypeManifest, Digest: ociregistry.Digest(digestPrefix + sum.SHA256), Size: sum.Size}
	select {
	case p.tags <- struct{}{}:
		defer func() { <-p.tags }()
	case <-p.r.Context().Done():
		return desc, p.fails(p.r.Context().Err())
	}
	m, err := parseManifest(b, p.r.Header.Get("Content-Type"))
	switch {
	case err != nil:
	case tag == "":
		err = p.keep(sum.SHA256, sum.Size, bucket.Bytes(b))
	default:
		err = p.uploadPushed(&pushed{bytes: b, manifest: m, chart: p.to.chart, tag: tag})
	}
	if err != nil {
		return desc, p.fails(err)
	}
	return desc, nil
}

// maxTags is how many manifests are read at the same time, which takes some megabytes each
// if they are as large as they may be.
const maxTags = 16

// uploadPushed makes an upload of what a manifest names.
func (p *push) uploadPushed(got *pushed) error {
	if err := p.checkSizes(got.manifest); err != nil {
		return err
	}
	// What is read again from the drop area counts like what is sent, or a client could
	// make the shim read and check a large chart for each small request.
	party, bytes := p.who.Party(), got.cost()
	if f := p.pushes.take(party, bytes, time.Now()); f != nil {
		return f
	}
	files := &parts{}
	defer files.close()
	var err error
	if got.config, err = p.gather(got.manifest, files); err != nil {
		return err
	}
	u := &uploading{Shim: p.Shim, parts: files, pushed: got, who: p.who, channel: p.to.channel, force: forced(p.r)}
	id, err := p.accept(p.a, p.r, u)
	if err != nil {
		return err
	}
	p.pushes.giveBack(party, 2*bytes, registry.BlobKey(p.to.repository(), got.manifest.Archive.SHA256))
	p.a.Header().Set("Portolan-Upload", id)
	p.a.warn(u.offer.Warnings)
	return nil
}

// checkSizes returns an error if a blob is too large by what the manifest says, which may
// be any number: nothing is counted or read before.
func (p *push) checkSizes(m *registry.Manifest) error {
	switch {
	case m.Config.Size > registry.MaxConfig:
		return manifestTooLarge("config", registry.MaxConfig)
	case m.Archive.Size > p.limit:
		return tooLarge(p.limit)
	case m.Provenance.Size > maxProv:
		return provTooLarge(maxProv)
	}
	return nil
}

// cost is how many bytes the manifest and its blobs count for.
func (g *pushed) cost() int64 {
	n := cost(int64(len(g.bytes))) + cost(g.manifest.Config.Size) + cost(g.manifest.Archive.Size)
	if g.manifest.Provenance != (registry.Sum{}) {
		n += cost(g.manifest.Provenance.Size)
	}
	return n
}

const maxWarnings = 16 // that a header holds

// warn sends warnings as clients of a registry read them.
func (a *answer) warn(warnings []verdict.Warning) {
	for _, w := range warnings[:min(len(warnings), maxWarnings)] {
		a.Header().Add("Warning", "299 - "+strconv.QuoteToASCII(untrusted.Cut(w.Message, 200)))
	}
}

// parseManifest reads a manifest, if it is that of a chart.
func parseManifest(b []byte, mediaType string) (*registry.Manifest, error) {
	const only = "push a Helm chart with 'helm push'; this registry has no room for images, signatures and other artifacts"
	if media, _, _ := mime.ParseMediaType(mediaType); media != registry.TypeManifest {
		return nil, fail(http.StatusUnprocessableEntity, "manifest", only, "what was pushed is of type %.100q, which a Helm chart is not", mediaType)
	}
	m, err := registry.Parse(b)
	if errors.Is(err, registry.ErrNoChart) {
		return nil, fail(http.StatusUnprocessableEntity, "manifest", only, "%s", err)
	}
	if err != nil {
		return nil, fail(http.StatusUnprocessableEntity, "manifest", "push the chart with 'helm push'", "%s", err)
	}
	return m, nil
}

// gather reads the blobs that the manifest names, and returns the config.
func (p *push) gather(m *registry.Manifest, files *parts) ([]byte, error) {
	ctx, cancel := context.WithTimeout(p.r.Context(), submitTime)
	defer cancel()
	config := &spool{}
	defer config.close()
	if err := p.fetch(ctx, m.Config, config); err != nil {
		return nil, err
	}
	files.chart = &spool{}
	if err := p.fetch(ctx, m.Archive, files.chart); err != nil {
		return nil, err
	}
	if m.Provenance != (registry.Sum{}) {
		files.prov = &spool{}
		if err := p.fetch(ctx, m.Provenance, files.prov); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(config.reader())
}

// fetch reads a blob, which must be what its digest says: others may write to the drop
// area.
func (p *push) fetch(ctx context.Context, sum registry.Sum, to *spool) error {
	in, err := p.openBlob(ctx, sum.SHA256)
	if err != nil {
		return err
	}
	defer in.Close()
	hash := sha256.New()
	switch err := to.fill(io.TeeReader(in, hash), sum.Size); {
	case errors.Is(err, errSpool):
		return p.broken(err, nil, nil)
	case err != nil:
		return err
	}
	if to.size != sum.Size || hex.EncodeToString(hash.Sum(nil)) != sum.SHA256 {
		return unknownBlob(digestPrefix + sum.SHA256).coded("MANIFEST_BLOB_UNKNOWN")
	}
	return nil
}

// openBlob opens a blob that was pushed, or that the site has: a client that was told so
// does not push it again.
func (p *push) openBlob(ctx context.Context, sum string) (*bucket.Reader, error) {
	in, err := droparea.OpenPushed(ctx, p.Drop, p.to.repository(), sum, time.Now())
	if errors.Is(err, bucket.ErrNotFound) && p.Site != nil && p.who.May(auth.Read, p.to.channel) {
		in, err = p.Site.Get(ctx, registry.BlobKey(p.to.repository(), sum))
	}
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, unknownBlob(digestPrefix + sum).coded("MANIFEST_BLOB_UNKNOWN")
	}
	return in, err
}

// check returns an error if the manifest, its repository or its tag is not that of the
// chart. Otherwise the offer gets the manifest.
func (g *pushed) check(channel string, o *droparea.Offer) error {
	const rule = "manifest"
	if g.chart != o.Name {
		return fail(http.StatusUnprocessableEntity, rule, "push it to the repository "+registry.Repository(channel, o.Name),
			"the chart that was pushed to the repository of %s is called %s", g.chart, o.Name)
	}
	if tag := registry.Tag(o.Version); g.tag != "" && g.tag != tag {
		return fail(http.StatusUnprocessableEntity, rule, "push it with the tag "+tag, "the tag is %s, but the chart has the version %s", g.tag, o.Version)
	}
	if err := registry.CheckVersion(channel, o.Name, o.Version); err != nil {
		return fail(http.StatusUnprocessableEntity, rule, "upload it with curl or 'helm cm-push'", "%s", err)
	}
	// The archive and the provenance file are those that the manifest names: they were
	// found by its digests.
	err := g.manifest.Check(g.config, registry.Content{Name: o.Name, Version: o.Version, Archive: g.manifest.Archive, Provenance: g.manifest.Provenance})
	if err == nil {
		err = registry.CheckTexts(string(g.bytes), string(g.config))
	}
	if err != nil {
		return fail(http.StatusUnprocessableEntity, rule, "push the chart with 'helm push'", "%s", err)
	}
	o.Manifest = registry.SumOf(g.bytes).SHA256
	return nil
}
