package auth

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/publisher/pattern"
	"github.com/portolan-charts/portolan/publisher/smallfile"
)

// Tokens returns the tokens of an auth file, in its order.
func Tokens(path string) ([]*Token, error) {
	b, err := smallfile.Read(path, maxFile)
	if err != nil {
		return nil, err
	}
	f, err := parseFile(b, path)
	if err != nil {
		return nil, err
	}
	return f.Tokens, nil
}

// Expired reports whether the token has expired.
func (t *Token) Expired(now time.Time) bool { return !t.NotAfter.IsZero() && now.After(t.NotAfter) }

// Check returns an error if the token cannot be in an auth file.
func (t *Token) Check() error {
	if err := checkTokenID(t.ID); err != nil {
		return fmt.Errorf("id %q %w", t.ID, err)
	}
	for _, s := range t.Scopes {
		if _, err := parseScope(s); err != nil {
			return fmt.Errorf("scope %q %w", s, err)
		}
	}
	for _, charts := range t.Charts {
		if err := pattern.CheckCharts(charts); err != nil {
			return fmt.Errorf("chart pattern %q %w", charts, err)
		}
	}
	if err := (grant{scopes: scopesOf(t.Scopes), charts: t.Charts}).check(); err != nil {
		return fmt.Errorf("the list of scopes %w", err)
	}
	return nil
}

// YAML returns an auth file with only this token, to copy the entry from.
func (t *Token) YAML() (string, error) {
	b, err := addedTo(nil, "token", t)
	return string(b), err
}

// AddToken adds a token to an auth file, and creates the file if it does not exist.
func AddToken(path string, t *Token) error {
	return edit(path, func(b []byte) ([]byte, error) { return addedTo(b, path, t) })
}

// RevokeToken removes a token from an auth file.
func RevokeToken(path, id string) error {
	return edit(path, func(b []byte) ([]byte, error) {
		if b == nil {
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		}
		f, err := parseFile(b, path)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(f.Tokens, func(t *Token) bool { return t.ID == id })
		if i < 0 {
			return nil, fmt.Errorf("%s has no token with the id %q", path, id)
		}
		return changed(b, path, func(list *yaml.Node) { list.Content = slices.Delete(list.Content, i, i+1) })
	})
}

// addedTo returns the auth file's text with the token added.
func addedTo(b []byte, name string, t *Token) ([]byte, error) {
	if len(b) == 0 {
		b = []byte("tokens: []\n")
	}
	if _, err := parseFile(b, name); err != nil {
		return nil, err // with the line numbers of the file as it is
	}
	return changed(b, name, func(list *yaml.Node) {
		if len(list.Content) == 0 {
			list.Style = 0 // not [{...}]
		}
		list.Content = append(list.Content, t.node())
	})
}

// node returns the token's entry in the list.
func (t *Token) node() *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	set := func(key string, value *yaml.Node) { n.Content = append(n.Content, scalar(key, 0), value) }
	set("id", scalar(t.ID, 0))
	set("hash", scalar(t.Hash, 0))
	set("scopes", texts(t.Scopes))
	if len(t.Charts) > 0 {
		set("charts", texts(t.Charts))
	}
	if !t.NotAfter.IsZero() {
		set("notAfter", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!timestamp", Value: t.NotAfter.UTC().Format(time.RFC3339)})
	}
	return n
}

func scalar(s string, style yaml.Style) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: style}
}

func texts(all []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, s := range all {
		n.Content = append(n.Content, scalar(s, yaml.DoubleQuotedStyle))
	}
	return n
}

// changed edits the list of tokens in an auth file's text, and keeps comments and
// order. It parses the result, so that no file is written that the shim would
// refuse.
func changed(b []byte, name string, change func(list *yaml.Node)) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	change(tokenList(doc.Content[0]))
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(&doc), e.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if _, err := parseFile(out.Bytes(), name); err != nil {
		return nil, fmt.Errorf("this change would make the file invalid: %w", err)
	}
	return out.Bytes(), nil
}

// tokenList returns the list of tokens, and adds one where it is missing.
func tokenList(root *yaml.Node) *yaml.Node {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "tokens" {
			return root.Content[i+1]
		}
	}
	list := &yaml.Node{Kind: yaml.SequenceNode}
	root.Content = append(root.Content, scalar("tokens", 0), list)
	return list
}

// edit replaces a file's text with the result of change, which gets nil if the file
// does not exist. The new text is written to a lock file, as git does, so that two
// edits cannot overlap, and nobody reads half a file.
func edit(path string, change func([]byte) ([]byte, error)) (err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // or the link would be replaced
	}
	lock := path + ".lock"
	f, err := os.OpenFile(lock, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists, so somebody is changing %s right now; remove it if nobody is", lock, path)
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close() // it may be closed already
			os.Remove(lock)
		}
	}()
	old, err := smallfile.Read(path, maxFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := change(old)
	if err != nil {
		return err
	}
	if err := likeFile(f, path); err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(lock, path)
}

// likeFile gives f the mode and the owner of the file at path, if that exists: a
// shim that runs as another user must still be able to read it.
func likeFile(f *os.File, path string) error {
	old, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := giveTo(f, old); err != nil {
		return fmt.Errorf("%s belongs to another user, and this edit would change that; edit it as that user: %w", path, err)
	}
	return f.Chmod(old.Mode().Perm())
}
