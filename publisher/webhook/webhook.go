// Package webhook makes the requests that tell a server of something. It follows no
// redirects, reads little of an answer, and keeps secrets out of errors.
package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/untrusted"
)

const timeout = 15 * time.Second // for one request

// Trusting returns the usual transport, but for which authorities may have signed the
// server's certificate.
func Trusting(authorities *x509.CertPool) http.RoundTripper {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if transport.TLSClientConfig == nil {
		transport.TLSClientConfig = &tls.Config{}
	}
	transport.TLSClientConfig.RootCAs = authorities
	return transport
}

// Plain reports whether what is sent to the URL goes unencrypted over a network.
func Plain(u *url.URL) bool {
	host := u.Hostname()
	return u.Scheme == "http" && host != "localhost" && !strings.HasPrefix(host, "127.") && host != "::1"
}

// HasSecret reports whether the URL has a parameter that is a secret, as some servers take it.
func HasSecret(u *url.URL) bool {
	q := u.Query()
	return q.Has("token") || q.Has("private_token") || q.Has("access_token")
}

// Send makes one attempt. Its errors call the server by the name, and do not have the URL
// in them, nor any of the secrets. A nil transport is the usual one.
func Send(name string, transport http.RoundTripper, r *http.Request, secrets ...string) error {
	client := &http.Client{
		Timeout:   timeout,
		Transport: transport,
		// Redirects are not followed, since they would send the secret to other servers.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(r)
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		err = failed.Err // without the URL in failed, which may contain a secret
		if text := err.Error(); hide(text, secrets) != text {
			err = errors.New(hide(text, secrets)) // it quotes what the server answered
		}
		return fmt.Errorf("%s cannot be reached: %w", name, err)
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if err := judge(answer, secrets); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// most is how much is quoted of what a server says, in bytes.
const most = 500

// hide returns the beginning of what a server says, without the secrets.
func hide(said string, secrets []string) string {
	var all []string
	for _, secret := range secrets {
		if secret != "" {
			all = append(all, secret, "…", url.QueryEscape(secret), "…")
		}
	}
	said = strings.ToValidUTF8(strings.NewReplacer(all...).Replace(said), "")
	return strings.TrimSpace(untrusted.Head(said, most))
}

// judge returns an error for an answer that is not a success.
func judge(answer *http.Response, secrets []string) error {
	more := 0 // is read, so that a secret is not cut in half, where it would not be recognised
	for _, secret := range secrets {
		more = max(more, 4*len(secret))
	}
	text, _ := io.ReadAll(io.LimitReader(answer.Body, int64(most+more)))
	said := hide(string(text), secrets)
	status := strings.TrimSpace(fmt.Sprintf("%d %s", answer.StatusCode, http.StatusText(answer.StatusCode))) // the server's own words may be anything
	switch code := answer.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code >= 300 && code < 400:
		return fmt.Errorf("the server answers %s: redirects are not followed, since they would send the secret elsewhere; use the URL that it redirects to", status)
	case said == "":
		return fmt.Errorf("the server answers %s", status)
	}
	return fmt.Errorf("the server answers %s: %s", status, said)
}
