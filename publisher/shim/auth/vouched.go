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
	job     string // URL of its job; "" if not known
	claims  claims
	rules   []*rule

	// access is what the token may do in GitLab; nil except for GitLab's access
	// tokens.
	access *access
}

// misfits returns the reasons why the rule does not match the token.
func (v *vouched) misfits(r *rule) []string {
	if v.access != nil {
		return v.access.misfits(r, v.claims)
	}
	return r.misfits(v.claims)
}

// errNoRule means that a token is valid, but that no rule matches it.
var errNoRule = refuse("the token is valid, but no rule of this server matches its claims; 'portolan auth check' says why")

// identity returns the token's identity, with the union of the scopes of every rule
// that matches.
func (v *vouched) identity() (*Identity, error) {
	id := &Identity{kind: v.kind, name: shown(v.subject), by: v.by, job: shown(v.job), party: v.party()}
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

// party returns what jobs of one project have in common, and access tokens of one user.
func (v *vouched) party() string {
	for _, name := range []string{"project_id", "repository_id", "user_id"} {
		if text, ok := v.claims.text(name); ok {
			return name + " " + text
		}
	}
	return v.subject
}

// grant returns the rule's grant, reduced to reading if the token may only read.
func (v *vouched) grant(r *rule) grant {
	g := grant{charts: r.grant.charts, rule: r}
	for _, s := range r.grant.scopes {
		if v.access == nil || !v.access.readOnly || s.action == Read {
			g.scopes = append(g.scopes, s)
		}
	}
	return g
}

// shown makes text from a token safe to log and print.
func shown(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, cut(text))
}

// vouchedFor returns the identity of a token, or counts and logs why it is refused.
func (a *Authoriser) vouchedFor(v *vouched, err error, c credentials, from address) (*Identity, error) {
	var id *Identity
	if err == nil {
		id, err = v.identity()
	}
	if errors.Is(err, ErrCredentials) {
		a.logRefused(v, err)
		err = a.deny(c, from, err)
	}
	return id, err
}

// logRefused logs why a token is refused, so that the shim's operator can tell its
// owner.
func (a *Authoriser) logRefused(v *vouched, err error) {
	if v == nil {
		a.log.Info("refused a token", "reason", err)
		return
	}
	a.log.Info("refused a token", "reason", err, "kind", v.kind, "subject", shown(v.subject), "issuer", v.by)
}

// Unavailable is the error of a request whose token cannot be checked, because the
// server that must be asked about it does not answer.
type Unavailable struct {
	Server string // its URL
	cause  error
}

// RetryAfter returns how long to wait before trying again.
func (u *Unavailable) RetryAfter() time.Duration { return firstPause }

// Error names only the server.
func (u *Unavailable) Error() string {
	return fmt.Sprintf("the token cannot be checked: %s does not answer as it should", u.Server)
}

// Unwrap returns the cause, for the log.
func (u *Unavailable) Unwrap() error { return u.cause }
