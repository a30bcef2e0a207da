package notify

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
	"github.com/portolan-charts/portolan/publisher/webhook"
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
func (t *Target) Trust(authorities *x509.CertPool) { t.transport = webhook.Trusting(authorities) }

var (
	gitlabPath = lazyregexp.New(`/api/v4/projects/[^/]+/trigger/pipeline/?$`)
	githubPath = lazyregexp.New(`/repos/[^/]+/[^/]+/dispatches/?$`)
)

// ParseTarget parses a URL. Its path determines the kind of request: GitLab's
// pipeline trigger, which needs the parameter ref; GitHub's repository_dispatch; or
// JSON for any other path.
func ParseTarget(text string) (*Target, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("it is not a URL such as https://gitlab.example.com/api/v4/projects/42/trigger/pipeline?ref=main")
	case u.User != nil, webhook.HasSecret(u):
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
func (t *Target) Plain() bool { return webhook.Plain(t.url) }

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
	return webhook.Send(t.String(), t.transport, r, secret)
}

// address returns the URL without the parameters that go into the body.
func (t *Target) address() string {
	u := *t.url
	if t.kind == "GitLab" {
		u.RawQuery = ""
	}
	return u.String()
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
