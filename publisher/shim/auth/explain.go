package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// Explanation says what an auth file allows a token, and why.
type Explanation struct {
	Who     string          `json:"who"`               // "" if not known
	Server  string          `json:"server,omitempty"`  // the server that vouches for the token
	Refused string          `json:"refused,omitempty"` // why the token is refused; "" if it is accepted
	Rules   []ExplainedRule `json:"rules,omitempty"`   // all rules for this kind of token

	// Warnings are those that the shim would log when it reads the files.
	Warnings []string `json:"warnings,omitempty"`

	// Identity is who has the token, or nil if it is refused.
	Identity *Identity `json:"-"`
}

// ExplainedRule says whether a rule matches a token.
type ExplainedRule struct {
	Name   string            `json:"name"`
	Line   int               `json:"line"` // in the auth file
	Claims map[string]string `json:"claims"`
	Fits   bool              `json:"fits"`
	Why    []string          `json:"why,omitempty"` // why it does not match
}

// Explain returns what an auth file allows a token, and by which rules. It asks
// issuers and GitLab, as a shim does. The user name matters only for GitLab's job
// tokens. It fails if the file cannot be used, or if a server does not answer.
func Explain(ctx context.Context, path, user, secret string) (*Explanation, error) {
	a := newAuthoriser(slog.New(slog.DiscardHandler))
	a.path, a.lazy = path, true
	if err := a.policy.Load(); err != nil {
		return nil, err
	}
	v, id, err := a.explain(ctx, credentials{basic: user != "", user: user, secret: secret})
	if unavailable := (*Unavailable)(nil); errors.As(err, &unavailable) {
		return nil, fmt.Errorf("%w: %v", err, unavailable.cause)
	}
	if err != nil && !errors.Is(err, ErrCredentials) {
		return nil, err
	}
	e := &Explanation{Identity: id, Warnings: a.policy.Get().warnings}
	if err != nil {
		e.Refused = err.Error()
	}
	if id != nil {
		e.Who = id.kind + " " + id.name
	}
	if v == nil {
		return e, nil
	}
	e.Who, e.Server = v.kind+" "+shown(v.subject), v.by
	for _, r := range v.rules {
		why := v.misfits(r)
		e.Rules = append(e.Rules, ExplainedRule{r.Name, r.line, r.Claims, len(why) == 0, why})
	}
	return e, nil
}

// explain identifies credentials as identify does, except that it does not try them
// as a password.
func (a *Authoriser) explain(ctx context.Context, c credentials) (v *vouched, id *Identity, err error) {
	p := a.policy.Get()
	id, err = p.byToken(c, a.now())
	if !errors.Is(err, errOtherKind) {
		return nil, id, err
	}
	kind := p.gitlab.kindOf(c)
	switch {
	case looksJWT(c.secret):
		v, err = p.byOIDC(ctx, c.secret, a.now())
	case kind != otherToken:
		ctx, cancel := context.WithTimeout(ctx, gitlabTime)
		defer cancel()
		v, err = p.gitlab.ask(ctx, kind, c.secret, a.now())
	default:
		err = refuse("it is not a token in the file, not a JWT, and not a token of the GitLab in the file")
	}
	if err != nil {
		return nil, nil, err
	}
	id, err = v.identity()
	return v, id, err
}

// Rules returns the names of the rules that allow the action for a chart in the
// channel, or for any chart if its name is "". Tokens in the file have no rules.
func (i *Identity) Rules(a Action, channel, chart string) []string {
	var charts []string
	if chart != "" && a != Read {
		charts = []string{chart}
	}
	return i.For(channel, charts, a).rules()
}
