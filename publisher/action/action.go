// Package action is about what changes a channel without bringing an archive: which
// actions there are, how they are asked for, and the state of a channel that they make.
// It knows no store and no log.
//
// An action is asked for through the drop area, by a file that says what is to be done,
// to which versions of which content. It is decided like an upload: in order of arrival,
// by one record of the log, with a receipt. All actions that can be asked for are
// reversible. [TakeDown] and [Free] destroy; they are commands with the generator's
// rights, and stand in the log alone.
package action

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is what an action does.
type Kind string

// The kinds.
const (
	Yank        Kind = "yank"        // hides versions from lists; their URLs stay
	Restore     Kind = "restore"     // shows yanked versions again
	Deprecate   Kind = "deprecate"   // marks all versions of a chart, also later ones
	Undeprecate Kind = "undeprecate" // takes the mark away
	Promote     Kind = "promote"     // publishes versions of another channel, by digest
	Rollback    Kind = "rollback"    // makes the channel show what a generation showed

	TakeDown Kind = "takedown" // removes a version and its files, for a reason
	Free     Kind = "free"     // removes yanked versions and their files, by a rule
)

// Asked are the kinds that the drop area can carry, in the order of their names.
var Asked = []Kind{Deprecate, Promote, Restore, Rollback, Undeprecate, Yank}

const (
	// maxText is the most bytes of a reason or of a deprecation's message: both are
	// in the log, which is public.
	maxText = 500

	// MaxRequest is the largest file that asks for an action, in bytes.
	MaxRequest = 4 << 20

	// maxWho is the most bytes of what a request says about who asks.
	maxWho = 8 << 10

	// maxName is the most bytes of the name of a chart or channel, and of a version.
	maxName = 255

	// MaxVersions is the most versions that one action names.
	MaxVersions = 10_000
)

// ErrTooLarge is the error of a request that has more than MaxRequest bytes.
var ErrTooLarge = fmt.Errorf("the request has more than %d bytes: divide it", MaxRequest)

// Request asks for an action. It lies in the drop area, which is not trusted: who asks is
// only a claim.
type Request struct {
	Kind Kind `json:"kind"`

	// Chart is the chart that is deprecated or undeprecated.
	Chart string `json:"chart,omitempty"`

	// Versions are what is yanked, restored or promoted. Each has the digest that the
	// asker saw, so that nobody yanks or promotes other content than was meant.
	Versions []Pin `json:"versions,omitempty"`

	Reason     string `json:"reason,omitempty"`     // of a yank or a rollback; the message of a deprecation
	Successor  string `json:"successor,omitempty"`  // the chart to use instead of a deprecated one
	From       string `json:"from,omitempty"`       // the channel that is promoted from
	Generation int    `json:"generation,omitempty"` // to roll back to

	RequestID string            `json:"requestID,omitempty"`
	Requester map[string]string `json:"requester,omitempty"` // who: user, token id, address, job, …
}

// Pin is a version of a chart with its content.
type Pin struct {
	Chart   string `json:"chart"`
	Version string `json:"version"`
	Digest  string `json:"digest"` // SHA-256 of the archive, in hex
}

// RolledBack is the reason of a rollback whose asker gives none.
func RolledBack(generation int) string {
	return fmt.Sprintf("rolled back to generation %d", generation)
}

// Parse reads a request. It is strict: a field that it does not know may be what makes an
// action harmless. The kind may be known all the same.
func Parse(b []byte) (Request, error) {
	var r Request
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return Request{Kind: r.Kind}, fmt.Errorf("not an action: %s", fault(err))
	}
	if len(bytes.TrimSpace(b[d.InputOffset():])) > 0 {
		return Request{}, errors.New("not an action: something follows it")
	}
	return r, r.Check()
}

// fault says what is wrong with JSON.
func fault(err error) string {
	wrong := (*json.UnmarshalTypeError)(nil)
	if errors.Is(err, io.EOF) {
		return "the file is empty"
	}
	if !errors.As(err, &wrong) {
		return strings.TrimPrefix(err.Error(), "json: ")
	}
	must := map[reflect.Kind]string{
		reflect.Int: "a whole number", reflect.String: "text", reflect.Slice: "a list",
	}[wrong.Type.Kind()]
	if must == "" {
		must = "an object, in { and }"
	}
	if wrong.Field == "" {
		return "it must be " + must
	}
	return fmt.Sprintf("%q must be %s", wrong.Field, must)
}

