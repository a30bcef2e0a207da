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
	maxJWT = 16 << 10         // bytes; GitLab's and GitHub's have two or three thousand
	leeway = 30 * time.Second // how far clocks may differ
)

// algorithms are the only ones that a token may be signed with. They exclude "none",
// and an HMAC whose key is a public key.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.ES256}

// looksJWT reports whether a secret looks like a JWT: it has three parts, and the
// first begins like an encoded JSON object.
func looksJWT(secret string) bool {
	return strings.HasPrefix(secret, "eyJ") && strings.Count(secret, ".") == 2
}

// refusal is the reason why a token is refused, which its sender may read. It never
// contains any part of the token except its claims.
type refusal struct{ reason string }

func refuse(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

func (r *refusal) Error() string { return r.reason }

// Is makes every refusal an [ErrCredentials].
func (r *refusal) Is(target error) bool { return target == ErrCredentials }

// jwt is a token that is not yet verified.
type jwt struct {
	text      string
	issuer    string // as the token says
	key       string // id of the key, as the token says
	algorithm jose.SignatureAlgorithm
}

// parseJWT reads what is needed to verify a token.
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
		return refuse("the OIDC token comes from another issuer")
	}
	audience := c["aud"]
	if list, ok := audience.([]any); ok && len(list) == 1 {
		audience = list[0]
	} else if ok {
		return refuse("the OIDC token has %d audiences; it must have only %q", len(list), i.Audience)
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
		return refuse("the OIDC token was issued in the future, at %s; check the clocks", issued.Format(time.RFC3339))
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

// time returns the time in a claim.
func (c claims) time(name string) (time.Time, error) {
	seconds, ok := c[name].(float64)
	if !ok || seconds <= 0 || seconds > math.MaxUint32*16 {
		return time.Time{}, refuse("the OIDC token has no valid time in its claim %s", name)
	}
	return time.Unix(int64(seconds), 0).UTC(), nil
}

// verified returns a token's claims if its issuer signed it, for this audience, and
// it is valid now. go-oidc checks the signature and the issuer; check is stricter
// about audiences and times.
func (i *issuer) verified(t *jwt, keys oidc.KeySet, now time.Time) (claims, error) {
	verifier := oidc.NewVerifier(i.URL, keys, &oidc.Config{
		SupportedSigningAlgs: []string{string(t.algorithm)},
		SkipClientIDCheck:    true,
		SkipExpiryCheck:      true,
	})
	token, err := verifier.Verify(context.Background(), t.text) // no request is made: the keys are known
	if err != nil {
		return nil, refuse("the OIDC token's signature or form is wrong")
	}
	c := claims{}
	if err := token.Claims(&c); err != nil {
		return nil, refuse("the OIDC token's claims are not well formed")
	}
	return c, i.check(c, now)
}
