package auth

import (
	"context"
	"crypto"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
)

// defaultAge is the age up to which a token is accepted, unless the file has maxAge.
const defaultAge = time.Hour

// issuer is the entry of an OIDC issuer in the auth file.
type issuer struct {
	URL      string        `yaml:"issuer" jsonschema:"required" check:"server"` // exactly as in the tokens, like the audience
	Audience string        `yaml:"audience" jsonschema:"required" check:"anyText"`
	JWKS     string        `yaml:"jwks" check:"server"` // URL of the keys; "" to take it from the discovery document
	MaxAge   time.Duration `yaml:"maxAge" min:"1m" max:"24h"`
	Rules    rulesOfOIDC   `yaml:"rules" jsonschema:"required"`

	keys *keySet
}

// asksOthers reports whether the file has an OIDC issuer or a GitLab. If so,
// everything that looks like a JWT is treated as an OIDC token: never as a password,
// nor as one of GitLab's own tokens.
func (p *policy) asksOthers() bool { return len(p.issuers) > 0 || p.gitlab != nil }

// byOIDC verifies the tokens of the issuers in the file.
func (p *policy) byOIDC(ctx context.Context, text string, now time.Time) (*vouched, error) {
	t, err := parseJWT(text)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(p.issuers, func(i *issuer) bool { return i.URL == t.issuer })
	if at < 0 {
		return nil, refuse("the OIDC token comes from an issuer that is not known here")
	}
	i := p.issuers[at]
	keys, err := i.keys.find(ctx, t.key)
	if err != nil {
		return nil, err
	}
	keys = slices.DeleteFunc(slices.Clone(keys), func(key crypto.PublicKey) bool { return algorithmOf(key) != t.algorithm })
	c, err := i.verified(t, &oidc.StaticKeySet{PublicKeys: keys}, now)
	if err != nil {
		return nil, err
	}
	subject, _ := c.text("sub")
	return &vouched{kind: "oidc", by: i.URL, subject: subject, job: c.job(i.URL), claims: c, rules: i.Rules}, nil
}

// githubIssuer issues the tokens of github.com.
const githubIssuer = "https://token.actions.githubusercontent.com"

// job returns the URL of the token's job, so that receipts can link to it, or "" if
// the claims do not name it.
func (c claims) job(issuer string) string {
	server, project, page, number := issuer, "project_path", "-/jobs", "job_id"
	if issuer == githubIssuer {
		server, project, page, number = "https://github.com", "repository", "actions/runs", "run_id"
	}
	path, _ := c.text(project)
	id, _ := c.text(number)
	if !numberRE.MatchString(id) || !pathRE.MatchString(path) {
		return ""
	}
	return strings.TrimSuffix(server, "/") + "/" + path + "/" + page + "/" + id
}

// pathRE matches the paths of projects.
var pathRE = lazyregexp.New(`^[0-9A-Za-z_][0-9A-Za-z_.-]*(/[0-9A-Za-z_][0-9A-Za-z_.-]*)+$`)

// giveKeys gives each issuer its keys. An issuer that the file had before, with the
// same URLs, keeps the keys that it had.
func (a *Authoriser) giveKeys(p, before *policy) {
	known := map[[2]string]*keySet{}
	if before != nil {
		for _, i := range before.issuers {
			known[[2]string{i.URL, i.JWKS}] = i.keys
		}
	}
	for _, i := range p.issuers {
		if i.keys = known[[2]string{i.URL, i.JWKS}]; i.keys == nil {
			i.keys = &keySet{issuer: i.URL, jwks: i.JWKS, client: a.client, log: a.log, now: a.now}
			if !a.lazy { // so that no upload has to wait, and a failure is logged early
				i.keys.refresh()
			}
		}
	}
}
