// Package auth says who sends a request to the shim, and what they may do.
//
// All of it stands in one YAML file:
//
//	tokens:
//	  - id: ci-team-a                     # letters, digits, '.', '_' and '-'; at most 64
//	    hash: sha256:<64 hex digits>      # of the token, which itself is kept nowhere
//	    scopes: ["write:team-a/**", "read:**", "force:team-a/dev"]
//	    charts: ["team-a-*"]              # what may be uploaded; all charts if it is not set
//	    notAfter: 2027-01-01T00:00:00Z    # for ever if it is not set
//	htpasswd: htpasswd                    # a file of 'htpasswd -B', beside this one
//	users:
//	  - name: alice
//	    scopes: ["write:**", "read:**"]
//	anonymous: ["read:**"]                # whoever sends no credentials
//	oidc:                                 # tokens that CI services make for their jobs
//	  - issuer: https://gitlab.example.com     # as the tokens say it
//	    audience: https://charts.example.com   # whom they must be for
//	    maxAge: 1h                        # since they were issued; 1h if it is not set
//	    jwks: https://gitlab.example.com/oauth/discovery/keys  # if the issuer does not tell
//	    rules:
//	      - name: team-a                  # for logs and receipts; else its number
//	        claims: {project_id: "42", ref: main}  # all of them, and to the letter
//	        scopes: ["write:team-a/**"]
//	        charts: ["team-a-*"]
//	        protected: false              # GitLab: also from refs that are not protected
//	gitlab:                               # GitLab's own tokens, by asking it
//	  url: https://gitlab.example.com
//	  tokenPrefix: glpat-                 # if its access tokens begin otherwise
//	  rules:
//	    - claims: {project_id: "42", ref: main, ref_type: branch}
//	      protected: false
//	      scopes: ["write:team-a/**"]
//
// The rules:
//   - A scope is an action (read, write or force), a colon, and a pattern of
//     channels as in portolan.yaml: * stands for one segment or a part of it,
//     ** for any number of them. No action implies another.
//   - What no scope allows is denied. There is no default user, no default
//     password, and no administrator.
//   - Chart patterns bind write and force, not read.
//   - Credentials that are wrong, expired or malformed never make anyone
//     anonymous: they are an error.
//   - Basic credentials are a token, with any user name, or else a user and a
//     password; Bearer credentials are a token. What is a token of one kind in
//     form is never tried as one of another kind, nor as a password.
//   - The file and the htpasswd file are read again when they change. A bad
//     one leaves the last good one in force.
//   - From an address with too many failures, no password is looked at for a
//     while. A valid token still passes: looking one up costs next to nothing
//     and tells a guesser nothing, so those who share the address of somebody
//     who guesses, or whose job has an old password, can go on with tokens.
//   - Whoever has a token of OIDC's or GitLab's may do what all rules that fit
//     its claims allow; if none fits, it is refused. A claim that is not text
//     fits nothing.
//   - An OIDC token is signed with RS256 or ES256, names its key, its only
//     audience and when it was issued and expires; clocks may differ by 30 s.
//   - Keys are fetched when the file is read, every quarter of an hour, and, at
//     most twice a minute, for a token with an unknown one; answers are read for
//     10 s and up to 1 MiB, and redirects not followed. While the issuer is down
//     the last good keys go on. Servers' certificates are checked as by all Go
//     programs: SSL_CERT_FILE names those of a private authority.
//   - What a GitLab job uploads must be from a protected ref (ref_protected), if
//     the rule does not say 'protected: false'; never from a fork's merge request
//     (job_project_id), and from other merge requests only if the rule names
//     'pipeline_source: merge_request_event'. What pull requests start in GitHub
//     (event_name) is refused.
//   - GitLab is asked about what begins like its tokens, and about whatever comes
//     with the user name gitlab-ci-token; its answers hold for a minute. About
//     job tokens it tells the claims token (job), project_id, ref, ref_type,
//     pipeline_source, user_id and user_login, but not whether the ref is
//     protected. An access token (token: access, user_id) fits if it has in the
//     rule's project the role of Maintainer, or with 'protected: false' that of
//     Developer, and in GitLab the scope api, or read_api to read.
//   - An issuer or GitLab that does not answer makes a token neither good nor
//     bad: the error is [Unavailable].
//   - No token, password or hash is ever part of an error, a log line, or what
//     an [Identity] tells.
package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/portolan-charts/portolan/publisher/shim/reread"
)

// ErrCredentials says that the request's credentials are no good: unknown,
// expired or malformed.
var ErrCredentials = errors.New("the token, or the user name and password, is wrong or has expired")

// Throttled is the error of a request from an address that failed too often.
type Throttled struct{ RetryAfter time.Duration }

// Error asks for patience.
func (t Throttled) Error() string {
	seconds := (t.RetryAfter + time.Second - 1) / time.Second
	return fmt.Sprintf("too many requests with wrong credentials from this address; try again in %d s", seconds)
}

