package auth

import (
	"cmp"
	"context"
	"crypto/sha256"
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
	gitlabFor   = time.Minute   // an answer is believed
	maxGitLab   = 1_000         // answers are remembered
	gitlabTime  = 2 * fetchTime // a token may take to be checked, waiting for its turn included
	maxOwnToken = 4 << 10       // bytes; job tokens may be JWTs
	maxProjects = 32            // that access tokens are asked about
	jobUser     = "gitlab-ci-token"
	jobPrefix   = "glcbt-"
	patPrefix   = "glpat-" // unless the GitLab has been told another one
)

// gitlab is the GitLab that is asked about its own tokens.
type gitlab struct {
	url      string // without a slash at its end
	prefix   string // of its personal, project and group access tokens
	rules    []*rule
	projects []string // that the rules name

	client *http.Client  // as the Authoriser sets it
	slots  chan struct{} // tokens checked at the same time
	flight singleflight.Group
	known  *ttlcache.Cache[digest, remembered]
}

// remembered is what GitLab said of a token not long ago.
type remembered struct {
	*vouched
	until time.Time
}

// tokenKind is how GitLab is asked about a token: its header.
type tokenKind string

const (
	jobToken    tokenKind = "JOB-TOKEN"
	accessToken tokenKind = "PRIVATE-TOKEN"
	otherToken  tokenKind = ""
)

func newGitLab(e *gitlabEntry) *gitlab {
	return &gitlab{url: strings.TrimRight(e.URL, "/"), prefix: cmp.Or(e.TokenPrefix, patPrefix), rules: e.Rules, projects: e.projects(), slots: make(chan struct{}, maxAtOnce), known: ttlcache.New(ttlcache.WithCapacity[digest, remembered](maxGitLab))}
}

// kindOf tells GitLab's tokens from others. No other secret is sent there: it
// could be somebody's password.
func (g *gitlab) kindOf(c credentials) tokenKind {
	switch {
	case g == nil:
		return otherToken
	case strings.HasPrefix(c.secret, jobPrefix):
		return jobToken
	case strings.HasPrefix(c.secret, g.prefix):
		return accessToken
	case c.basic && c.user == jobUser: // of a GitLab whose job tokens have no prefix yet
		return jobToken
	}
	return otherToken
}

// byGitLab knows the tokens of the GitLab in the file, by asking it. To ask
// counts as a failure until GitLab knows the token, so nobody can have it asked
// about one guess after the other; who is throttled can go on with a token that
// is remembered, as with one of portolan's.
func (a *Authoriser) byGitLab(ctx context.Context, g *gitlab, kind tokenKind, secret string, from address) (*Identity, error) {
	key := sha256.Sum256([]byte(string(kind) + " " + secret))
	v, ok := g.remembered(key, a.now())
	if !ok {
		asked := g.flight.DoChan(string(key[:]), func() (any, error) { return a.askGitLab(g, kind, secret, key, from) })
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
	return a.vouchedFor(v, nil, from)
}

// askGitLab waits for its turn and asks.
func (a *Authoriser) askGitLab(g *gitlab, kind tokenKind, secret string, key digest, from address) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), gitlabTime)
	defer cancel()
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	case <-ctx.Done():
		return nil, &Unavailable{g.url, errors.New("too many tokens are being checked")}
	}
	if v, ok := g.remembered(key, a.now()); ok { // by another request, meanwhile
		return v, nil
	}
	if err := a.fail(from, nil); err != nil {
		return nil, err
	}
	v, err := g.ask(ctx, kind, secret, a.now())
	if errors.Is(err, ErrCredentials) {
		a.logRefused(nil, err)
		return nil, err
	}
	a.failures.putBack(from)
	if err != nil {
		return nil, err
	}
	g.known.Set(key, remembered{v, a.now().Add(gitlabFor)}, ttlcache.NoTTL)
	return v, nil
}

func (g *gitlab) remembered(key digest, now time.Time) (*vouched, bool) {
	r := g.known.Get(key)
	if r == nil || !now.Before(r.Value().until) {
		return nil, false
	}
	return r.Value().vouched, true
}

// ask finds out what GitLab says of a token.
func (g *gitlab) ask(ctx context.Context, kind tokenKind, secret string, now time.Time) (*vouched, error) {
	if len(secret) > maxOwnToken || strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, refuse("this is no token of GitLab's: it is too long, or has characters that none has")
	}
	header := http.Header{string(kind): {secret}}
	if kind == jobToken {
		return g.askJob(ctx, header)
	}
	return g.askAccess(ctx, header, now)
}

// get asks one question. What GitLab answers to tokens that it does not know is
// a refusal; whatever else is unexpected says nothing about the token.
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

// refusedBy makes a refusal of an answer that is one.
func refusedBy(err error, format string, args ...any) error {
	if _, ok := err.(status); ok { // not one that makes it Unavailable
		return refuse(format, args...)
	}
	return err
}

// askJob asks whose job a job token is. GitLab knows it while the job runs.
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
		return nil, &Unavailable{g.url, errors.New("its answer about a job token names no job and project")}
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
