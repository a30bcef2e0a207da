package auth

import (
	"context"
	"crypto"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// defaultAge is how long after it was issued a token is taken at most.
const defaultAge = time.Hour

// issuer makes OIDC tokens.
type issuer struct {
	URL      string        `yaml:"issuer" jsonschema:"required" check:"server"` // as it stands in the tokens, like the audience
	Audience string        `yaml:"audience" jsonschema:"required" check:"anyText"`
	JWKS     string        `yaml:"jwks" check:"server"` // URL of the keys; "" to ask the issuer
	MaxAge   time.Duration `yaml:"maxAge" min:"1m" max:"24h"`
	Rules    rulesOfOIDC   `yaml:"rules" jsonschema:"required"`

	keys *keySet
}

// asksOthers reports whether the file names anybody who makes tokens. Then what
// looks like a JWT is nothing else: no password, and none of GitLab's own tokens.
func (p *policy) asksOthers() bool { return len(p.issuers) > 0 || p.gitlab != nil }

// byOIDC knows the tokens of the issuers in the file.
func (p *policy) byOIDC(ctx context.Context, text string, now time.Time) (*vouched, error) {
	t, err := parseJWT(text)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(p.issuers, func(i *issuer) bool { return i.URL == t.issuer })
	if at < 0 {
		return nil, refuse("the OIDC token is of an issuer that is not known here")
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

// githubIssuer makes the tokens of github.com.
const githubIssuer = "https://token.actions.githubusercontent.com"

// job is the URL of the job that a token is for, so that whoever reads of a
// rejected upload finds it; "" if the claims do not tell.
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

// pathRE fits the paths of projects.
var pathRE = regexp.MustCompile(`^[0-9A-Za-z_][0-9A-Za-z_.-]*(/[0-9A-Za-z_][0-9A-Za-z_.-]*)+$`)

// giveKeys gives each issuer its keys: those that it had before, if the file was
// read again and says the same of where they are.
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
			if !a.lazy { // so that no upload need wait, and somebody hears of it if it fails
				i.keys.refresh()
			}
		}
	}
}
