package generator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// reader reads and checks uploads.
type reader struct {
	drop   bucket.Store
	policy config.Policy
	name   nameJudge // of the channel
	held   *Archives // for pages; nil if there are none
}

// parts are the bytes of an upload; nil stands for a part that it does not have.
type parts struct{ archive, prov []byte }

// read reads one upload and finds out what it is. It returns nil if another
// generator has taken the upload out of the inbox, which it only does after
// deciding it. A fault of the upload is in the candidate; an error is one of a store.
func (r *reader) read(ctx context.Context, u *droparea.Upload) (*candidate, parts, error) {
	if u.Action != nil {
		c, err := r.readAction(ctx, u)
		return c, parts{}, err
	}
	request, err := droparea.ReadRequest(ctx, r.drop, u)
	if err != nil {
		return nil, parts{}, err
	}
	c, p, err := r.readParts(ctx, u, request)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, parts{}, nil
	}
	c.awaited = u.Chart == nil && request.Provenance
	return c, p, err
}

// readParts reads and checks what the upload consists of. The error is
// bucket.ErrNotFound if a part has been removed.
func (r *reader) readParts(ctx context.Context, u *droparea.Upload, request droparea.Request) (c *candidate, p parts, err error) {
	c = &candidate{upload: u, request: request}
	if u.Chart != nil {
		if p.archive, err = r.readChart(ctx, c); err != nil {
			return c, parts{}, err
		}
	}
	switch {
	case c.problem != nil:
	case u.Prov != nil:
		p.prov, err = r.readProv(ctx, c)
	default:
		c.signature, err = judgeSignature(r.policy, nil, u.Received)
	}
	if errors.Is(err, bucket.ErrNotFound) && u.Chart != nil {
		err = r.bare(ctx, c)
	}
	if c.odd = r.name.warning; c.problem == nil {
		c.problem = r.name.problem
	}
	if c.problem == nil && !c.bare {
		c.problem = checkPushed(c)
	}
	return c, p, err
}

// bare tells a chart whose provenance file has not come from one that another
// generator is taking out of the inbox, which deletes the provenance file first.
func (r *reader) bare(ctx context.Context, c *candidate) error {
	in, err := r.drop.Get(ctx, c.upload.Chart.Key)
	if err != nil {
		return err
	}
	c.bare = true
	return in.Close()
}

// tooLarge reports whether the upload is refused for the size of one of its files, as
// the listing has it.
func (r *reader) tooLarge(u *droparea.Upload) bool {
	return u.Chart != nil && r.policy.Checks.CheckSize(u.Chart.Size) != nil || u.Prov != nil && check.CheckProvenanceSize(u.Prov.Size) != nil
}

// open opens a file of the upload. The error is bucket.ErrNotFound if it is no longer
// there, or if it is another one now.
func (r *reader) open(ctx context.Context, u *droparea.Upload, e *bucket.Entry) (*bucket.Reader, error) {
	in, err := r.drop.Get(ctx, e.Key)
	if err == nil && !u.Adopted() && in.Entry.Token != e.Token {
		in.Close()
		err = bucket.About(e.Key, bucket.ErrNotFound)
	}
	return in, err
}

// readChart checks the archive and returns its bytes. One that is too large is not
// opened.
func (r *reader) readChart(ctx context.Context, c *candidate) ([]byte, error) {
	if err := r.policy.Checks.CheckSize(c.upload.Chart.Size); err != nil {
		return nil, c.refuse(err)
	}
	in, err := r.open(ctx, c.upload, c.upload.Chart)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	archive := bytes.NewBuffer(make([]byte, 0, c.upload.Chart.Size))
	c.chart, err = r.check(io.TeeReader(in, archive))
	return archive.Bytes(), c.refuse(err)
}

// check checks an archive, and holds its contents if pages will need them.
func (r *reader) check(in io.Reader) (*check.Chart, error) {
	if r.held == nil {
		return check.Archive(in, r.policy.Checks)
	}
	contents, err := check.ReadContents(in, r.policy.Checks)
	if err != nil {
		return nil, err
	}
	r.held.keep(contents)
	return contents.Chart, nil
}

// readProv checks the provenance file and returns its bytes. One that is too large is
// not opened.
func (r *reader) readProv(ctx context.Context, c *candidate) ([]byte, error) {
	if err := check.CheckProvenanceSize(c.upload.Prov.Size); err != nil {
		return nil, c.refuse(err)
	}
	in, err := r.open(ctx, c.upload, c.upload.Prov)
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
	if err == nil {
		c.signature, err = judgeSignature(r.policy, prov.Bytes(), c.upload.Received)
	}
	sum := sha256.Sum256(prov.Bytes())
	c.provSize = int64(prov.Len())
	c.prov = hex.EncodeToString(sum[:])
	return prov.Bytes(), c.refuse(err)
}
