// Package httpread reads files from web servers that fail for a moment, stall, or
// send a page in place of the file.
//
// A [Client] asks again after a failure that may pass: a connection that cannot be
// made or breaks off, a server that sends nothing for too long, and the answers
// for which its user says so. Between two tries it waits, each time about twice as
// long, and at least as long as the server asks. Everything else is final:
// redirects that are refused, and all other answers.
package httpread

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/portolan-charts/portolan/publisher/pause"
)

const (
	agent      = "portolan"
	maxHeaders = 64 << 10 // bytes of the header of an answer
	perHost    = 100      // idle connections that are kept; most are to one host
)

// Limits say how patient a Client is.
type Limits struct {
	Tries     int
	Pause     time.Duration // before the second try; doubled before each later one
	Connect   time.Duration // until there is a connection
	Answer    time.Duration // from the request to the header of the answer
	Stall     time.Duration // without a byte of the body
	Whole     time.Duration // for one try; 0 is no limit
	Redirects int           // that are followed
}

// Client reads files from web servers. Its fields are set before it is used; then
// it may be used from many goroutines.
type Client struct {
	Limits
	Transport http.RoundTripper // made by New; may be wrapped
	Header    http.Header       // sent with each request

	// Judge returns an error if an answer is not the file. It is final unless it
	// was made by [Again].
	Judge func(*http.Response) error

	// Redirect returns an error if a redirect is not to be followed; see
	// [http.Client.CheckRedirect].
	Redirect func(r *http.Request, via []*http.Request) error

	// Sleep waits between two tries.
	Sleep func(context.Context, time.Duration) error

	base  *http.Transport // what Transport was made as
	guard *guard
}

// New returns a client that takes every answer of 200 for the file and follows
// redirects to everywhere but this machine and its link, unless the server that the
// user named is there; see [Client.Name]. Proxies are used as the environment says.
func New(l Limits) *Client {
	g := &guard{proxies: map[string]bool{}}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = g.dialer(net.Dialer{Timeout: l.Connect})
	t.Proxy = g.proxy(t.Proxy)
	t.TLSHandshakeTimeout = l.Connect
	t.ResponseHeaderTimeout = l.Answer
	t.MaxResponseHeaderBytes = maxHeaders
	t.MaxIdleConnsPerHost = perHost
	t.DisableCompression = true // some servers declare an archive's own gzip as an encoding
	return &Client{Limits: l, Transport: t, Sleep: pause.For, base: t, guard: g}
}

// Name says which server the user named. All other URLs may come from strangers.
// Without it, all of them may, and this machine is connected to only for URLs that
// name it, not for redirects. It is called before the client is used.
func (c *Client) Name(server *url.URL) { c.guard.named = hostPort(server) }

// Trust adds the authorities that may have signed the certificates of servers. It is
// called before the client is used.
func (c *Client) Trust(authorities *x509.CertPool) {
	if c.base.TLSClientConfig == nil {
		c.base.TLSClientConfig = &tls.Config{}
	}
	c.base.TLSClientConfig.RootCAs = authorities
}

// Exhausted is a failure that another try could have mended, but none did.
type Exhausted struct {
	Tries int
	Err   error // of the last try
}

func (e *Exhausted) Error() string { return fmt.Sprintf("%v (tried %d times)", e.Err, e.Tries) }

// Unwrap returns the failure of the last try.
func (e *Exhausted) Unwrap() error { return e.Err }

// again is a failure that another try may mend.
type again struct {
	error
	wait time.Duration
}

func (a *again) Unwrap() error { return a.error }

// Again returns err as a failure that another try may mend, after at least that
// time.
func Again(err error, wait time.Duration) error { return &again{err, wait} }

// final marks an error within one of package http that no other try mends.
type final struct{ error }

