package auth

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// vouched is a token that another server vouches for: an OIDC issuer, or GitLab.
type vouched struct {
	kind    string // "oidc" or "gitlab"
	by      string // URL of the server
	subject string
	job     string // URL of the job that has it; "" if it is not known
	claims  claims
	rules   []*rule

	// access tells of what GitLab's projects the token is; nil for all but
	// GitLab's access tokens.
	access *access
}

// misfits are the reasons why the rule does not fit the token.
func (v *vouched) misfits(r *rule) []string {
	if v.access != nil {
		return v.access.misfits(r, v.claims)
	}
	return r.misfits(v.claims)
}

// errNoRule says that a token is what it claims to be, but of no use here.
var errNoRule = refuse("the token is valid, but no rule of this server fits its claims; 'portolan auth check' says why")

// identity is who has the token: somebody who may do what all rules that fit
// allow.
func (v *vouched) identity() (*Identity, error) {
	id := &Identity{kind: v.kind, name: shown(v.subject), by: v.by, job: shown(v.job)}
	for _, r := range v.rules {
		if len(v.misfits(r)) == 0 {
			id.grants = append(id.grants, v.grant(r))
		}
	}
	if id.grants == nil {
		return nil, errNoRule
	}
	return id, nil
}

// grant is that of the rule, as far as the token may do it.
func (v *vouched) grant(r *rule) grant {
	g := grant{charts: r.grant.charts, rule: r}
	for _, s := range r.grant.scopes {
		if v.access == nil || !v.access.readOnly || s.action == Read {
			g.scopes = append(g.scopes, s)
		}
	}
	return g
}

// shown is text of a token's, fit to be logged and printed.
func shown(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, cut(text))
}

// vouchedFor is the identity of whoever sent a token, if it is accepted.
func (a *Authoriser) vouchedFor(v *vouched, err error, from address) (*Identity, error) {
	var id *Identity
	if err == nil {
		id, err = v.identity()
	}
	if errors.Is(err, ErrCredentials) {
		a.logRefused(v, err)
		err = a.fail(from, err)
	}
	return id, err
}

// logRefused logs why a token is not accepted: whoever runs the shim is asked.
func (a *Authoriser) logRefused(v *vouched, err error) {
	if v == nil {
		a.log.Info("refused a token", "reason", err)
		return
	}
	a.log.Info("refused a token", "reason", err, "kind", v.kind, "subject", shown(v.subject), "issuer", v.by)
}

// Unavailable is the error of a request whose token cannot be checked, since
// the server that must be asked about it does not answer.
type Unavailable struct {
	Server string // its URL
	cause  error
}

// RetryAfter is how long to wait before trying again.
func (u *Unavailable) RetryAfter() time.Duration { return firstPause }

// Error names the server alone.
func (u *Unavailable) Error() string {
	return fmt.Sprintf("the token cannot be checked: %s does not answer as it should", u.Server)
}

// Unwrap is the cause, for the log.
func (u *Unavailable) Unwrap() error { return u.cause }
