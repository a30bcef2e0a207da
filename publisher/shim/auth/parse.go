package auth

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
	"github.com/portolan-charts/portolan/publisher/pattern"
	"github.com/portolan-charts/portolan/publisher/strictyaml"
)

// parseFile parses an auth file. Its messages call the file name, and never contain
// a value from it, which could be a secret in the wrong place.
func parseFile(b []byte, name string) (*file, error) {
	f, from := &file{}, strictyaml.File{Name: name, Secret: true, Checks: textChecks}
	err := from.Decode(b, f)
	if errors.Is(err, strictyaml.ErrEmpty) { // perhaps it is just being written
		err = fmt.Errorf("%s: is empty; it must hold tokens, users, oidc, gitlab or anonymous", name)
	}
	if err != nil {
		return nil, err
	}
	f.warnings = from.Warnings
	return f, nil
}

// textChecks are the checks that check tags name.
var textChecks = map[string]func(string) error{
	"anyText":      checkAnyText,
	"chartPattern": pattern.CheckCharts,
	"ruleName":     checkRuleName,
	"scope":        checkScope,
	"server":       checkServer,
	"tokenHash":    checkTokenHash,
	"tokenID":      checkTokenID,
	"tokenPrefix":  checkTokenPrefix,
	"userName":     checkUserName,
}

func checkAnyText(text string) error {
	if text == "" {
		return errors.New("must not be empty")
	}
	return nil
}

// Validate implements [strictyaml.Validator].
func (f *file) Validate(at strictyaml.Place) {
	if len(f.Users) > 0 && f.Htpasswd == "" {
		at.Key("users").Problem("have no passwords; name the file that 'htpasswd -B' wrote under the key htpasswd")
	}
}

// tokens are those of an auth file.
type tokens []*Token

// Validate implements [strictyaml.Validator].
func (all tokens) Validate(at strictyaml.Place) {
	for i, t := range all {
		t.Hash = strings.ToLower(t.Hash)
		t.grant = grantOf(at.Item(i), t.Scopes, t.Charts)
	}
	distinct(at, all, func(t *Token) string { return t.ID }, "has the same id as the token in line %d; ids must differ")
	distinct(at, all, func(t *Token) string { return t.Hash }, "has the same hash as the token in line %d; make a separate token for each entry")
}

// distinct reports the items of a list that have the same text as an earlier one.
// The message is a format for the line of that one.
func distinct[T any](at strictyaml.Place, list []T, text func(T) string, message string) {
	first := map[string]int{}
	for i, item := range list {
		t := text(item)
		if j, twice := first[t]; twice && t != "" {
			at.Item(i).Problem(message, at.Item(j).Line())
			continue
		}
		first[t] = i
	}
}

// grantOf returns the grant of these scopes and charts. Lists that are present must
// not be empty.
func grantOf(at strictyaml.Place, scopes, charts []string) grant {
	if scopes != nil && len(scopes) == 0 {
		at.Key("scopes").Problem("is empty, so nothing would be allowed; add a scope such as write:stable")
	}
	if charts != nil && len(charts) == 0 {
		at.Key("charts").Problem("is empty; remove the key to allow all charts, or name some")
	}
	g := grant{scopes: scopesOf(scopes), charts: charts}
	if err := g.check(); err != nil {
		at.Key("scopes").Problem("%v", err)
	}
	return g
}

// check returns an error if the charts limit a scope that they cannot limit.
func (g grant) check() error {
	if len(g.charts) > 0 && slices.ContainsFunc(g.scopes, func(s scope) bool { return s.action == Rollback }) {
		return errors.New("has rollback:, which takes all charts of a channel back, so it cannot be limited to some; give it without charts, or to another token")
	}
	return nil
}

// scopesOf parses scopes. It skips invalid ones, which were reported already.
func scopesOf(texts []string) (scopes []scope) {
	for _, text := range texts {
		if s, err := parseScope(text); err == nil {
			scopes = append(scopes, s)
		}
	}
	return scopes
}

var (
	tokenIDRE   = lazyregexp.New(`^[a-zA-Z0-9._-]{1,64}$`)
	tokenHashRE = lazyregexp.New(`^sha256:[0-9a-fA-F]{64}$`)
)

func checkTokenID(id string) error {
	if !tokenIDRE.MatchString(id) {
		return errors.New("must be 1 to 64 letters, digits, '.', '_' or '-'")
	}
	return nil
}

func checkTokenHash(hash string) error {
	if !tokenHashRE.MatchString(hash) {
		return errors.New("must be sha256: and 64 hex digits, as 'portolan token hash' prints them")
	}
	return nil
}

// users are those of an auth file.
type users []*fileUser

// Validate implements [strictyaml.Validator].
func (all users) Validate(at strictyaml.Place) {
	for i, u := range all {
		u.line = at.Item(i).Line()
		u.grant = grantOf(at.Item(i), u.Scopes, u.Charts)
	}
	distinct(at, all, func(u *fileUser) string { return u.Name }, "repeats the user in line %d; write all scopes there")
}

// parseScope parses a scope. Its errors contain at most the action, since the rest
// could be a secret.
func parseScope(text string) (scope, error) {
	action, channels, _ := strings.Cut(text, ":")
	s := scope{Action(action), channels}
	if !slices.Contains(Actions, s.action) {
		return s, errors.New("must be read:, write:, force:, yank:, promote: or rollback: and a pattern of channels, such as write:team-a/**")
	}
	if err := pattern.CheckChannels(channels); err != nil {
		return s, fmt.Errorf("has text after %q that %w", action+":", err)
	}
	return s, nil
}

func checkScope(text string) error {
	_, err := parseScope(text)
	return err
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
