package bucket

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/pause"
)

const (
	webAgent   = "portolan"
	webAnswer  = 30 * time.Second // from the request to the header of the answer
	webStall   = 60 * time.Second // without a byte of the body
	webTries   = 4
	webPause   = 250 * time.Millisecond // before the second try; doubled before each later one
	webHeaders = 64 << 10               // bytes of the answer's header
	webMoves   = 5                      // redirects that are followed
)

const (
	errWebList  webError = "a web site can't be listed; name the channels, or give the URL of its bucket"
	errWebWrite webError = "a web site can't be written to; give the URL of its bucket"
)

// errWebPage is reported of an answer that is a web page: single-page
// applications, and pages that ask to log in, are often set up so.
var errWebPage = &WebPageError{
	Seen: "the server answers 200 with a web page in the place of the file; so it seems to do for files that do not exist",
	Fix: "make the server answer 404 for files that it does not have, without a fallback to a page of its own " +
		"(as single-page applications have it) and without asking to log in; or verify the bucket itself",
}

// WebPageError is the error of a file in whose place a web server sends a page.
type WebPageError struct {
	Seen string // what the server does
	Fix  string
}

func (e *WebPageError) Error() string { return e.Seen + "; " + e.Fix }

// webError says what a web server cannot do; it is [errors.ErrUnsupported].
type webError string

func (e webError) Error() string   { return string(e) }
func (e webError) Is(t error) bool { return t == errors.ErrUnsupported || t == error(e) }

// OpenWeb opens a published site by the URL under which it is served. The
// Store can only be read, object by object: it can neither be listed nor
// written to. Its Get takes 403 for not found, as well as 404 and 410, because
// that is how a bucket answers that does not let strangers list it.
//
// What is served gzip-encoded is an error: Helm reads such bytes as they are.
// So is a web page in the place of a file, of which it cannot be told if it exists.
func OpenWeb(base string) (Store, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return nil, err
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("%s: not the URL of a web site", base)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s: the URL of a site has no query and no fragment", base)
	}
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  webAnswer,
		MaxResponseHeaderBytes: webHeaders,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        90 * time.Second,
		ForceAttemptHTTP2:      true,
	}
	return &webStore{base: u, client: &http.Client{Transport: t, CheckRedirect: checkRedirect}, pause: webPause}, nil
}

func checkRedirect(r *http.Request, via []*http.Request) error {
	switch {
	case len(via) > webMoves:
		return fmt.Errorf("more than %d redirects", webMoves)
	case via[0].URL.Scheme == "https" && r.URL.Scheme != "https":
		return errors.New("redirected from https to http")
	}
	return nil
}

// webStore is a site that is read through a web server.
type webStore struct {
	base   *url.URL
	client *http.Client
	pause  time.Duration // see webPause
}

func (s *webStore) Get(ctx context.Context, key string) (*Reader, error) {
	// The context ends with the reader, or when the body stalls.
	ctx, cancel := context.WithCancelCause(ctx)
	r, err := s.fetch(ctx, http.MethodGet, key)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	body := &webBody{ctx: ctx, body: r.Body, cancel: cancel, key: key}
	body.stall = time.AfterFunc(webStall, func() { cancel(errStalled) })
	peeked := bufio.NewReader(body)
	if isPage(peeked) {
		body.Close()
		return nil, About(r.Request.URL.Redacted(), errWebPage)
	}
	return &Reader{struct {
		io.Reader
		io.Closer
	}{peeked, body}, webEntry(key, r)}, nil
}

// isPage reports whether a body begins as HTML does. Nothing that is read of a
// site begins so: not JSON, YAML, provenance files or archives.
func isPage(body *bufio.Reader) bool {
	start, _ := body.Peek(512) // an error comes again when it is read
	start = bytes.TrimLeft(start, "\ufeff \t\r\n")
	return bytes.HasPrefix(start, []byte("<"))
}

// Head is Get without the object's bytes, unless it may be a page instead.
func (s *webStore) Head(ctx context.Context, key string) (Entry, error) {
	r, err := s.fetch(ctx, http.MethodHead, key)
	if err != nil {
		return Entry{}, err
	}
	r.Body.Close()
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "text/html" {
		body, err := s.Get(ctx, key) // some serve what they do not know as HTML
		if err != nil {
			return Entry{}, err
		}
		return body.Entry, body.Close()
	}
	return webEntry(key, r), nil
}

