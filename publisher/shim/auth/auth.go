// Package auth decides who sends a request to the shim, and what they may do.
//
// The rules are in one YAML file:
//
//	tokens:
//	  - id: ci-team-a                     # letters, digits, '.', '_' and '-'; at most 64
//	    hash: sha256:<64 hex digits>      # of the token, which itself is stored nowhere
//	    scopes: ["write:team-a/**", "read:**", "force:team-a/dev"]
//	    charts: ["team-a-*"]              # charts that may be uploaded; all if not set
//	    notAfter: 2027-01-01T00:00:00Z    # never expires if not set
//	htpasswd: htpasswd                    # a file made by 'htpasswd -B', relative to this one
//	users:
//	  - name: alice
//	    scopes: ["write:**", "read:**"]
//	anonymous: ["read:**"]                # requests without credentials
//	oidc:                                 # tokens that CI services issue to their jobs
//	  - issuer: https://gitlab.example.com     # exactly as in the tokens
//	    audience: https://charts.example.com   # the only audience of the tokens
//	    maxAge: 1h                        # since the token was issued; 1h if not set
//	    jwks: https://gitlab.example.com/oauth/discovery/keys  # if the issuer has no discovery document
//	    rules:
//	      - name: team-a                  # for logs and receipts; its number if not set
//	        claims: {project_id: "42", ref: main}  # the token must have all of them, with exactly these values
//	        scopes: ["write:team-a/**"]
//	        charts: ["team-a-*"]
//	        protected: false              # GitLab: also allow refs that are not protected
//	gitlab:                               # GitLab's own tokens, which it is asked about
//	  url: https://gitlab.example.com
//	  tokenPrefix: glpat-                 # set if this GitLab's access tokens begin differently
//	  rules:
//	    - claims: {project_id: "42", ref: main, ref_type: branch}
//	      protected: false
//	      scopes: ["write:team-a/**"]
//
// The rules:
//   - A scope is an action (read, write, force, yank, promote or rollback), a colon,
//     and a pattern of channels as in portolan.yaml: * matches one segment or a part
//     of it, and ** any number of segments. No action implies another. To promote,
//     one must also be able to read the channel that the versions come from.
//   - Everything that no scope allows is denied. There is no default user, no
//     default password and no administrator.
//   - Chart patterns limit everything but read. Nobody can have both these and
//     rollback, which is about all charts.
//   - Credentials that are wrong, expired or malformed are an error. Such a
//     request is never treated as anonymous.
//   - Basic credentials are a token with any user name, or a user and a
//     password. Bearer credentials are a token. Credentials that look like one
//     kind of token are never tried as another kind, or as a password.
//   - The auth file and the htpasswd file are read again when they change. If
//     the new ones are bad, the last good ones stay in force.
//   - Failures are counted by address and credential, so that one client that
//     guesses, or has an old token, does not lock out others at its address.
//     After ten wrong passwords for one user from an address, no more are checked
//     for that user from there for a while; nor is the right one. Fifty passwords
//     in all that were not tried before, and a hundred of GitLab's tokens, may be
//     wrong, and then one each 2 s or 0.6 s. What was refused is remembered for a
//     minute, and costs and counts nothing when it is tried again; after ten times
//     the answer is [Throttled]. Tokens in the file or from an issuer are always
//     looked up. That is cheap, and tells a guesser nothing.
//   - A token of an OIDC issuer or of GitLab gets the union of the scopes of
//     every rule that matches its claims. If no rule matches, it is refused. A
//     rule matches only if every claim it lists equals the token's exactly. A
//     claim that is not a string matches nothing.
//   - An OIDC token must be signed with RS256 or ES256, name its key, have
//     exactly one audience, and say when it was issued and when it expires.
//     Clocks may differ by 30 s.
//   - An issuer's keys are fetched when the file is read, and again when a token
//     is checked and they are older than 15 minutes or do not include its key;
//     but not within 30 s of the last attempt, or 5 s if there are no keys yet.
//     An answer must arrive within 10 s and have at most 1 MiB. Redirects are
//     not followed. While an issuer is down, its last good keys stay in use.
//     TLS certificates are checked as in every Go program: SSL_CERT_FILE names
//     the certificates of a private authority, as --ca-file of the shim does.
//   - The ref of a GitLab job must be protected (ref_protected), unless the rule
//     has 'protected: false'. A merge request is refused, unless the rule names
//     'pipeline_source: merge_request_event'. An OIDC token from a fork's merge
//     request is always refused, since its project_id is the fork's (before GitLab
//     18.2.2 it was not), and so are jobs that pull requests start in GitHub
//     (event_name).
//   - GitLab is asked about tokens that begin like its own, and about every
//     secret sent with the user name gitlab-ci-token. Its answers are used for a
//     minute. A job token has the claims token (job), project_id, ref, ref_type,
//     pipeline_source, user_id and user_login; GitLab does not say whether its
//     ref is protected, nor whether its merge request comes from a fork. An access
//     token has the claims token (access) and user_id. It matches a rule only if it
//     has the role of Maintainer in the rule's project, or with 'protected: false'
//     that of Developer. It needs the GitLab scope api, or read_api to read only.
//   - If an issuer or GitLab does not answer, the error is [Unavailable]: the
//     token is neither accepted nor refused.
//   - No token, password or hash is ever part of an error, a log line, or
//     anything that an [Identity] returns.
package auth

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/portolan-charts/portolan/publisher/shim/reread"
)