// Authoriser tells who sends a request. It is safe for concurrent use.
type Authoriser struct {
	log      *slog.Logger
	now      func() time.Time
	open     bool // everybody may do everything
	failures *throttle
	checks   *checks
	client   *http.Client // for issuers and GitLab
	lazy     bool         // keys are not fetched before they are needed

	path   string
	policy reread.Value[*policy]
}

// Open reads an auth file. It is an error if it cannot be used; later on, after
// it has changed, that is only logged.
func Open(path string, log *slog.Logger) (*Authoriser, error) {
	a := newAuthoriser(log)
	a.path = path
	if err := a.policy.Load(); err != nil {
		return nil, err
	}
	return a, nil
}

// Anyone lets everybody do everything; credentials are not looked at.
func Anyone() *Authoriser {
	a := newAuthoriser(slog.New(slog.DiscardHandler))
	a.open = true
	return a
}

func newAuthoriser(log *slog.Logger) *Authoriser {
	a := &Authoriser{log: log, now: time.Now, failures: newThrottle(), checks: newChecks(), client: newClient()}
	a.policy.Read, a.policy.Changed, a.policy.Now = a.read, a.changed, func() time.Time { return a.now() }
	return a
}

// read reads the files.
func (a *Authoriser) read(before *policy) (*policy, []reread.Stamp, error) {
	p, stamps, err := readPolicy(a.path)
	if err != nil {
		return nil, stamps, err
	}
	for _, warning := range p.warnings {
		a.log.Warn(warning)
	}
	a.giveKeys(p, before)
	if p.gitlab != nil {
		p.gitlab.client = a.client
	}
	return p, stamps, nil
}

// changed logs what changed files say.
func (a *Authoriser) changed(p *policy, err error) {
	if err != nil {
		a.log.Error("the auth file has changed, but cannot be used; going on with what it said before", "error", err)
		return
	}
	a.log.Info("read the changed auth file", "file", a.path, "tokens", len(p.tokens), "users", len(p.users), "issuers", len(p.issuers))
}

// Identify tells who sends the request, from its Authorization header and the
// host of its RemoteAddr. Without a header that is the anonymous identity,
// which may have no scopes. It fails with [ErrCredentials], with [Throttled],
// with [Unavailable] if a server that must vouch for a token does not answer,
// or, if the request ends while it waits for its turn to have a password
// checked, with the error of the request's context.
func (a *Authoriser) Identify(r *http.Request) (*Identity, error) {
	if a.open {
		return &Identity{grants: everything}, nil
	}
	p := a.policy.Get()
	header := r.Header["Authorization"]
	if len(header) == 0 {
		return &Identity{grants: p.anonymous}, nil
	}
	c, ok := parseAuthorization(header)
	from := addressOf(r.RemoteAddr)
	if !ok {
		return nil, a.fail(from, ErrCredentials)
	}
	return a.identify(r.Context(), p, c, from)
}

// identify tries one way after the other to become somebody. The first that
// the credentials are meant for decides: what is a token in form, or was one,
// is never tried as a password.
func (a *Authoriser) identify(ctx context.Context, p *policy, c credentials, from address) (*Identity, error) {
	switch id, err := p.byToken(c, a.now()); {
	case err == nil:
		return id, nil
	case !errors.Is(err, errOtherKind):
		return nil, a.fail(from, err)
	}
	if p.asksOthers() && looksJWT(c.secret) {
		v, err := p.byOIDC(ctx, c.secret, a.now())
		return a.vouchedFor(v, err, from)
	}
	if kind := p.gitlab.kindOf(c); kind != otherToken {
		return a.byGitLab(ctx, p.gitlab, kind, c.secret, from)
	}
	if !c.basic {
		return nil, a.fail(from, ErrCredentials)
	}
	return a.byPassword(ctx, p, c, from)
}

// errOtherKind says that credentials are meant for another way to be identified.
var errOtherKind = errors.New("credentials of another kind")

// fail counts a failure, and returns the error of the attempt, or Throttled if
// there were too many before it.
func (a *Authoriser) fail(from address, err error) error {
	if wait := a.failures.take(from, a.now()); wait > 0 {
		return Throttled{wait}
	}
	return err
}

// byToken knows tokens. The look-up is not in constant time, and need not be:
// the key is the SHA-256 of what was presented, so whoever times it learns how
// far a digest is like a stored one, and to choose tokens by their digests'
// beginnings and get closer that way means to find a preimage.
func (p *policy) byToken(c credentials, now time.Time) (*Identity, error) {
	if looksMade(c.secret) && !checksumFits(c.secret) {
		return nil, ErrCredentials
	}
	t, ok := p.tokens[digestOf(c.secret)]
	switch {
	case ok && t.Expired(now):
		return nil, fmt.Errorf("token %s expired at %s: %w", t.ID, t.NotAfter.UTC().Format(time.RFC3339), ErrCredentials)
	case ok:
		id := &Identity{kind: "token", name: t.ID, grants: []grant{t.grant}}
		if _, secret := p.tokens[digestOf(c.user)]; !secret {
			id.as = c.claim()
		}
		return id, nil
	case looksMade(c.secret): // revoked, or of another site
		return nil, ErrCredentials
	}
	return nil, errOtherKind
}
