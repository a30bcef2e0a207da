package generator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
)

// read reads one upload and finds out what it is. If nothing seems to stand
// against its chart, it also puts that on the site, where nothing names it
// yet, while its bytes are in memory. It returns nil if another generator has
// taken the upload out of the inbox, which it only does after deciding it. A
// fault of the upload is in the candidate; an error is one of a store.
func (r *channelRun) read(ctx context.Context, u *publisher.Upload) (*candidate, error) {
	request, err := publisher.ReadRequest(ctx, r.Drop, u)
	if err != nil {
		return nil, err
	}
	c := &candidate{upload: u, request: request, awaited: u.Chart == nil && request.Provenance}
	archive, prov, err := r.readParts(ctx, c)
	if errors.Is(err, publisher.ErrNotFound) {
		return nil, nil
	}
	if err == nil {
		err = r.lookUp(ctx, c)
	}
	if err == nil && c.chart != nil && c.problem == nil && !c.bare {
		err = r.stageEarly(ctx, c, archive, prov)
	}
	c.drop()
	return c, err
}

// drop lets go of what is large and not needed to decide, and weighs the rest.
func (c *candidate) drop() {
	if c.chart != nil {
		c.weight = c.chart.IndexSize + len(c.chart.Digest)
		c.chart.Files, c.chart.README, c.chart.Values, c.chart.Schema = nil, nil, nil, nil
		c.chart.Templates, c.chart.CRDs = nil, nil
	}
}

// readParts reads and checks what the upload consists of.
func (r *channelRun) readParts(ctx context.Context, c *candidate) (archive, prov []byte, err error) {
	if c.upload.Chart != nil {
		if archive, err = r.readChart(ctx, c); err != nil {
			return nil, nil, err
		}
	}
	if c.upload.Prov != nil && c.problem == nil {
		prov, err = r.readProv(ctx, c)
	}
	if errors.Is(err, publisher.ErrNotFound) && c.upload.Chart != nil {
		err = r.bare(ctx, c)
	}
	return archive, prov, err
}

// bare tells a chart whose provenance file has not come from one that another
// generator is taking out of the inbox, which deletes the provenance file first.
func (r *channelRun) bare(ctx context.Context, c *candidate) error {
	in, err := r.Drop.Get(ctx, c.upload.Chart.Key)
	if err != nil {
		return err
	}
	c.bare = true
	return in.Close()
}

// readChart checks the archive and returns its bytes.
func (r *channelRun) readChart(ctx context.Context, c *candidate) ([]byte, error) {
	in, err := r.Drop.Get(ctx, c.upload.Chart.Key)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var archive bytes.Buffer
	c.chart, err = check.Archive(io.TeeReader(in, &archive), r.policy.Checks)
	return archive.Bytes(), c.refuse(err)
}

// readProv checks the provenance file and returns its bytes.
func (r *channelRun) readProv(ctx context.Context, c *candidate) ([]byte, error) {
	in, err := r.Drop.Get(ctx, c.upload.Prov.Key)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var prov bytes.Buffer
	tee := io.TeeReader(in, &prov)
	signs, err := check.ReadProvenance(tee)
	switch {
	case err != nil:
	case c.chart == nil:
		c.signs = signs
	default:
		err = signs.Fits(check.FileName(c.ref().name, c.ref().version), c.chart.Digest)
	}
	sum := sha256.Sum256(prov.Bytes())
	c.prov = hex.EncodeToString(sum[:])
	return prov.Bytes(), c.refuse(err)
}

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