// ErrCredentials means that the request's credentials are unknown, expired or
// malformed.
var ErrCredentials = errors.New("the token, or the user name and password, is wrong or has expired")

// Throttled is the error of a request from an address that failed too often, with these
// credentials or with many.
type Throttled struct{ RetryAfter time.Duration }

// Error says how long to wait.
func (t Throttled) Error() string {
	seconds := (t.RetryAfter + time.Second - 1) / time.Second
	return fmt.Sprintf("too many requests with wrong credentials from this address; try again in %d s", seconds)
}

// Authoriser identifies who sends a request. It is safe for concurrent use.
type Authoriser struct {
	log      *slog.Logger
	now      func() time.Time
	open     bool      // everybody may do everything
	failures *throttle // attempts that cost something
	repeated *throttle // refusals of the same credential
	checks   *checks
	client   *http.Client // for issuers and GitLab
	lazy     bool         // keys are fetched only when they are needed

	path   string
	policy reread.Value[*policy]
}

// Open reads an auth file, and fails if that cannot be used. If the file cannot be
// used after a later change, this is only logged. The certificates of issuers and GitLab
// must be signed by one of the authorities; nil stands for the system's.
func Open(path string, log *slog.Logger, authorities *x509.CertPool) (*Authoriser, error) {
	a := newAuthoriser(log)
	a.client = newClient(authorities)
	a.path = path
	if err := a.policy.Load(); err != nil {
		return nil, err
	}
	return a, nil
}

// Anyone returns an Authoriser that lets everybody do everything, and ignores
// credentials.
func Anyone() *Authoriser {
	a := newAuthoriser(slog.New(slog.DiscardHandler))
	a.open = true
	return a
}

func newAuthoriser(log *slog.Logger) *Authoriser {
	a := &Authoriser{log: log, now: time.Now, failures: newThrottle(), repeated: newThrottle(), checks: newChecks(), client: newClient(nil)}
	a.policy.Read, a.policy.Changed, a.policy.Now = a.read, a.changed, func() time.Time { return a.now() }
	return a
}

// read reads the files, and logs their warnings.
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

// changed logs that changed files were read, or why they cannot be used.
func (a *Authoriser) changed(p *policy, err error) {
	if err != nil {
		a.log.Error("the auth file has changed but cannot be used; the last good one stays in force", "error", err)
		return
	}
	a.log.Info("read the changed auth file", "file", a.path, "tokens", len(p.tokens), "users", len(p.users), "issuers", len(p.issuers))
}

// Identify returns who sends the request, from its Authorization header and the
// host of its RemoteAddr. Without a header, that is the anonymous identity, which
// may have no scopes. It fails with [ErrCredentials], with [Throttled], with
// [Unavailable] if a server that must vouch for a token does not answer, or with the
// context's error if the request ends while it waits.
func (a *Authoriser) Identify(r *http.Request) (*Identity, error) {
	from := addressOf(r.RemoteAddr)
	if a.open {
		id := &Identity{grants: everything, party: from.String()}
		if from.Addr().IsLoopback() {
			id.party = ""
		}
		return id, nil
	}
	p := a.policy.Get()
	header := r.Header["Authorization"]
	if len(header) == 0 {
		return &Identity{grants: p.anonymous, party: from.String()}, nil
	}
	c, ok := parseAuthorization(header)
	if !ok {
		return nil, a.deny(c, from, ErrCredentials)
	}
	return a.identify(r.Context(), p, c, from)
}

// identify tries one kind of credentials after the other. The first kind that the
// credentials look like decides: anything that looks like a token, or was one, is
// never tried as a password.
func (a *Authoriser) identify(ctx context.Context, p *policy, c credentials, from address) (*Identity, error) {
	switch id, err := p.byToken(c, a.now()); {
	case err == nil:
		return id, nil
	case !errors.Is(err, errOtherKind):
		return nil, a.deny(c, from, err)
	}
	if p.asksOthers() && looksJWT(c.secret) {
		v, err := p.byOIDC(ctx, c.secret, a.now())
		return a.vouchedFor(v, err, c, from)
	}
	if kind := p.gitlab.kindOf(c); kind != otherToken {
		return a.byGitLab(ctx, p, kind, c, from)
	}
	if !c.basic {
		return nil, a.deny(c, from, ErrCredentials)
	}
	return a.byPassword(ctx, p, c, from)
}

// errOtherKind means that the credentials are not of the kind that was tried.
var errOtherKind = errors.New("credentials of another kind")

// byToken identifies the tokens of the file. The lookup is not in constant time,
// and need not be. Its key is the SHA-256 of what was presented, so timing can only
// reveal how much of that digest equals a stored one, and getting closer would mean
// finding a preimage.
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
	case looksMade(c.secret): // revoked, or from another site
		return nil, ErrCredentials
	}
	return nil, errOtherKind
}
