package auth

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v3"
)

// parseFile reads an auth file; name stands in its messages for the file. It is
// strict, and finds all problems at once. No message holds a value of the
// file's that could be a secret in the wrong place.
func parseFile(b []byte, name string) (*file, error) {
	p := &parser{name: name}
	f := &file{}
	root, err := document(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p.mapping(root, "", map[string]func(*yaml.Node, string){
		"tokens":    func(n *yaml.Node, at string) { p.list(n, at, func(n *yaml.Node, at string) { p.token(f, n, at) }) },
		"htpasswd":  func(n *yaml.Node, at string) { f.htpasswd = p.text(n, at) },
		"users":     func(n *yaml.Node, at string) { p.list(n, at, func(n *yaml.Node, at string) { p.user(f, n, at) }) },
		"anonymous": func(n *yaml.Node, at string) { f.anonymous = p.scopes(n, at) },
		"oidc":      func(n *yaml.Node, at string) { p.list(n, at, func(n *yaml.Node, at string) { p.issuer(f, n, at) }) },
		"gitlab":    func(n *yaml.Node, at string) { p.gitlab(f, n, at) },
	})
	if len(f.users) > 0 && f.htpasswd == "" {
		p.problem(root, "users", "have no passwords; name the file that 'htpasswd -B' wrote under the key htpasswd")
	}
	f.warnings = p.warnings
	return f, errors.Join(p.problems...)
}

// document returns the root of the only YAML document in b. That there is none
// is an error, since it is what one reads of a file that is just being written.
func document(b []byte) (*yaml.Node, error) {
	var first, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(b))
	err := d.Decode(&first)
	if errors.Is(err, io.EOF) || err == nil && first.Content[0].ShortTag() == "!!null" {
		return nil, errors.New("is empty; it must hold tokens, users, oidc, gitlab or anonymous")
	}
	if err != nil {
		return nil, plainYAML(err)
	}
	switch err := d.Decode(&second); {
	case err == nil:
		return nil, fmt.Errorf("line %d: a second YAML document begins; there may be only one", second.Line)
	case !errors.Is(err, io.EOF):
		return nil, plainYAML(err)
	}
	return first.Content[0], nil
}

// plainYAML is an error of the yaml package, without the package's name.
func plainYAML(err error) error { return errors.New(strings.TrimPrefix(err.Error(), "yaml: ")) }

// parser collects what is wrong with a file.
type parser struct {
	name     string
	problems []error
	warnings []string
}

// problem notes a problem with a value; at is where it stands, like tokens[0].id.
func (p *parser) problem(n *yaml.Node, at, format string, args ...any) {
	if at != "" {
		at += ": "
	}
	p.problems = append(p.problems, fmt.Errorf("%s:%d: %s%s", p.name, n.Line, at, fmt.Sprintf(format, args...)))
}

// mapping reads a mapping that may have these keys.
func (p *parser) mapping(n *yaml.Node, at string, known map[string]func(*yaml.Node, string), required ...string) {
	if n.Kind != yaml.MappingNode {
		p.problem(n, at, "must be a mapping of keys to values")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := known[key.Value]
		switch {
		case !ok || key.Kind != yaml.ScalarNode:
			p.problem(key, at, "has an unknown key; the keys are %s", strings.Join(sorted(known), ", "))
		case seen[key.Value]:
			p.problem(key, at, "key %q occurs twice", key.Value)
		default:
			read(value, strings.TrimPrefix(at+"."+key.Value, "."))
		}
		seen[key.Value] = true
	}
	for _, key := range required {
		if !seen[key] {
			p.problem(n, at, "the key %q is missing", key)
		}
	}
}

func (p *parser) list(n *yaml.Node, at string, read func(*yaml.Node, string)) {
	if n.Kind != yaml.SequenceNode {
		p.problem(n, at, "must be a list")
		return
	}
	for i, item := range n.Content {
		read(item, fmt.Sprintf("%s[%d]", at, i))
	}
}

func (p *parser) text(n *yaml.Node, at string) string {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" || n.Value == "" {
		p.problem(n, at, "must be text; put it in quotes, and write aliases out")
		return ""
	}
	return n.Value
}

