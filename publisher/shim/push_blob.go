package shim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cuelabs.dev/go/oci/ociregistry"
	"github.com/google/uuid"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// A blob comes in one request: with POST, or with PUT or PATCH to the URL that a POST has
// answered. No state is kept between these requests, since the next one may reach another
// shim. What PATCH brings is kept under its digest, which is in the URL that it answers, so
// the PUT that ends the upload only looks whether the digest is the one that it names.

// digestPrefix begins a digest, and the id of an upload that has its blob.
const digestPrefix = "sha256:"

// pushBlob takes the blob in a POST.
func (p *push) pushBlob(_ context.Context, _ string, desc ociregistry.Descriptor, r io.Reader) (ociregistry.Descriptor, error) {
	b := p.newBlob("")
	defer b.Close()
	if _, err := io.Copy(b, r); err != nil {
		return desc, p.fails(err)
	}
	return b.Commit(desc.Digest)
}

// beginBlob answers where a blob is to be sent.
func (p *push) beginBlob(context.Context, string, int) (ociregistry.BlobWriter, error) {
	return p.newBlob(uuid.NewString()), nil
}

// resumeBlob takes what comes for an upload that was begun. An offset of -1 asks how much
// has come.
func (p *push) resumeBlob(_ context.Context, _, id string, offset int64, _ int) (ociregistry.BlobWriter, error) {
	b := p.newBlob(id)
	whole := strings.HasPrefix(id, digestPrefix)
	if whole {
		kept, err := p.openPushed(id)
		if err != nil {
			return nil, p.fails(err)
		}
		defer kept.Close()
		b.kept = kept.Entry.Size
	}
	if offset > 0 || whole && p.r.Method == http.MethodPatch {
		return nil, p.fails(inPieces())
	}
	return b, nil
}

func inPieces() error {
	return fail(http.StatusRequestedRangeNotSatisfiable, "blob-pieces", "send the whole blob with one PUT or PATCH, as helm, oras and crane do",
		"this registry does not take a blob in several pieces").coded("BLOB_UPLOAD_INVALID")
}

func unknownBlob(digest string) *failure {
	return fail(http.StatusNotFound, "blob-unknown", "push again", "there is no blob %.100q here: it was not pushed to this repository, or over an hour ago", digest).coded("BLOB_UNKNOWN")
}

// blob is a blob that is being received.
type blob struct {
	push *push
	id   string
	kept int64 // bytes that came before
	spool
	hash hash.Hash
}

func (p *push) newBlob(id string) *blob { return &blob{push: p, id: id, hash: sha256.New()} }

// Write receives more of the blob.
func (b *blob) Write(piece []byte) (int, error) {
	n, err := b.spool.Write(piece)
	b.hash.Write(piece[:n])
	if err != nil {
		return n, b.push.fails(b.push.broken(err, nil, nil))
	}
	return n, nil
}

// Close keeps what a PATCH has brought, under its digest.
func (b *blob) Close() error {
	defer b.spool.close()
	if b.push.r.Method != http.MethodPatch || b.size == 0 || b.push.failed() {
		return nil
	}
	sum := b.sum()
	b.id = digestPrefix + sum
	return b.keep(sum)
}

// Commit keeps the blob if it has the digest.
func (b *blob) Commit(digest ociregistry.Digest) (ociregistry.Descriptor, error) {
	desc := ociregistry.Descriptor{MediaType: registry.TypeBlob, Digest: digest, Size: b.Size()}
	got := digestPrefix + b.sum()
	switch {
	case b.kept > 0 && b.size > 0:
		return desc, b.push.fails(inPieces())
	case b.kept > 0:
		got = b.id
	}
	if got != string(digest) {
		return desc, b.push.fails(fail(http.StatusBadRequest, "digest", "push again", "the blob has the digest %s, and not %.100s", got, digest).coded("DIGEST_INVALID"))
	}
	if b.kept > 0 {
		return desc, nil
	}
	return desc, b.keep(b.sum())
}

func (b *blob) keep(sum string) error {
	if err := b.push.keep(sum, b.size, b.spool.body()); err != nil {
		return b.push.fails(err)
	}
	return nil
}

func (b *blob) sum() string { return hex.EncodeToString(b.hash.Sum(nil)) }

// Size is how many bytes have come.
func (b *blob) Size() int64 { return b.kept + b.size }

// ChunkSize is how many bytes a request must have at least, unless it is the last one: no
// blob is larger.
func (b *blob) ChunkSize() int { return int(b.push.limit) }

// ID stands for the upload in its URL.
func (b *blob) ID() string { return b.id }

// Cancel forgets what has come.
func (b *blob) Cancel() error { return nil }

// keep keeps a blob, or a manifest that has no tag yet, until a manifest with a tag comes.
func (p *push) keep(sum string, size int64, body bucket.Body) error {
	if f := p.pushes.take(p.who.Party(), cost(size), time.Now()); f != nil {
		return f
	}
	ctx, cancel := context.WithTimeout(p.r.Context(), submitTime)
	defer cancel()
	if err := droparea.KeepPushed(ctx, p.Drop, p.to.repository(), sum, body, time.Now()); err != nil {
		return err
	}
	p.pushes.tidy(p.Log)
	return nil
}

// openPushed opens the blob that an upload's id names, if that is a digest.
func (p *push) openPushed(id string) (*bucket.Reader, error) {
	key, ok := registry.ParseKey(registry.BlobKey(p.to.repository(), strings.TrimPrefix(id, digestPrefix)))
	if !ok || key.Digest() != id { // such as one that leads to another repository
		return nil, unknownBlob(id)
	}
	r, err := droparea.OpenPushed(p.r.Context(), p.Drop, p.to.repository(), key.SHA256, time.Now())
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, unknownBlob(id)
	}
	return r, err
}

// pushTime is how long a push may take from HEAD to its manifest. Of what will not wait
// for as long, HEAD says that it is absent, and so the client sends it again.
const pushTime = 15 * time.Minute

// keptFile answers with a blob or a manifest that waits.
func (s *Shim) keptFile(a *answer, r *http.Request, key registry.Key) error {
	at := time.Now()
	if r.Method == http.MethodHead {
		at = at.Add(pushTime)
	}
	in, err := droparea.OpenPushed(r.Context(), s.Drop, key.Repository, key.SHA256, at)
	if err != nil {
		return err
	}
	defer in.Close()
	h := a.Header()
	h.Set("Content-Type", key.ContentType())
	h.Set("Content-Length", strconv.FormatInt(in.Entry.Size, 10))
	h.Set("Docker-Content-Digest", key.Digest())
	h.Set("Cache-Control", "no-store") // it will not stay here
	h.Set("X-Content-Type-Options", "nosniff")
	a.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err = io.Copy(a, in)
	return gone(err)
}
