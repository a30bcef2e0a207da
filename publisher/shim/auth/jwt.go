package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

const (
	maxJWT = 16 << 10 // bytes; GitLab's and GitHub's have two or three thousand
	leeway = 30 * time.Second
)

// algorithms are those that a token may be signed with. The header chooses one
// of them and no other: neither "none" nor an HMAC whose key is a public one.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.ES256}

// looksJWT reports whether a secret claims to be a JWT: three parts, of which
// the first begins like a JSON object.
func looksJWT(secret string) bool {
	return strings.HasPrefix(secret, "eyJ") && strings.Count(secret, ".") == 2
}

// refusal is why a token is not accepted, in words that whoever sent it may
// read. It never holds any of the token but its claims.
type refusal struct{ reason string }

func refuse(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

func (r *refusal) Error() string { return r.reason }

// Is makes every refusal one of credentials.
func (r *refusal) Is(target error) bool { return target == ErrCredentials }

// jwt is a token of which nothing is verified yet.
type jwt struct {
	text      string
	issuer    string // as it says itself
	key       string // that it says it is signed with
	algorithm jose.SignatureAlgorithm
}

// parseJWT reads what must be known of a token before it can be verified.
func parseJWT(text string) (*jwt, error) {
	if len(text) > maxJWT {
		return nil, refuse("the OIDC token is longer than %d bytes", maxJWT)
	}
	signed, err := jose.ParseSignedCompact(text, algorithms)
	if unexpected := (*jose.ErrUnexpectedSignatureAlgorithm)(nil); errors.As(err, &unexpected) {
		return nil, refuse("the OIDC token is not signed with RS256 or ES256")
	}
	if err != nil {
		return nil, refuse("the OIDC token is not well formed")
	}
	header := signed.Signatures[0].Protected
	if header.KeyID == "" {
		return nil, refuse("the OIDC token does not name the key that it is signed with (kid)")
	}
	var says struct {
		Issuer string `json:"iss"`
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[1])
	if err != nil || json.Unmarshal(payload, &says) != nil {
		return nil, refuse("the OIDC token's claims are not well formed")
	}
	return &jwt{text, says.Issuer, header.KeyID, jose.SignatureAlgorithm(header.Algorithm)}, nil
}

// check checks the claims that every token must have.
func (i *issuer) check(c claims, now time.Time) error {
	if iss, _ := c.text("iss"); iss != i.URL {
		return refuse("the OIDC token is of another issuer")
	}
	audience := c["aud"]
	if list, ok := audience.([]any); ok && len(list) == 1 {
		audience = list[0]
	} else if ok {
		return refuse("the OIDC token has %d audiences; it must be for %q alone", len(list), i.Audience)
	}
	if audience != any(i.Audience) {
		return refuse("the OIDC token is for another audience; it must be for %q", i.Audience)
	}
	expires, err := c.time("exp")
	if err != nil {
		return err
	}
	issued, err := c.time("iat")
	if err != nil {
		return err
	}
	switch {
	case !now.Before(expires.Add(leeway)):
		return refuse("the OIDC token expired at %s", expires.Format(time.RFC3339))
	case issued.After(now.Add(leeway)):
		return refuse("the OIDC token is of the future: issued at %s; is a clock wrong?", issued.Format(time.RFC3339))
	case now.Sub(issued) > i.MaxAge+leeway:
		return refuse("the OIDC token is older than %s; it was issued at %s", i.MaxAge, issued.Format(time.RFC3339))
	}
	if _, ok := c["nbf"]; ok {
		if begins, err := c.time("nbf"); err != nil || begins.After(now.Add(leeway)) {
			return refuse("the OIDC token is not valid yet (nbf)")
		}
	}
	return nil
}

// time is a claim that tells a time.
func (c claims) time(name string) (time.Time, error) {
	seconds, ok := c[name].(float64)
	if !ok || seconds <= 0 || seconds > math.MaxUint32*16 {
		return time.Time{}, refuse("the OIDC token has no time under %s", name)
	}
	return time.Unix(int64(seconds), 0).UTC(), nil
}

// verified are the claims of a token, once it is certain that its issuer made
// it, for this audience, and that it is valid now. go-oidc checks the signature
// and the issuer; check is stricter about audiences and times.
func (i *issuer) verified(t *jwt, keys oidc.KeySet, now time.Time) (claims, error) {
	verifier := oidc.NewVerifier(i.URL, keys, &oidc.Config{
		SupportedSigningAlgs: []string{string(t.algorithm)},
		SkipClientIDCheck:    true,
		SkipExpiryCheck:      true,
	})
	token, err := verifier.Verify(context.Background(), t.text) // the keys are here already
	if err != nil {
		return nil, refuse("the OIDC token's signature or form is wrong")
	}
	c := claims{}
	if err := token.Claims(&c); err != nil {
		return nil, refuse("the OIDC token's claims are not well formed")
	}
	return c, i.check(c, now)
}
