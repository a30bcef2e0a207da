package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	oci "github.com/opencontainers/image-spec/specs-go/v1"
	oras "oras.land/oras-go/v2/registry"

	"github.com/portolan-charts/portolan/publisher/httpread"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// pushed is what the manifest of a chart in a registry says, read as Helm reads it: what
// it does not know, it passes over.
type pushed struct {
	at            oras.Reference
	manifest      []byte
	config, chart oci.Descriptor
	prov          *oci.Descriptor // nil if it is not signed
	created       time.Time       // zero if it does not say
}

// readPushed reads a manifest.
func readPushed(b []byte) (*pushed, error) {
	var m oci.Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("its manifest cannot be read: %v", err)
	}
	if m.Config.MediaType != registry.TypeConfig {
		return nil, fmt.Errorf("%w: its config is of type %.100q", registry.ErrNoChart, m.Config.MediaType)
	}
	p := &pushed{manifest: b, config: m.Config}
	charts := 0
	for _, layer := range m.Layers {
		switch layer.MediaType {
		case registry.TypeChart, registry.TypeOldChart:
			charts++
			p.chart = layer
		case registry.TypeProvenance:
			p.prov = &layer
		}
	}
	if charts != 1 {
		return nil, fmt.Errorf("%w: it names %d archives", registry.ErrNoChart, charts)
	}
	p.created, _ = time.Parse(time.RFC3339, m.Annotations[registry.Created])
	return p, nil
}

// archive reads an archive, from wherever it is.
func (t *take) archive(ctx context.Context, ref string, limit int64) ([]byte, error) {
	if isOCI(ref) {
		return t.pull(ctx, ref, limit)
	}
	return t.read(ctx, ref, limit, false)
}

// pull reads an archive from a registry, unless its manifest shows that it is already
// there.
func (t *take) pull(ctx context.Context, ref string, limit int64) ([]byte, error) {
	at, err := parseOCI(ref, t.entry.Version)
	if err != nil {
		return nil, err
	}
	from := t.From.web.registries
	b, err := from.manifest(ctx, at)
	var p *pushed
	if err == nil {
		p, err = readPushed(b)
	}
	switch {
	case errors.Is(err, registry.ErrNoChart):
		return nil, t.left(Broken, "%v", err)
	case errors.Is(err, ErrDenied) && !from.isNamed(at.Host()):
		return nil, fmt.Errorf("%w to somebody who does not log in; with a login, import it by --from %s", err, ociPrefix+at.Registry+"/"+at.Repository)
	case err != nil:
		return nil, err
	}
	p.at, t.pushed = at, p
	if t.entry.Created.IsZero() {
		t.entry.Created, t.result.Created = p.created, p.created.UTC()
	}
	if t.known(p.chart.Digest.String()) {
		return nil, errSettled
	}
	return from.blob(ctx, at, p.chart.Digest, p.chart.Size, limit)
}

// pullSignature gets the provenance file that the manifest names.
func (t *take) pullSignature(ctx context.Context) error {
	prov := t.pushed.prov
	if prov == nil {
		return nil
	}
	b, err := t.From.web.registries.blob(ctx, t.pushed.at, prov.Digest, prov.Size, maxProv)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		t.unsigned("its provenance file cannot be fetched: %v", err)
	default:
		t.prov = b
	}
	return nil
}

// own returns the manifest and its config if they are the chart's own: they describe what
// is uploaded, and nothing else. Then the chart keeps its digest. Otherwise portolan makes
// a manifest, and the result says why.
func (t *take) own(ctx context.Context) (manifest, config string, err error) {
	m, err := registry.Parse(t.pushed.manifest)
	var b []byte
	if err == nil {
		d := t.pushed.config
		b, err = t.From.web.registries.blob(ctx, t.pushed.at, d.Digest, d.Size, registry.MaxConfig)
	}
	if err == nil {
		c := registry.Content{Name: t.offer.Name, Version: t.offer.Version, Archive: registry.SumOf(t.chart)}
		if t.prov != nil {
			c.Provenance = registry.SumOf(t.prov)
		}
		err = m.Check(b, c)
	}
	if err == nil {
		err = registry.CheckTexts(string(t.pushed.manifest), string(b))
	}
	switch {
	case ctx.Err() != nil:
		return "", "", ctx.Err()
	case errors.As(err, new(*httpread.Exhausted)): // another import may get it
		return "", "", t.left(Unfetched, "the config cannot be fetched: %v", err)
	case err != nil:
		t.result.Remade = err.Error()
		return "", "", nil
	}
	return string(t.pushed.manifest), string(b), nil
}