// webEntry describes the object as the answer's header does. The size is -1 if
// it does not say.
func webEntry(key string, r *http.Response) Entry {
	modified, err := http.ParseTime(r.Header.Get("Last-Modified"))
	if err != nil {
		modified = time.Time{}
	}
	token := cmp.Or(r.Header.Get("ETag"), r.Header.Get("Last-Modified"))
	return Entry{Key: key, Size: r.ContentLength, Modified: modified, Token: token}
}

// fetch asks for an object until there is an answer that is worth returning.
func (s *webStore) fetch(ctx context.Context, method, key string) (*http.Response, error) {
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	u := *s.base
	u.Path = strings.TrimSuffix(u.Path, "/") + "/" + key // a '+' stays one
	u.RawPath = ""
	for try, wait := 1, s.pause; ; try, wait = try+1, wait*2 {
		r, again, err := s.try(ctx, method, &u)
		if err == nil {
			return r, nil
		}
		if !again || try == webTries {
			return nil, About(u.Redacted(), err)
		}
		if err := pause.For(ctx, wait); err != nil {
			return nil, About(u.Redacted(), err)
		}
	}
}

// try makes one request; again says whether another one may fare better.
func (s *webStore) try(ctx context.Context, method string, u *url.URL) (r *http.Response, again bool, err error) {
	request, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, false, err
	}
	request.Header.Set("User-Agent", webAgent)
	request.Header.Set("Accept-Encoding", "identity")
	r, err = s.client.Do(request)
	if err != nil {
		if e := (*url.Error)(nil); errors.As(err, &e) {
			err = e.Err // the URL is in the KeyError
		}
		return nil, true, err
	}
	if again, err = judge(r); err != nil {
		r.Body.Close()
		return nil, again, err
	}
	return r, false, nil
}

// judge makes an error of an answer that is not an object.
func judge(r *http.Response) (again bool, err error) {
	switch encoding := r.Header.Get("Content-Encoding"); {
	case r.StatusCode == http.StatusOK && encoding != "" && encoding != "identity":
		return false, fmt.Errorf("served with Content-Encoding %q, which Helm does not undo: store and serve it as it is", encoding)
	case r.StatusCode == http.StatusOK:
		return false, nil
	case r.StatusCode == http.StatusNotFound, r.StatusCode == http.StatusGone, r.StatusCode == http.StatusForbidden:
		return false, fmt.Errorf("%w (%s)", ErrNotFound, r.Status)
	case r.StatusCode == http.StatusTooManyRequests, r.StatusCode >= 500:
		return true, fmt.Errorf("the server answers %s", r.Status)
	}
	return false, fmt.Errorf("the server answers %s", r.Status)
}

var errStalled = fmt.Errorf("no data for %s", webStall)

// webBody is the body of an answer. Reading it fails when nothing comes for
// too long.
type webBody struct {
	ctx    context.Context // of the request
	cancel context.CancelCauseFunc
	stall  *time.Timer
	body   io.ReadCloser
	key    string
}

func (b *webBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if n > 0 {
		b.stall.Reset(webStall)
	}
	if err != nil && err != io.EOF {
		if cause := context.Cause(b.ctx); errors.Is(cause, errStalled) {
			err = cause
		}
		err = About(b.key, err)
	}
	return n, err
}

func (b *webBody) Close() error {
	b.stall.Stop()
	b.cancel(nil)
	return b.body.Close()
}

// List fails: web servers do not say what they have.
func (s *webStore) List(_ context.Context, _ string, _ Depth) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		yield(Entry{}, About(s.base.Redacted(), errWebList))
	}
}

// Create fails, as Replace and Delete do.
func (s *webStore) Create(context.Context, Object) error { return s.readOnly() }

// Replace fails.
func (s *webStore) Replace(context.Context, Object, string) error { return s.readOnly() }

// Delete fails.
func (s *webStore) Delete(context.Context, string, string) error { return s.readOnly() }

func (s *webStore) readOnly() error { return About(s.base.Redacted(), errWebWrite) }