var (
	tokenIDRE = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,64}$`)
	hashRE    = regexp.MustCompile(`^sha256:[0-9a-fA-F]{64}$`)
)

func (p *parser) token(f *file, n *yaml.Node, at string) {
	t := &Token{line: n.Line}
	p.mapping(n, at, map[string]func(*yaml.Node, string){
		"id":       func(n *yaml.Node, at string) { t.ID = p.tokenID(n, at) },
		"hash":     func(n *yaml.Node, at string) { t.Hash = p.hash(n, at) },
		"scopes":   func(n *yaml.Node, at string) { t.grant.scopes = p.someScopes(n, at) },
		"charts":   func(n *yaml.Node, at string) { t.grant.charts = p.charts(n, at) },
		"notAfter": func(n *yaml.Node, at string) { t.NotAfter = p.time(n, at) },
	}, "id", "hash", "scopes")
	for _, other := range f.tokens {
		if t.ID != "" && t.ID == other.ID {
			p.problem(n, at, "has the id of the token in line %d; ids must differ", other.line)
		}
		if t.Hash != "" && t.Hash == other.Hash {
			p.problem(n, at, "has the hash of the token in line %d; make a token of its own for each", other.line)
		}
	}
	for _, s := range t.grant.scopes {
		t.Scopes = append(t.Scopes, s.String())
	}
	t.Charts = t.grant.charts
	f.tokens = append(f.tokens, t)
}

func (p *parser) tokenID(n *yaml.Node, at string) string {
	id := p.text(n, at)
	if err := checkTokenID(id); id != "" && err != nil {
		p.problem(n, at, "%v", err)
		return ""
	}
	return id
}

func checkTokenID(id string) error {
	if !tokenIDRE.MatchString(id) {
		return errors.New("must be 1 to 64 letters, digits, '.', '_' or '-'")
	}
	return nil
}

func (p *parser) hash(n *yaml.Node, at string) string {
	text := p.text(n, at)
	if text != "" && !hashRE.MatchString(text) {
		p.problem(n, at, "must be sha256: and 64 hex digits, as 'portolan token hash' prints them")
		return ""
	}
	return strings.ToLower(text)
}

func (p *parser) time(n *yaml.Node, at string) time.Time {
	t, err := time.Parse(time.RFC3339, n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		p.problem(n, at, "must be a time such as 2027-01-01T00:00:00Z")
	}
	return t
}

func (p *parser) user(f *file, n *yaml.Node, at string) {
	u := &fileUser{line: n.Line}
	p.mapping(n, at, map[string]func(*yaml.Node, string){
		"name": func(n *yaml.Node, at string) {
			u.name = p.text(n, at)
			if err := checkUserName(u.name); u.name != "" && err != nil {
				p.problem(n, at, "%v", err)
			}
		},
		"scopes": func(n *yaml.Node, at string) { u.grant.scopes = p.someScopes(n, at) },
		"charts": func(n *yaml.Node, at string) { u.grant.charts = p.charts(n, at) },
	}, "name", "scopes")
	for _, other := range f.users {
		if u.name != "" && u.name == other.name {
			p.problem(n, at, "is the user of line %d again; write all scopes there", other.line)
		}
	}
	f.users = append(f.users, u)
}

func (p *parser) scopes(n *yaml.Node, at string) (scopes []scope) {
	p.list(n, at, func(n *yaml.Node, at string) {
		text := p.text(n, at)
		s, err := parseScope(text)
		if text != "" && err != nil {
			p.problem(n, at, "%v", err)
		}
		scopes = append(scopes, s)
	})
	return scopes
}

func (p *parser) someScopes(n *yaml.Node, at string) []scope {
	scopes := p.scopes(n, at)
	if n.Kind == yaml.SequenceNode && len(scopes) == 0 {
		p.problem(n, at, "is empty, so nothing would be allowed; add a scope such as write:stable")
	}
	return scopes
}

// parseScope reads a scope. Its errors hold the scope only as far as it is one.
func parseScope(text string) (scope, error) {
	action, pattern, _ := strings.Cut(text, ":")
	s := scope{Action(action), pattern}
	switch {
	case !slices.Contains([]Action{Read, Write, Force}, s.action):
		return s, errors.New("must be read:, write: or force: and a pattern of channels, such as write:team-a/**")
	case pattern == "", !doublestar.ValidatePattern(pattern):
		return s, fmt.Errorf("has no valid pattern of channels after %q; write one such as stable or team-a/**", action+":")
	case strings.HasPrefix(pattern, "/"), strings.HasSuffix(pattern, "/"), strings.Contains(pattern, "//"):
		return s, fmt.Errorf("has after %q a pattern that fits no channel: their names neither begin nor end with a slash, nor have empty segments", action+":")
	}
	return s, nil
}

func (s scope) String() string { return string(s.action) + ":" + s.pattern }

func (p *parser) charts(n *yaml.Node, at string) (charts []string) {
	p.list(n, at, func(n *yaml.Node, at string) {
		pattern := p.text(n, at)
		if err := checkChartPattern(pattern); pattern != "" && err != nil {
			p.problem(n, at, "%v", err)
		}
		charts = append(charts, pattern)
	})
	if n.Kind == yaml.SequenceNode && len(charts) == 0 {
		p.problem(n, at, "is empty; remove the key to allow all charts, or name some")
	}
	return charts
}

func checkChartPattern(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
		return errors.New("is not a pattern of chart names; write one such as team-a-*")
	}
	return nil
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
