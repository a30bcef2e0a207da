package importer

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/portolan-charts/portolan/publisher/httpread"
)

// webLimits say how patiently a repository's files are read. Its server may be
// slow, and is asked for each file once.
var webLimits = httpread.Limits{
	Tries:     5,
	Pause:     500 * time.Millisecond,
	Connect:   30 * time.Second,
	Answer:    time.Minute,
	Stall:     time.Minute,
	Whole:     15 * time.Minute,
	Redirects: 10,
}

// optionalLimits are those for a file that most repositories lack: servers that do
// not say so by 404 must not cost more time for it than for the archives.
var optionalLimits = httpread.Limits{
	Tries:     2,
	Pause:     250 * time.Millisecond,
	Stall:     10 * time.Second,
	Whole:     10 * time.Second,
	Redirects: webLimits.Redirects,
}

const (
	maxPause         = time.Minute     // longest pause that a server may ask for
	maxOptionalPause = 2 * time.Second // the same for an optional file
	maxOptional      = 3               // optional files in a row that fail, after which each is asked for once
)

// Credentials log in to the repository; the zero value logs in as nobody.
type Credentials struct {
	Username, Password string
	Token              string // sent as a Bearer token, instead of the other two
}

// header returns the value of the Authorization header, or "" for no header.
func (c Credentials) header() string {
	switch {
	case c.Token != "":
		return "Bearer " + c.Token
	case c.Username != "" || c.Password != "":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password))
	}
	return ""
}

// web reads files from web servers.
type web struct {
	base       *url.URL // of the repository; nil if it is not on the web
	client     *httpread.Client
	registries *registries  // that URLs lead to
	failed     atomic.Int32 // optional files in a row
}

func newWeb(base *url.URL, c Credentials) *web {
	client := httpread.New(webLimits)
	if base != nil {
		client.Name(base)
	}
	registries := newRegistries(*client, base, c)
	signed := &signer{next: client.Transport, base: base, header: c.header()}
	client.Transport, client.Redirect, client.Judge = signed, signed.checkRedirect, judge
	return &web{base: base, client: client, registries: registries}
}

// signer adds the credentials to the requests, first or redirected, that go to
// the repository itself.
type signer struct {
	next   http.RoundTripper
	base   *url.URL
	header string // "" without credentials
}

func (s *signer) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.header != "" && sameOrigin(r.URL, s.base) {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", s.header)
	}
	return s.next.RoundTrip(r)
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

func (s *signer) checkRedirect(r *http.Request, via []*http.Request) error {
	last := via[len(via)-1].URL
	switch {
	case !isWeb(r.URL):
		return notFetched(r.URL)
	case s.header != "" && last.Scheme == "https" && r.URL.Scheme == "http":
		return fmt.Errorf("redirect from https to %s: credentials were given, and http does not protect the answer", bare(r.URL))
	}
	r.Header.Del("Referer") // it may hold a secret in its query
	return nil
}

// refs returns the archive's only URL.
func (w *web) refs(e Entry) ([]string, error) { return []string{e.URL}, nil }

func (w *web) read(ctx context.Context, ref string, optional bool, f func(io.Reader) error) error {
	u, err := w.resolve(ref)
	if err != nil {
		return err
	}
	if !optional {
		return w.client.Read(ctx, u, f)
	}
	quick := *w.client
	quick.Limits, quick.Judge = optionalLimits, judgeOptional
	if w.failed.Load() >= maxOptional {
		quick.Tries, quick.Whole = 1, quick.Whole/2
	}
	err = quick.Read(ctx, u, f)
	if errors.As(err, new(*httpread.Exhausted)) {
		w.failed.Add(1)
	} else {
		w.failed.Store(0)
	}
	return err
}

// resolve returns the URL of a file, as Helm does: a relative URL is resolved
// against the repository's and gets its query.
func (w *web) resolve(ref string) (*url.URL, error) {
	u, err := url.Parse(ref)
	switch {
	case err != nil:
		return nil, fmt.Errorf("its URL %.200q is not valid", ref)
	case !u.IsAbs() && w.base != nil:
		base := *w.base
		base.Path = strings.TrimSuffix(base.Path, "/") + "/"
		if u = base.ResolveReference(u); sameOrigin(u, &base) {
			u.RawQuery = base.RawQuery
		}
	}
	if !isWeb(u) || u.Host == "" {
		return nil, notFetched(u)
	}
	return u, nil
}

// judge returns an error if the answer is not the file.
func judge(r *http.Response) error { return judgeWithin(r, maxPause) }

func judgeOptional(r *http.Response) error { return judgeWithin(r, maxOptionalPause) }

func judgeWithin(r *http.Response, pause time.Duration) error {
	err := fmt.Errorf("the server answered %s", r.Status)
	switch code := r.StatusCode; {
	case code == http.StatusOK:
		return nil
	case code == http.StatusNotFound, code == http.StatusGone:
		return errMissing
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fmt.Errorf("%w (%s)", ErrDenied, r.Status)
	case isTransient(code):
		return httpread.Again(err, min(retryAfter(r), pause))
	}
	return err
}

// isTransient reports whether an answer may be another when asked for again.
func isTransient(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// ErrDenied is returned if the server denies access, with or without
// credentials.
var ErrDenied = errors.New("the server denied access")

// retryAfter returns how long the server asks clients to wait, at most maxPause.
func retryAfter(r *http.Response) time.Duration {
	text := r.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), int(maxPause/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(time.Until(at), 0), maxPause)
	}
	return 0
}