// Check returns an error if the request is not complete, or says what its kind does not
// take.
func (r Request) Check() error {
	var set []string
	for name, is := range map[string]bool{
		"chart": r.Chart != "", "versions": len(r.Versions) > 0, "reason": r.Reason != "",
		"successor": r.Successor != "", "from": r.From != "", "generation": r.Generation != 0,
	} {
		if is {
			set = append(set, name)
		}
	}
	need, may, ok := r.Kind.fields()
	if !ok {
		return fmt.Errorf("%q is not an action that can be asked for: these are %s", r.Kind, strings.Trim(fmt.Sprint(Asked), "[]"))
	}
	for _, name := range need {
		if !slices.Contains(set, name) {
			return fmt.Errorf("a request to %s needs %q", r.Kind, name)
		}
	}
	for _, name := range set {
		if !slices.Contains(need, name) && !slices.Contains(may, name) {
			return fmt.Errorf("a request to %s takes no %q", r.Kind, name)
		}
	}
	return errors.Join(r.checkWho(), r.checkNames(), r.checkVersions(), CheckText(r.Reason))
}

// checkNames bounds what is repeated in receipts, lists and messages.
func (r Request) checkNames() error {
	names := []string{r.Chart, r.Successor, r.From}
	for _, v := range r.Versions {
		names = append(names, v.Chart, v.Version)
	}
	for _, name := range names {
		if len(name) > maxName {
			return fmt.Errorf("it names something with %d bytes; %d are allowed", len(name), maxName)
		}
	}
	return nil
}

func (r Request) checkWho() error {
	n := len(r.RequestID)
	for key, value := range r.Requester {
		n += len(key) + len(value)
	}
	if n > maxWho {
		return fmt.Errorf("what it says about who asks has %d bytes; %d are allowed", n, maxWho)
	}
	return nil
}

func (k Kind) fields() (need, may []string, ok bool) {
	switch k {
	case Yank:
		return []string{"versions", "reason"}, nil, true
	case Restore:
		return []string{"versions"}, nil, true
	case Deprecate:
		return []string{"chart"}, []string{"reason", "successor"}, true
	case Undeprecate:
		return []string{"chart"}, nil, true
	case Promote:
		return []string{"from", "versions"}, nil, true
	case Rollback:
		return []string{"generation"}, []string{"reason"}, true
	}
	return nil, nil, false
}

func (r Request) checkVersions() error {
	if len(r.Versions) > MaxVersions {
		return fmt.Errorf("it names %d versions; %d are allowed: divide it", len(r.Versions), MaxVersions)
	}
	seen := map[[2]string]bool{}
	for _, v := range r.Versions {
		switch key := [2]string{v.Chart, v.Version}; {
		case v.Chart == "" || v.Version == "":
			return errors.New("a version has no chart, or no number")
		case len(v.Digest) != 64 || strings.Trim(v.Digest, "0123456789abcdef") != "":
			return fmt.Errorf("the digest %q of %s %s is not a SHA-256 in hex", v.Digest, v.Chart, v.Version)
		case seen[key]:
			return fmt.Errorf("it names %s %s twice", v.Chart, v.Version)
		default:
			seen[key] = true
		}
	}
	if r.Generation < 0 {
		return fmt.Errorf("%d is not a generation", r.Generation)
	}
	return nil
}

// CheckText returns an error if a text cannot be in the log.
func CheckText(s string) error {
	switch {
	case len(s) > maxText:
		return fmt.Errorf("the text has %d bytes; %d are allowed, since it is public and stays", len(s), maxText)
	case !utf8.ValidString(s):
		return errors.New("the text is not UTF-8")
	case strings.ContainsFunc(s, unprintable):
		return fmt.Errorf("the text %s", odd(s))
	case strings.TrimSpace(s) != s:
		return errors.New("the text begins or ends with a space")
	}
	return nil
}

func unprintable(c rune) bool { return !unicode.IsPrint(c) }

// odd names the first character of a text that cannot be printed.
func odd(s string) string {
	at := strings.IndexFunc(s, unprintable)
	switch c, _ := utf8.DecodeRuneInString(s[at:]); c {
	case '\n', '\r':
		return "has a line break: write it in one line"
	case '\t':
		return "has a tab: write spaces"
	default:
		return fmt.Sprintf("has the character %U after %d others, which cannot be printed", c, utf8.RuneCountInString(s[:at]))
	}
}

func (k Kind) String() string { return string(k) }
