package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jellydator/ttlcache/v3"
	"golang.org/x/sync/singleflight"
)

const (
	gitlabFor   = time.Minute   // how long an answer is used
	maxGitLab   = 1_000         // answers that are remembered
	gitlabTime  = 2 * fetchTime // for checking one token, including the wait for its turn
	maxOwnToken = 4 << 10       // bytes; job tokens may be JWTs
	maxProjects = 32            // projects that GitLab is asked about for an access token
	jobUser     = "gitlab-ci-token"
	jobPrefix   = "glcbt-"
	patPrefix   = "glpat-" // GitLab's default
)

// gitlab is the GitLab that is asked about its own tokens.
type gitlab struct {
	url      string // without a trailing slash
	prefix   string // of its personal, project and group access tokens
	rules    []*rule
	projects []string // numbers of the projects that the rules name

	client *http.Client  // as the Authoriser sets it
	slots  chan struct{} // tokens checked at the same time
	flight singleflight.Group
	known  *ttlcache.Cache[digest, remembered]
}

// remembered is a recent answer of GitLab about a token.
type remembered struct {
	*vouched
	until time.Time
}

// tokenKind is a kind of token: the header in which GitLab takes it.
type tokenKind string

const (
	jobToken    tokenKind = "JOB-TOKEN"
	accessToken tokenKind = "PRIVATE-TOKEN"
	otherToken  tokenKind = ""
)

func newGitLab(e *gitlabEntry) *gitlab {
	return &gitlab{
		url:      strings.TrimRight(e.URL, "/"),
		prefix:   cmp.Or(e.TokenPrefix, patPrefix),
		rules:    e.Rules,
		projects: e.projects(),
		slots:    make(chan struct{}, maxAtOnce),
		known:    ttlcache.New(ttlcache.WithCapacity[digest, remembered](maxGitLab)),
	}
}

// kindOf distinguishes GitLab's tokens from other secrets. Others are not sent to
// GitLab, since they could be somebody's password.
func (g *gitlab) kindOf(c credentials) tokenKind {
	switch {
	case g == nil:
		return otherToken
	case strings.HasPrefix(c.secret, jobPrefix):
		return jobToken
	case strings.HasPrefix(c.secret, g.prefix):
		return accessToken
	case c.basic && c.user == jobUser: // older GitLabs' job tokens have no prefix
		return jobToken
	}
	return otherToken
}

// byGitLab identifies the tokens of the GitLab in the file by asking it. Asking
// counts as a failure until GitLab knows the token, so nobody can make the shim ask
// about one guess after another. From a throttled address, a remembered token still
// works, as portolan's own tokens do.
func (a *Authoriser) byGitLab(ctx context.Context, p *policy, kind tokenKind, c credentials, from address) (*Identity, error) {
	g, key := p.gitlab, a.checks.mac(string(kind), c.secret)
	v, ok := g.remembered(key, a.now())
	if !ok {
		if why := p.refused.why(key, a.now()); why != nil {
			return nil, a.deny(c, from, why)
		}
		if wait := a.failures.wait(a.tokensFrom(from), a.now()); wait > 0 { // and nothing waits for its turn
			return nil, Throttled{wait}
		}
		asked := g.flight.DoChan(string(key[:]), func() (any, error) { return a.askGitLab(p, kind, c.secret, key, from) })
		select {
		case answer := <-asked:
			if answer.Err != nil {
				return nil, answer.Err
			}
			v = answer.Val.(*vouched)
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for %s: %w", g.url, ctx.Err())
		}
	}
	return a.vouchedFor(v, nil, c, from)
}

