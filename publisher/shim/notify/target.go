package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
)

// Target is a server that is notified.
type Target struct {
	url  *url.URL
	make func(t *Target, secret string, e Event) (contentType string, body []byte, err error)
	host string // for people
	kind string

	transport http.RoundTripper // nil for the usual one
}

// Trust names the authorities that may have signed the server's certificate.
func (t *Target) Trust(authorities *x509.CertPool) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if transport.TLSClientConfig == nil {
		transport.TLSClientConfig = &tls.Config{}
	}
	transport.TLSClientConfig.RootCAs = authorities
	t.transport = transport
}

var (
	gitlabPath = lazyregexp.New(`/api/v4/projects/[^/]+/trigger/pipeline/?$`)
	githubPath = lazyregexp.New(`/repos/[^/]+/[^/]+/dispatches/?$`)
)

const timeout = 15 * time.Second // for one request

// ParseTarget parses a URL. Its path determines the kind of request: GitLab's
// pipeline trigger, which needs the parameter ref; GitHub's repository_dispatch; or
// JSON for any other path.
func ParseTarget(text string) (*Target, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("it is not a URL such as https://gitlab.example.com/api/v4/projects/42/trigger/pipeline?ref=main")
	case u.User != nil, u.Query().Has("token"), u.Query().Has("private_token"), u.Query().Has("access_token"):
		return nil, errors.New("the URL has a secret in it, which other users of this machine can read on the command line")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, fmt.Errorf("%.200q is not a URL such as https://gitlab.example.com/api/v4/projects/42/trigger/pipeline?ref=main", text)
	case u.Fragment != "":
		return nil, errors.New("the URL has a fragment, which is never sent to a server")
	}
	t := &Target{url: u, host: u.Host, kind: "JSON", make: (*Target).plain}
	switch {
	case gitlabPath.MatchString(u.EscapedPath()):
		t.kind, t.make = "GitLab", (*Target).gitlab
		if u.Query().Get("ref") == "" {
			return nil, errors.New("GitLab must be told which branch to run the pipeline on: add ?ref=main to the URL")
		}
	case githubPath.MatchString(u.EscapedPath()):
		t.kind, t.make = "GitHub", (*Target).github
	}
	return t, nil
}

// String describes the target for people, without anything that might be secret.
func (t *Target) String() string { return t.kind + " on " + t.host }

// NeedsSecret reports whether the target requires a secret.
func (t *Target) NeedsSecret() bool { return t.kind != "JSON" }

// Plain reports whether the secret would be sent unencrypted over a network.
func (t *Target) Plain() bool {
	host := t.url.Hostname()
	return t.url.Scheme == "http" && host != "localhost" && !strings.HasPrefix(host, "127.") && host != "::1"
}

// client follows no redirects, since they would send the secret to other servers.
func (t *Target) client() *http.Client {
	return &http.Client{
		Timeout:       timeout,
		Transport:     t.transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Send makes one attempt.
func (t *Target) Send(ctx context.Context, secret string, e Event) error {
	contentType, body, err := t.make(t, secret, e)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.address(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("User-Agent", "portolan")
	switch {
	case t.kind == "GitHub":
		r.Header.Set("Accept", "application/vnd.github+json")
		r.Header.Set("X-GitHub-Api-Version", "2022-11-28")
		fallthrough
	case t.kind == "JSON" && secret != "":
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	answer, err := t.client().Do(r)
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		return fmt.Errorf("%s cannot be reached: %w", t, failed.Err) // without the URL in failed, which may contain a secret
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if err := judge(answer, secret); err != nil {
		return fmt.Errorf("%s: %w", t, err)
	}
	return nil
}

// address returns the URL without the parameters that go into the body.
func (t *Target) address() string {
	u := *t.url
	if t.kind == "GitLab" {
		u.RawQuery = ""
	}
	return u.String()
}

// judge returns an error for an answer that is not a success.
func judge(answer *http.Response, secret string) error {
	const most = 500 // bytes of the answer that are quoted
	// More are read, so that a secret is not cut in half, where it would not be
	// recognised.
	text, _ := io.ReadAll(io.LimitReader(answer.Body, most+4*int64(len(secret))))
	said := string(text)
	if secret != "" {
		said = strings.NewReplacer(secret, "…", url.QueryEscape(secret), "…").Replace(said)
	}
	said = strings.ToValidUTF8(said[:min(most, len(said))], "")
	switch code := answer.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code >= 300 && code < 400:
		return fmt.Errorf("the server answers %s: redirects are not followed, since they would send the secret elsewhere; use the URL that it redirects to", answer.Status)
	}
	return fmt.Errorf("the server answers %s: %s", answer.Status, strings.TrimSpace(said))
}

// gitlab makes the request for a pipeline trigger. It sets no variables, since many
// projects do not allow that.
func (t *Target) gitlab(secret string, _ Event) (string, []byte, error) {
	form := url.Values{"token": {secret}, "ref": {t.url.Query().Get("ref")}}
	return "application/x-www-form-urlencoded", []byte(form.Encode()), nil
}

// github makes the request for a repository_dispatch with the type
// portolan-uploads.
func (t *Target) github(_ string, e Event) (string, []byte, error) {
	b, err := json.Marshal(map[string]any{"event_type": "portolan-uploads", "client_payload": e})
	return "application/json", b, err
}

func (t *Target) plain(_ string, e Event) (string, []byte, error) {
	b, err := json.Marshal(e)
	return "application/json", b, err
}
