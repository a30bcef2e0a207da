package bucket

import (
	"bufio"
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/httpread"
)

// webLimits are how patiently a site is read.
var webLimits = httpread.Limits{
	Tries:     4,
	Pause:     250 * time.Millisecond,
	Connect:   10 * time.Second,
	Answer:    30 * time.Second,
	Stall:     60 * time.Second,
	Redirects: 5,
}

const (
	errWebList  webError = "a web site can't be listed; name the channels, or give the URL of its bucket"
	errWebWrite webError = "a web site can't be written to; give the URL of its bucket"
)

// errWebPage is the error for an answer that is a web page: single-page applications
// and login pages are often set up so.
var errWebPage = &WebPageError{
	Seen: "the server answers 200 with a web page in the place of the file; so it seems to do for files that do not exist",
	Fix: "make the server answer 404 for files that it does not have, without a fallback to a page of its own " +
		"(as single-page applications have it) and without asking to log in; or verify the bucket itself",
}

// WebPageError is the error for a file in place of which a web server sends a page.
type WebPageError struct {
	Seen string // what the server does
	Fix  string
}

func (e *WebPageError) Error() string { return e.Seen + "; " + e.Fix }

// webError is what a web server cannot do. It is [errors.ErrUnsupported].
type webError string

func (e webError) Error() string   { return string(e) }
func (e webError) Is(t error) bool { return t == errors.ErrUnsupported || t == error(e) }

// OpenWeb opens a published site by the URL under which it is served. The Store can
// only read objects: it can neither list nor write. Its Get takes 403, 404 and 410
// for not found, because a bucket that strangers may not list answers 403.
//
// A file that is served gzip-encoded is an error, because Helm reads such bytes as
// they are. So is a web page in place of a file, since it hides whether the file
// exists.
//
// The server's certificate must be signed by one of the authorities; nil stands for the
// system's.
func OpenWeb(base string, authorities *x509.CertPool) (Store, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return nil, err
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("%s: not the URL of a web site", base)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s: the URL of a site has no query and no fragment", base)
	}
	c := httpread.New(webLimits)
	c.Name(u)
	c.Trust(authorities)
	c.Header = http.Header{"Accept-Encoding": {"identity"}}
	c.Judge = judgeWeb
	c.Redirect = checkRedirect
	return &webStore{base: u, client: c}, nil
}

func checkRedirect(r *http.Request, via []*http.Request) error {
	if via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return errors.New("redirected from https to http")
	}
	return nil
}

// webStore is a site that is read through a web server.
type webStore struct {
	base   *url.URL
	client *httpread.Client
}

func (s *webStore) Get(ctx context.Context, key string) (*Reader, error) {
	r, err := s.fetch(ctx, http.MethodGet, key)
	if err != nil {
		return nil, err
	}
	peeked := bufio.NewReader(&webBody{r.Body, key})
	start, _ := peeked.Peek(512) // an error comes again when it is read
	if httpread.IsPage(start) {
		r.Body.Close()
		return nil, About(r.Request.URL.Redacted(), errWebPage)
	}
	return &Reader{struct {
		io.Reader
		io.Closer
	}{peeked, r.Body}, webEntry(key, r)}, nil
}

// Stat is Get without the object's bytes, unless the answer may be a page.
func (s *webStore) Stat(ctx context.Context, key string) (Entry, error) {
	r, err := s.fetch(ctx, http.MethodHead, key)
	if err != nil {
		return Entry{}, err
	}
	r.Body.Close()
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "text/html" {
		body, err := s.Get(ctx, key) // some servers serve unknown types as HTML
		if err != nil {
			return Entry{}, err
		}
		return body.Entry, body.Close()
	}
	return webEntry(key, r), nil
}

// webEntry describes the object by the answer's header. The size is -1 if the header
// does not have it.
func webEntry(key string, r *http.Response) Entry {
	modified, err := http.ParseTime(r.Header.Get("Last-Modified"))
	if err != nil {
		modified = time.Time{}
	}
	token := cmp.Or(r.Header.Get("ETag"), r.Header.Get("Last-Modified"))
	return Entry{Key: key, Size: r.ContentLength, Modified: modified, Token: token}
}

// fetch asks for an object until there is an answer worth returning.
func (s *webStore) fetch(ctx context.Context, method, key string) (*http.Response, error) {
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	u := *s.base
	u.Path = strings.TrimSuffix(u.Path, "/") + "/" + key // a '+' stays one
	u.RawPath = ""
	r, err := s.client.Get(ctx, method, &u)
	if tired := (*httpread.Exhausted)(nil); errors.As(err, &tired) {
		err = tired.Err
	}
	if err != nil {
		return nil, About(u.Redacted(), err)
	}
	return r, nil
}

// judgeWeb returns an error for an answer that is not an object.
func judgeWeb(r *http.Response) error {
	switch encoding := r.Header.Get("Content-Encoding"); {
	case r.StatusCode == http.StatusOK && encoding != "" && encoding != "identity":
		return fmt.Errorf("served with Content-Encoding %q, which Helm does not undo: store and serve it as it is", encoding)
	case r.StatusCode == http.StatusOK:
		return nil
	case r.StatusCode == http.StatusNotFound, r.StatusCode == http.StatusGone, r.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%w (%s)", ErrNotFound, r.Status)
	}
	err := fmt.Errorf("the server answers %s", r.Status)
	if r.StatusCode == http.StatusTooManyRequests || r.StatusCode >= 500 {
		return httpread.Again(err, 0)
	}
	return err
}

// webBody is the body of an answer; its errors name the object.
type webBody struct {
	io.Reader
	key string
}

func (b *webBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = About(b.key, err)
	}
	return n, err
}

// List fails: web servers do not list their files.
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
