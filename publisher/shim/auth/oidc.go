package auth

import (
	"context"
	"crypto"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// defaultAge is how long after it was issued a token is taken at most.
const defaultAge = time.Hour

// issuer makes OIDC tokens.
type issuer struct {
	url, audience string // as they stand in the tokens
	jwks          string // URL of the keys; "" to ask the issuer
	maxAge        time.Duration
	rules         []*rule
	line          int // in the file
	keys          *keySet
}

// byOIDC knows the tokens of the issuers in the file.
func (p *policy) byOIDC(ctx context.Context, text string, now time.Time) (*vouched, error) {
	t, err := parseJWT(text)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(p.issuers, func(i *issuer) bool { return i.url == t.issuer })
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
	return &vouched{kind: "oidc", by: i.url, subject: subject, claims: c, rules: i.rules}, nil
}

// keysOf gives each issuer its keys: those that are here already, if the file
// was read again and says the same of where they are.
func (a *Authoriser) keysOf(p *policy) {
	known := map[[2]string]*keySet{}
	if a.policy != nil {
		for _, i := range a.policy.issuers {
			known[[2]string{i.url, i.jwks}] = i.keys
		}
	}
	for _, i := range p.issuers {
		if i.keys = known[[2]string{i.url, i.jwks}]; i.keys == nil {
			i.keys = &keySet{issuer: i.url, jwks: i.jwks, client: a.client, log: a.log, now: a.now}
			if !a.lazy { // so that no upload need wait, and somebody hears of it if it fails
				i.keys.refresh()
			}
		}
	}
}
