package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// Explanation is what an auth file makes of a token.
type Explanation struct {
	Who     string          `json:"who"`               // "" if it is not known
	Server  string          `json:"server,omitempty"`  // that vouches for it
	Refused string          `json:"refused,omitempty"` // why the token is not accepted; "" if it is
	Rules   []ExplainedRule `json:"rules,omitempty"`   // all that could fit

	// Warnings are what the shim would warn of when it reads the files.
	Warnings []string `json:"warnings,omitempty"`

	// Identity is who has the token; nil if it is refused.
	Identity *Identity `json:"-"`
}

// ExplainedRule tells whether a rule fits a token.
type ExplainedRule struct {
	Name   string            `json:"name"`
	Line   int               `json:"line"` // in the auth file
	Claims map[string]string `json:"claims"`
	Fits   bool              `json:"fits"`
	Why    []string          `json:"why,omitempty"` // it does not
}

// Explain tells what a token may do by an auth file, and which rule says so. It
// asks issuers and GitLab as a shim does. The user name matters to GitLab's job
// tokens only. It fails if the file cannot be used, or a server does not answer.
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

// explain goes the way of identify, but for passwords.
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
		err = refuse("it is none of the file's tokens, no JWT, and no token of a GitLab that the file names")
	}
	if err != nil {
		return nil, nil, err
	}
	id, err = v.identity()
	return v, id, err
}

// Rules are the names of the rules that allow the action for a chart in the
// channel; for any chart if its name is "". Tokens of the file have no rules.
func (i *Identity) Rules(a Action, channel, chart string) []string {
	var charts []string
	if chart != "" && a != Read {
		charts = []string{chart}
	}
	return i.For(channel, charts, a).rules()
}
