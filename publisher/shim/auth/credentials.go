package auth

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
)

// credentials are the contents of an Authorization header.
type credentials struct {
	basic  bool
	user   string // with Basic only
	secret string // a password or a token
}

// parseAuthorization reads the values of an Authorization header. There must be
// exactly one.
func parseAuthorization(values []string) (credentials, bool) {
	if len(values) != 1 {
		return credentials{}, false
	}
	if scheme, token, ok := strings.Cut(values[0], " "); ok && strings.EqualFold(scheme, "Bearer") {
		token = strings.TrimSpace(token)
		return credentials{secret: token}, token != ""
	}
	r := http.Request{Header: http.Header{"Authorization": values}}
	user, password, ok := r.BasicAuth()
	if !ok || password == "" {
		return credentials{}, false
	}
	return credentials{basic: true, user: user, secret: password}, true
}

// maxClaim is the longest user name that claim returns, in bytes.
const maxClaim = 100

// tokenRE matches text that is probably a token: one with a known prefix, or with a
// long run of letters and digits.
var tokenRE = lazyregexp.New(`^(ptl_|\$2[aby]\$|gl(agent|cbt|dt|ffct|ft|imt|oas|pat|ptt|rt|rtr|soat|wt)-|gh[a-z]_|github_pat_|eyJ)|[0-9A-Za-z]{20}`)

// claim returns the user name, or "" if it must not be shown. People confuse the
// fields, and write a token where the name should be.
func (c credentials) claim() string {
	if len(c.user) > maxClaim || !utf8.ValidString(c.user) || strings.ContainsFunc(c.user, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return ""
	}
	if c.user == c.secret || tokenRE.MatchString(c.user) {
		return ""
	}
	return c.user
}
