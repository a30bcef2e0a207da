package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/opencontainers/go-digest"
	oci "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	oras "oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/portolan-charts/portolan/publisher/httpread"
	"github.com/portolan-charts/portolan/publisher/lazyregexp"
	"github.com/portolan-charts/portolan/publisher/registry"
)

const (
	ociPrefix = "oci://"

	// maxPages bounds a list. How much a page has is left to the registry, since some
	// refuse to be told; of those that send 100 tags, it is 200,000 tags.
	maxPages = 2000

	maxPage = 4 << 20 // of a list, in bytes
)

// isOCI reports whether a URL is that of a chart in a registry.
func isOCI(ref string) bool { return strings.HasPrefix(strings.ToLower(ref), ociPrefix) }

// registries reads from OCI registries, with the protocol and the rules of Helm's own
// client, and with the limits of the importer's.
type registries struct {
	http  *httpread.Client
	auth  *auth.Client
	named *url.URL // the server that the user named, the only one to log in to; nil if none
}

// newRegistries takes the rules about addresses from the client.
func newRegistries(client httpread.Client, named *url.URL, c Credentials) *registries {
	client.Judge, client.Redirect = judgeRegistry, redirectRegistry
	g := &registries{http: &client, named: named}
	g.auth = &auth.Client{
		Client: g.http.HTTP(), Cache: auth.NewCache(), Credential: g.login(c),
		BlockedRealmPrefixes: []netip.Prefix{}, // ours are checked when a connection is made
	}
	return g
}

// judgeRegistry leaves to the protocol what an answer means, unless it will be another
// soon.
func judgeRegistry(r *http.Response) error {
	if isTransient(r.StatusCode) {
		return httpread.Again(fmt.Errorf("the server answered %s", r.Status), min(retryAfter(r), maxPause))
	}
	return nil
}

func redirectRegistry(r *http.Request, via []*http.Request) error {
	switch {
	case !isWeb(r.URL):
		return fmt.Errorf("redirect to %s", bare(r.URL))
	case via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme == "http":
		return fmt.Errorf("redirect from https to %s: http does not protect the answer", bare(r.URL))
	}
	r.Header.Del("Referer") // it may hold a secret in its query
	return nil
}

// parseOCI reads the URL of a chart in a registry. Where it has no tag, the version says
// which one it is, as with Helm.
func parseOCI(ref, version string) (oras.Reference, error) {
	r, err := oras.ParseReference(ref[len(ociPrefix):])
	if err != nil {
		return r, fmt.Errorf("its URL %.200q is not that of a chart in a registry", shown(ref))
	}
	if r.Reference == "" {
		r.Reference = registry.Tag(version)
	}
	return r, nil
}

// isNamed reports whether the user named the host, which may have a port.
func (g *registries) isNamed(host string) bool {
	return g.named != nil && strings.EqualFold(host, g.named.Host)
}

// isPlain reports whether a registry is asked by http: the one that the user named so,
// or else one on this machine.
func (g *registries) isPlain(host string) bool {
	if g.isNamed(host) {
		return g.named.Scheme == "http"
	}
	return httpread.IsLoopback(host)
}

func (g *registries) repository(r oras.Reference) *remote.Repository {
	return &remote.Repository{
		Reference: r, Client: g.auth, PlainHTTP: g.isPlain(r.Host()),
		TagListMaxPages: maxPages, MaxMetadataBytes: maxPage,
	}
}

// from returns a context for requests to a registry, and to where it leads.
func (g *registries) from(ctx context.Context, r oras.Reference) context.Context {
	return httpread.From(ctx, &url.URL{Host: r.Host()})
}

