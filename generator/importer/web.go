package importer

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/pause"
)

const (
	webTries  = 5
	webPause  = 500 * time.Millisecond // before the second try; doubles with each try
	webStall  = time.Minute            // longest time without a byte
	webLimit  = 15 * time.Minute       // longest time for one file
	maxPause  = time.Minute            // longest pause that a server may ask for
	redirects = 10
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
	base   *url.URL // of the repository; nil if it is not on the web
	client *http.Client
	stall  time.Duration // time without a byte after which a request is cancelled
	sleep  func(context.Context, time.Duration) error
}

func newWeb(base *url.URL, c Credentials) *web {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true // as Helm does; some servers declare an archive's gzip as an encoding
	transport.ResponseHeaderTimeout = webStall
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns // most are to one host
	signed := &signer{next: transport, base: base, header: c.header()}
	client := &http.Client{Transport: signed, CheckRedirect: signed.checkRedirect}
	return &web{base, client, webStall, pause.For}
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

// lasting is a failure that retrying cannot fix.
type lasting struct{ error }

func (l lasting) Unwrap() error { return l.error }

// exhausted is a failure that retrying could have fixed but did not.
type exhausted struct{ error }

func (e exhausted) Unwrap() error { return e.error }

func (s *signer) checkRedirect(r *http.Request, via []*http.Request) error {
	last := via[len(via)-1].URL
	switch {
	case len(via) > redirects:
		return lasting{fmt.Errorf("more than %d redirects", redirects)}
	case !isWeb(r.URL):
		return lasting{notFetched(r.URL)}
	case s.header != "" && last.Scheme == "https" && r.URL.Scheme == "http":
		return lasting{fmt.Errorf("redirect from https to %s: credentials were given, and http does not protect the answer", bare(r.URL))}
	}
	r.Header.Del("Referer") // it may hold a secret in its query
	return nil
}

func (w *web) read(ctx context.Context, ref string, f func(io.Reader) error) error {
	u, err := w.resolve(ref)
	if err != nil {
		return err
	}
	for try, pause := 1, webPause; ; try, pause = try+1, pause*2 {
		wait, err := w.try(ctx, u, f)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if l := (lasting{}); errors.As(err, &l) {
			return l.error
		}
		if try == webTries {
			return exhausted{fmt.Errorf("%w (tried %d times)", err, try)}
		}
		wait = max(wait, pause/2+rand.N(pause))
		if err := w.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// resolve returns the URL of a file, as Helm does: a relative URL is resolved
// against the repository's and gets its query.
func (w *web) resolve(ref string) (*url.URL, error) {
	u, err := url.Parse(ref)
	switch {
	case err != nil:
		return nil, fmt.Errorf("its URL %.200q is none", ref)
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

// try makes one request. After a failure, wait is how long the server asks
// clients to wait.
func (w *web) try(ctx context.Context, u *url.URL, f func(io.Reader) error) (wait time.Duration, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ctx, stop := context.WithTimeoutCause(ctx, webLimit, fmt.Errorf("not complete after %s", webLimit))
	defer stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return 0, lasting{err}
	}
	request.Header.Set("User-Agent", "portolan")
	r, err := w.client.Do(request)
	if err != nil {
		if e := (*url.Error)(nil); errors.As(err, &e) {
			err = e.Err // the URL may hold secrets
		}
		return 0, err
	}
	defer r.Body.Close()
	if err := judge(r); err != nil {
		return retryAfter(r), err
	}
	body := &stallReader{r: r.Body, timer: time.AfterFunc(w.stall, func() { cancel(fmt.Errorf("no data for %s", w.stall)) }), every: w.stall}
	defer body.timer.Stop()
	err = f(body)
	switch cause := context.Cause(ctx); {
	case err == nil:
		return 0, nil
	case body.err == nil:
		return 0, lasting{err} // f's own
	case cause != nil:
		return 0, cause
	}
	return 0, body.err
}

// judge returns an error if the answer is not the file.
func judge(r *http.Response) error {
	err := fmt.Errorf("the server answered %s", r.Status)
	switch code := r.StatusCode; {
	case code == http.StatusOK:
		return nil
	case code == http.StatusNotFound, code == http.StatusGone:
		return lasting{errMissing}
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return lasting{fmt.Errorf("%w (%s)", ErrDenied, r.Status)}
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		return err
	}
	return lasting{err}
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

// stallReader reads the body of an answer, resets the timer with each byte, and
// remembers a failure to read.
type stallReader struct {
	r     io.Reader
	timer *time.Timer
	every time.Duration
	err   error
}

func (s *stallReader) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if n > 0 {
		s.timer.Reset(s.every)
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
