package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Target is who is notified.
type Target struct {
	url  *url.URL
	make func(t *Target, secret string, e Event) (contentType string, body []byte, err error)
	host string // for people
	kind string
}

var (
	gitlabPath = regexp.MustCompile(`/api/v4/projects/[^/]+/trigger/pipeline/?$`)
	githubPath = regexp.MustCompile(`/repos/[^/]+/[^/]+/dispatches/?$`)
)

const timeout = 15 * time.Second // for one request

// ParseTarget reads a URL. Its path tells what is spoken there: GitLab's
// pipeline trigger, which needs the parameter ref; GitHub's repository_dispatch;
// or else JSON.
func ParseTarget(text string) (*Target, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("it is no URL such as https://gitlab.example.com/api/v4/projects/42/trigger/pipeline?ref=main")
	case u.User != nil, u.Query().Has("token"), u.Query().Has("private_token"), u.Query().Has("access_token"):
		return nil, errors.New("the URL holds a secret, which others on this machine can read on the command line")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, fmt.Errorf("%.200q is no URL such as https://gitlab.example.com/api/v4/projects/42/trigger/pipeline?ref=main", text)
	case u.Fragment != "":
		return nil, errors.New("the URL has a fragment, which no server gets to see")
	}
	t := &Target{url: u, host: u.Host, kind: "JSON", make: (*Target).plain}
	switch {
	case gitlabPath.MatchString(u.EscapedPath()):
		t.kind, t.make = "GitLab", (*Target).gitlab
		if u.Query().Get("ref") == "" {
			return nil, errors.New("GitLab wants to know on which branch the pipeline is to run: add ?ref=main to the URL")
		}
	case githubPath.MatchString(u.EscapedPath()):
		t.kind, t.make = "GitHub", (*Target).github
	}
	return t, nil
}

// String is the target for people, with nothing that might be secret.
func (t *Target) String() string { return t.kind + " on " + t.host }

// NeedsSecret reports whether nobody is heard there without a secret.
func (t *Target) NeedsSecret() bool { return t.kind != "JSON" }

// Plain reports whether the secret would be sent where others can read it.
func (t *Target) Plain() bool {
	host := t.url.Hostname()
	return t.url.Scheme == "http" && host != "localhost" && !strings.HasPrefix(host, "127.") && host != "::1"
}

// None of the servers may have the secret sent on to others.
var client = &http.Client{
	Timeout:       timeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
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
	answer, err := client.Do(r)
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		return fmt.Errorf("%s cannot be reached: %w", t, failed.Err) // whose URL may hold a secret, too
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

// address is the URL without what goes into the body.
func (t *Target) address() string {
	u := *t.url
	if t.kind == "GitLab" {
		u.RawQuery = ""
	}
	return u.String()
}

// judge makes an error of an answer that is no consent.
func judge(answer *http.Response, secret string) error {
	const most = 500 // bytes of it that are told
	// More is read, lest a secret is cut in half and not known any more.
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
		return fmt.Errorf("the server answers %s: redirects are not followed, since they would carry the secret elsewhere; name the URL that it goes to", answer.Status)
	}
	return fmt.Errorf("the server answers %s: %s", answer.Status, strings.TrimSpace(said))
}

// gitlab is a pipeline trigger. It carries no variables, which many projects
// allow nobody to set.
func (t *Target) gitlab(secret string, _ Event) (string, []byte, error) {
	form := url.Values{"token": {secret}, "ref": {t.url.Query().Get("ref")}}
	return "application/x-www-form-urlencoded", []byte(form.Encode()), nil
}

// github is a repository_dispatch, for workflows that are started by the type
// portolan-uploads.
func (t *Target) github(_ string, e Event) (string, []byte, error) {
	b, err := json.Marshal(map[string]any{"event_type": "portolan-uploads", "client_payload": e})
	return "application/json", b, err
}

func (t *Target) plain(_ string, e Event) (string, []byte, error) {
	b, err := json.Marshal(e)
	return "application/json", b, err
}
