package shim

import (
	"errors"
	"io"
	"net/http"
	"path"
	"strings"

	"cuelabs.dev/go/oci/ociregistry"
	"cuelabs.dev/go/oci/ociregistry/ociserver"
	"github.com/dustin/go-humanize"

	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// push is one request of a push to the registry. The protocol is that of package
// ociserver, which calls the push's methods. It keeps only the text of their errors, so the
// push remembers the first one itself.
type push struct {
	*Shim
	a       *answer
	r       *http.Request
	to      *route
	who     *auth.Identity
	limit   int64 // of a blob, in bytes
	body    *remembering
	failure error
}

// push answers a request of a push: it takes a blob, or the manifest that makes an upload
// of blobs.
func (s *Shim) push(a *answer, r *http.Request, to *route, who *auth.Identity) error {
	if !s.OCI(to.channel) {
		return s.counted(r, notOCI(to.channel))
	}
	party := who.Party()
	if f := s.uploads.take(party); f != nil {
		return s.counted(r, f)
	}
	defer s.uploads.giveBack(party)
	a.cacheControl = "no-store"
	p := &push{Shim: s, a: a, r: r, to: to, who: who, limit: s.MaxArchive(to.channel)}
	if err := p.answer(); err != nil {
		return s.counted(r, err)
	}
	return nil
}

// notOCI is the failure for a push to a channel that cannot be read as a registry. To take
// the chart all the same would be to lie: clients print where they have pushed it, with its
// digest, and it could not be pulled from there.
func notOCI(channel string) error {
	return fail(http.StatusForbidden, "oci", "upload it with curl or 'helm cm-push', or ask the operator of this server to set 'oci: true' for the channel",
		"channel %s is not an OCI registry, so what is pushed to it could not be pulled", channel)
}

// answer answers the request, or returns why it does not.
func (p *push) answer() error {
	limit, tooLarge := p.limit, tooLarge(p.limit)
	if p.to.kind == kindManifest {
		limit, tooLarge = registry.MaxManifest, manifestTooLarge("manifest", registry.MaxManifest)
	}
	if p.r.ContentLength > limit {
		return tooLarge
	}
	body := p.paced(p.a, p.r, limit)
	p.body = &remembering{Reader: body}
	p.server().ServeHTTP(p.a, p.request())
	p.metrics.received.Add(float64(p.a.note.received))
	if p.body.err != nil {
		return p.broken(p.body.err, body, tooLarge)
	}
	return p.failure
}

// server is the protocol's server over the push.
func (p *push) server() http.Handler {
	return ociserver.New(&ociregistry.Funcs{
		PushBlob_:              p.pushBlob,
		PushBlobChunked_:       p.beginBlob,
		PushBlobChunkedResume_: p.resumeBlob,
		PushManifest_:          p.pushManifest,
	}, &ociserver.Options{WriteError: func(_ http.ResponseWriter, _ *http.Request, err error) { _ = p.fails(p.badPush(err)) }})
}

// request is the request as the protocol's server gets it. It never learns that a client
// would rather have a blob mounted from another repository: a client that is told to send
// it does. Nor does it learn the type of a manifest, which it would begin to read.
func (p *push) request() *http.Request {
	r := p.r.Clone(p.r.Context())
	r.Body = io.NopCloser(p.body)
	r.Header.Del("Content-Type")
	r.URL.Path, r.URL.RawPath = "/"+p.to.path, ""
	query := r.URL.Query()
	query.Del("mount")
	query.Del("from")
	r.URL.RawQuery = query.Encode()
	return r
}

// fails remembers why the push fails, unless it has failed before, and returns that.
func (p *push) fails(err error) error {
	if p.failure == nil {
		p.failure = err
	}
	return p.failure
}

// failed reports whether the push has failed already.
func (p *push) failed() bool { return p.failure != nil || p.body.err != nil }

// badPush is the failure for a request that the protocol does not have.
func (p *push) badPush(err error) *failure {
	_, status := ociregistry.MarshalError(err)
	reference := path.Base(p.to.path)
	switch {
	case errors.Is(err, ociregistry.ErrNameInvalid):
		return fail(http.StatusBadRequest, "channel", "choose another name", "the repository %.200q cannot be one: its names are lowercase letters and digits, joined by '.', '_', '__' or dashes", p.to.repository()).coded("NAME_INVALID")
	case p.to.kind == kindManifest && errors.Is(err, ociregistry.ErrDigestInvalid):
		return fail(http.StatusBadRequest, "digest", "push again", "the manifest does not have the digest %.100s", reference).coded("DIGEST_INVALID")
	case p.to.kind == kindManifest && strings.Contains(reference, ":") && status == http.StatusNotFound:
		return badDigest(reference)
	case p.to.kind == kindManifest && status == http.StatusNotFound:
		return fail(http.StatusBadRequest, "tag", "push the chart with 'helm push', which takes its version", "the tag %.200q cannot be one: it has at most 128 letters, digits and '.', '-', '_', and begins with none of '.' and '-'", reference).coded("MANIFEST_INVALID")
	case errors.Is(err, ociregistry.ErrDigestInvalid):
		return badDigest(p.r.URL.Query().Get("digest"))
	case status >= http.StatusInternalServerError:
		status = http.StatusBadRequest
	}
	f := fail(status, "protocol", "push with helm, oras or crane", "the request is not one of a push: %s", plainError(err))
	if coded := ociregistry.Error(nil); errors.As(err, &coded) {
		f.code = coded.Code()
	} else if p.to.kind == kindManifest {
		f.code = "MANIFEST_INVALID"
	}
	return f
}

func badDigest(digest string) *failure {
	return fail(http.StatusBadRequest, "digest", "push with helm, oras or crane", "%.200q is not a digest: that is 'sha256:' and 64 of 0-9 and a-f", digest).coded("DIGEST_INVALID")
}

func manifestTooLarge(what string, limit int64) *failure {
	return fail(http.StatusRequestEntityTooLarge, "manifest-size", "push the chart with 'helm push'", "the %s is larger than %s, the most that is taken here", what, humanize.IBytes(uint64(limit))).coded("MANIFEST_INVALID")
}

// remembering is the body of a push. It remembers the error that ended it.
type remembering struct {
	io.Reader
	err error
}

func (m *remembering) Read(b []byte) (int, error) {
	n, err := m.Reader.Read(b)
	if err != nil && err != io.EOF {
		m.err = err
	}
	return n, err
}