// askGitLab waits for its turn, asks GitLab about a token and remembers the answer.
func (a *Authoriser) askGitLab(p *policy, kind tokenKind, secret string, key digest, from address) (any, error) {
	g := p.gitlab
	ctx, cancel := context.WithTimeout(context.Background(), gitlabTime)
	defer cancel()
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	case <-ctx.Done():
		return nil, &Unavailable{g.url, errors.New("too many tokens are being checked")}
	}
	if v, ok := g.remembered(key, a.now()); ok { // another request has asked meanwhile
		return v, nil
	}
	if why := p.refused.why(key, a.now()); why != nil {
		return nil, why
	}
	others := a.tokensFrom(from)
	if err := a.spend(others, freshTokens); err != nil {
		return nil, err
	}
	v, err := g.ask(ctx, kind, secret, a.now())
	if errors.Is(err, ErrCredentials) {
		a.logRefused(nil, err)
		p.refused.add(key, err, a.now())
		return nil, err
	}
	a.failures.putBack(others)
	if err != nil {
		return nil, err
	}
	g.known.Set(key, remembered{v, a.now().Add(gitlabFor)}, ttlcache.NoTTL)
	return v, nil
}

// tokensFrom is the source of all of GitLab's tokens that an address sends.
func (a *Authoriser) tokensFrom(from address) source {
	return source{from, a.checks.mac("tokens of GitLab")}
}

func (g *gitlab) remembered(key digest, now time.Time) (*vouched, bool) {
	r := g.known.Get(key)
	if r == nil || !now.Before(r.Value().until) {
		return nil, false
	}
	return r.Value().vouched, true
}

// ask asks GitLab about a token.
func (g *gitlab) ask(ctx context.Context, kind tokenKind, secret string, now time.Time) (*vouched, error) {
	if len(secret) > maxOwnToken || strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, refuse("this is not a GitLab token: it is too long, or has characters that GitLab does not use")
	}
	header := http.Header{string(kind): {secret}}
	if kind == jobToken {
		return g.askJob(ctx, header)
	}
	return g.askAccess(ctx, header, now)
}

// get sends one request. If GitLab refuses the token, the error is a status. Any
// other failure is Unavailable, since it says nothing about the token.
func (g *gitlab) get(ctx context.Context, path string, header http.Header, into any) error {
	err := getJSON(ctx, g.client, g.url+"/api/v4/"+path, header, into)
	var answered status
	if errors.As(err, &answered) && slices.Contains([]status{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound}, answered) {
		return answered
	}
	if err != nil {
		return &Unavailable{g.url, err}
	}
	return nil
}

// refusedBy returns a refusal if err is a status from get, and err otherwise.
func refusedBy(err error, format string, args ...any) error {
	if _, ok := err.(status); ok { // and not one wrapped in Unavailable
		return refuse(format, args...)
	}
	return err
}

// askJob asks which job a job token belongs to. GitLab knows the token only while
// the job runs.
func (g *gitlab) askJob(ctx context.Context, header http.Header) (*vouched, error) {
	var job struct {
		ID       int64  `json:"id"`
		URL      string `json:"web_url"`
		Ref      string `json:"ref"`
		Tag      bool   `json:"tag"`
		Source   string `json:"source"`
		Pipeline struct {
			ID      int64 `json:"id"`
			Project int64 `json:"project_id"`
		} `json:"pipeline"`
		User struct {
			ID   int64  `json:"id"`
			Name string `json:"username"`
		} `json:"user"`
	}
	if err := g.get(ctx, "job", header, &job); err != nil {
		return nil, refusedBy(err, "GitLab does not know the job token, or its job has ended")
	}
	if job.ID <= 0 || job.Pipeline.Project <= 0 {
		return nil, &Unavailable{g.url, errors.New("its answer about a job token does not name the job and its project")}
	}
	c := claims{"token": "job", "project_id": number(job.Pipeline.Project), "ref": job.Ref, "ref_type": "branch"}
	if job.Tag {
		c["ref_type"] = "tag"
	}
	if job.Source != "" {
		c["pipeline_source"] = job.Source
	}
	if strings.HasPrefix(job.Ref, "refs/merge-requests/") {
		c["pipeline_source"] = mergeRequest
	}
	if job.User.ID > 0 {
		c["user_id"], c["user_login"] = number(job.User.ID), job.User.Name
	}
	v := &vouched{kind: "gitlab", by: g.url, subject: "job " + number(job.ID), claims: c, rules: g.rules}
	if strings.HasPrefix(job.URL, g.url+"/") {
		v.job = job.URL
	}
	return v, nil
}

func number(n int64) string { return fmt.Sprint(n) }
