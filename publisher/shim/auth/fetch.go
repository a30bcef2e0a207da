package auth

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

const (
	fetchTime = 10 * time.Second // for one request, until the last byte of its answer
	maxAnswer = 1 << 20          // bytes of an answer; GitLab's and GitHub's keys take less than 10,000
)

var errTooLarge = fmt.Errorf("the answer is larger than %d bytes", maxAnswer)

// newClient returns the client for issuers and GitLab, whose certificates the
// authorities may have signed; nil stands for the system's. It does not follow
// redirects, since they could lead anywhere, and requests to GitLab carry tokens.
func newClient(authorities *x509.CertPool) *http.Client {
	dialer := &net.Dialer{Timeout: fetchTime / 2}
	return &http.Client{
		Timeout:       fetchTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: limited{&http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: authorities},
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    fetchTime / 2,
			MaxResponseHeaderBytes: 64 << 10,
			MaxConnsPerHost:        2 * maxAtOnce,
			IdleConnTimeout:        time.Minute,
		}},
	}
}

// limited bounds the size of answers. It does so for go-oidc as well, which does
// not bound them itself.
type limited struct{ http.RoundTripper }

func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = &limitedBody{answer.Body, maxAnswer}
	}
	return answer, err
}

type limitedBody struct {
	io.ReadCloser
	left int64
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// status is an answer that is not 200.
type status int

func (s status) Error() string {
	if s >= 300 && s < 400 {
		return fmt.Sprintf("it answers with status %d, a redirect, which is not followed", int(s))
	}
	return fmt.Sprintf("it answers with status %d", int(s))
}

// getJSON reads JSON from a URL. The header may be nil. No error contains any part
// of the header or of the answer.
func getJSON(ctx context.Context, client *http.Client, from string, header http.Header, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	answer, err := client.Do(r)
	if err != nil {
		return late(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return status(answer.StatusCode)
	}
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		return late(err)
	}
	if json.Unmarshal(b, into) != nil {
		return errors.New("its answer is not the expected JSON")
	}
	return nil
}

// errLate replaces the many errors that net/http has for a timeout.
var errLate = errors.New("it takes too long to answer")

func late(err error) error {
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		return errLate
	}
	return err
}

// checkServer returns an error if a URL cannot be that of a trusted server. It must
// use TLS, since otherwise anybody on the way could answer.
func checkServer(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return errors.New("must be a URL such as https://gitlab.example.com")
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return errors.New("must be a URL without user name, query and fragment")
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return errors.New("must begin with https://; http:// is only for servers on this machine")
	}
	return nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