// Get returns the answer that has the file, or with the method HEAD only its
// header. Reading the body fails when nothing comes for too long; it is not begun
// again. The caller closes it.
func (c *Client) Get(ctx context.Context, method string, u *url.URL) (r *http.Response, err error) {
	err = c.Retry(ctx, func() error {
		r, err = c.once(ctx, method, u)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Read passes the file's bytes to f. If they cannot be read to their end, it calls
// f again, with the file from its beginning. An error of f's own is final.
func (c *Client) Read(ctx context.Context, u *url.URL, f func(io.Reader) error) error {
	return c.Retry(ctx, func() error {
		r, err := c.once(ctx, http.MethodGet, u)
		if err != nil {
			return err
		}
		defer r.Body.Close()
		err = f(r.Body)
		if failure := r.Body.(*body).err; err != nil && failure != nil {
			return failure
		}
		return err
	})
}

// HTTP returns a client for a protocol of more than files. Each of its requests is one
// try, with the limits and rules of c; what fails may be worth another by [Client.Retry].
// It returns all answers but those for which Judge has an error.
func (c *Client) HTTP() *http.Client {
	return &http.Client{Transport: single{c}, CheckRedirect: c.checkRedirect}
}

// Retry calls try until it succeeds, or fails in a way that another try does not mend.
func (c *Client) Retry(ctx context.Context, try func() error) error {
	for n, wait := 1, c.Pause; ; n, wait = n+1, wait*2 {
		err := try()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		a := (*again)(nil)
		if !errors.As(err, &a) {
			return err
		}
		if n == c.Tries {
			return &Exhausted{n, a.error}
		}
		// Half of it is chance, so that those who failed together do not come
		// back together.
		if err := c.Sleep(ctx, max(a.wait, wait/2+rand.N(wait))); err != nil {
			return err
		}
	}
}

// once makes one request, and follows redirects.
func (c *Client) once(ctx context.Context, method string, u *url.URL) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	follow := http.Client{Transport: c.Transport, CheckRedirect: c.checkRedirect}
	return c.limited(r, u, follow.Do)
}

// single makes one request, and follows no redirect.
type single struct{ *Client }

func (c single) RoundTrip(r *http.Request) (*http.Response, error) {
	if from, ok := r.Context().Value(firstURL{}).(*url.URL); ok {
		return c.limited(r, from, c.Transport.RoundTrip)
	}
	first := r
	for first.Response != nil {
		first = first.Response.Request
	}
	return c.limited(r, first.URL, c.Transport.RoundTrip)
}

// limited sends a request within the limits; first is the URL before redirects.
func (c *Client) limited(request *http.Request, first *url.URL, send func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(From(request.Context(), first))
	if err := c.guard.checkURL(ctx, request.URL); err != nil {
		cancel(nil)
		return nil, err.(final).error
	}
	b := &body{ctx: ctx, cancel: cancel, every: c.Stall}
	if c.Whole > 0 {
		limit := time.AfterFunc(c.Whole, func() { cancel(fmt.Errorf("not complete after %s", c.Whole)) })
		b.stop = limit.Stop
	}
	r, err := c.ask(request.Clone(ctx), send)
	if err != nil {
		b.end()
		return nil, err
	}
	b.ReadCloser, r.Body = r.Body, b
	b.stall = time.AfterFunc(c.Stall, func() { cancel(fmt.Errorf("no data for %s", c.Stall)) })
	return r, nil
}

func (c *Client) ask(request *http.Request, send func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	for name, values := range c.Header {
		request.Header[name] = values
	}
	request.Header.Set("User-Agent", agent)
	r, err := send(request)
	if f := (final{}); errors.As(err, &f) {
		return nil, f.error
	}
	if err != nil {
		if e := (*url.Error)(nil); errors.As(err, &e) {
			err = e.Err // the URL may hold secrets, and callers name it
		}
		if errors.As(err, new(*tls.CertificateVerificationError)) || errors.As(err, new(tls.RecordHeaderError)) || errors.Is(err, http.ErrSchemeMismatch) {
			return nil, err
		}
		return nil, &again{error: err}
	}
	if c.Judge != nil {
		err = c.Judge(r)
	} else if r.StatusCode != http.StatusOK {
		err = fmt.Errorf("the server answers %s", r.Status)
	}
	if err != nil {
		r.Body.Close()
		return nil, err
	}
	return r, nil
}

func (c *Client) checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) > c.Redirects {
		return final{fmt.Errorf("more than %d redirects", c.Redirects)}
	}
	if err := c.guard.checkURL(From(r.Context(), via[0].URL), r.URL); err != nil {
		return err
	}
	if c.Redirect != nil {
		if err := c.Redirect(r, via); err != nil {
			return final{err}
		}
	}
	return nil
}

// body is the body of an answer. Reading it fails when nothing comes for too
// long, and remembers the failure.
type body struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	stop   func() bool // of the limit for the whole file; may be nil
	stall  *time.Timer
	every  time.Duration
	err    error
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.stall.Reset(b.every)
	}
	if err != nil && err != io.EOF {
		if cause := context.Cause(b.ctx); cause != nil {
			err = cause // and not that the request was canceled
		}
		b.err = &again{error: err}
		return n, b.err
	}
	return n, err
}

func (b *body) Close() error {
	b.stall.Stop()
	b.end()
	return b.ReadCloser.Close()
}

func (b *body) end() {
	if b.stop != nil {
		b.stop()
	}
	b.cancel(nil)
}

// IsPage reports whether a file that begins so is a web page. Servers of
// single-page applications, and pages that ask to log in, answer so for files that
// they do not have. Indexes, archives and provenance files never begin so.
func IsPage(start []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(start, "\ufeff \t\r\n"), []byte("<"))
}