// manifest reads the manifest that a reference names.
func (g *registries) manifest(ctx context.Context, r oras.Reference) (b []byte, err error) {
	ctx = g.from(ctx, r)
	err = g.try(ctx, func() error {
		d, body, err := g.repository(r).Manifests().FetchReference(ctx, r.Reference)
		if err != nil {
			return err
		}
		defer body.Close()
		switch {
		case d.MediaType != registry.TypeManifest:
			return fmt.Errorf("%w: it is of type %.100q", registry.ErrNoChart, d.MediaType)
		case d.Size > registry.MaxManifest:
			return fmt.Errorf("its manifest has %d bytes; %d are allowed", d.Size, registry.MaxManifest)
		}
		b, err = content.ReadAll(body, d)
		return err
	})
	return b, err
}

// blob reads what a manifest names, and checks its digest. Of one above the limit it
// reads, unchecked, a byte more than the limit, which shows that it is too large.
func (g *registries) blob(ctx context.Context, r oras.Reference, digest digest.Digest, size, limit int64) (b []byte, err error) {
	d := oci.Descriptor{Digest: digest, Size: size}
	if err := digest.Validate(); err != nil {
		return nil, fmt.Errorf("its manifest has the digest %.100q: %v", digest, err)
	}
	if size <= 0 {
		return nil, fmt.Errorf("its manifest says that %s has %d bytes, but no file of a chart is empty: push the version again", digest, size)
	}
	ctx = g.from(ctx, r)
	err = g.try(ctx, func() error {
		body, err := g.repository(r).Blobs().Fetch(ctx, d)
		if err != nil {
			return err
		}
		defer body.Close()
		if size > limit {
			b, err = io.ReadAll(io.LimitReader(body, limit+1))
			return err
		}
		b, err = content.ReadAll(body, d)
		return err
	})
	return b, err
}

// try reads from a registry, more than once if need be.
func (g *registries) try(ctx context.Context, read func() error) error {
	err := g.http.Retry(ctx, read)
	answer, failed := (*errcode.ErrorResponse)(nil), (*url.Error)(nil)
	switch {
	case err == nil, ctx.Err() != nil, errors.As(err, new(*httpread.Exhausted)):
		return err
	case errors.Is(err, errdef.ErrNotFound):
		return errMissing
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		return fmt.Errorf("%w: it asks for a user and a password", ErrDenied)
	case errors.Is(err, content.ErrMismatchedDigest), errors.Is(err, content.ErrTrailingData), wrongSize.MatchString(err.Error()):
		return errors.New("what the registry sent does not have the digest and size that it is named by: try again, and if that does not help, push the version again")
	case unreadableList.MatchString(err.Error()):
		return fmt.Errorf("the registry's list is not the JSON that it should be, or a page of it is larger than %s, the most that is read: ask its operator for smaller pages (%w)",
			humanize.IBytes(maxPage), errWithoutQueries{err})
	case errors.Is(err, errdef.ErrTooManyPages):
		return fmt.Errorf("the registry's list has more than %d pages", maxPages)
	case errors.As(err, &answer):
		return answered(answer)
	case errors.As(err, &failed):
		return failed.Err
	}
	return errWithoutQueries{err}
}

// For these, oras has no errors to tell them by.
var (
	wrongSize      = lazyregexp.New(`: mismatch Content-Length$|^read failed: expected content size`)
	unreadableList = lazyregexp.New(`/v2/(_catalog|[^"]*/tags/list)(\?[^"]*)?": failed to decode response`)
)

// answered returns the error for an answer that a request failed with.
func answered(r *errcode.ErrorResponse) error {
	status := fmt.Sprint(r.StatusCode, " ", http.StatusText(r.StatusCode))
	switch r.StatusCode {
	case http.StatusNotFound, http.StatusGone:
		return errMissing
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%w (%s)", ErrDenied, status)
	}
	if len(r.Errors) > 0 {
		return fmt.Errorf("the server answered %s: %.200s", status, r.Errors)
	}
	return fmt.Errorf("the server answered %s", status)
}

// errWithoutQueries is an error whose text may have URLs. Their queries can hold secrets.
type errWithoutQueries struct{ error }

var query = lazyregexp.New(`\?[^\s"]*`)

func (e errWithoutQueries) Error() string { return query.ReplaceAllString(e.error.Error(), "") }

func (e errWithoutQueries) Unwrap() error { return e.error }
