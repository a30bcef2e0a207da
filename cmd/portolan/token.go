package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

const helpToken = `Usage:
    portolan token new --scope SCOPE... [--auth FILE] [--id ID]
                       [--chart PATTERN]... [--expires WHEN]
    portolan token list --auth FILE
    portolan token revoke --auth FILE ID
    portolan token hash

Make a token, print it, and add its hash to an auth file; list the tokens of an
auth file; or revoke one. A new token is printed only once and stored nowhere.
Without --auth, the entry to paste into an auth file is printed below the token.
A shim that uses the file sees the change within a second or two.

'hash' reads an existing token, such as a GitLab deploy token, from standard
input, and prints its hash, to paste into an auth file.

A SCOPE is read:, write:, force:, yank:, promote: or rollback: and a pattern of
channels: * stands for one segment or a part of it, ** for any number of
segments. No scope implies another.

Options:
    --auth FILE         The auth file; 'new' creates it.       PORTOLAN_AUTH
    --id ID             The token's name in logs and receipts  PORTOLAN_ID
                        (default: random).
    --scope SCOPE       What the token may do; may be          PORTOLAN_SCOPE
                        repeated.
    --chart PATTERN     Names of charts; limits all     PORTOLAN_TOKEN_CHART
                        scopes but read, and cannot go
                        with rollback; may be repeated
                        (default: all).
    --expires WHEN      90d, or a date such as 2027-01-31, at  PORTOLAN_EXPIRES
                        whose start (UTC) the token expires
                        (default: never).
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done, 1 failed, 2 wrong settings

Example:
    $ portolan token new --auth auth.yaml --id ci-team-a \
          --scope 'write:team-a/**' --scope 'read:**' --expires 90d
    $ portolan token hash < deploy-token
`

// tokenFlags are the flags of all subcommands of 'portolan token'.
type tokenFlags struct {
	*flags
	auth, id, expires string
	scopes, charts    []string
}

func (p *program) token(_ context.Context, args []string) error {
	f := &tokenFlags{flags: newFlags("token")}
	f.StringVar(&f.auth, "auth", "", "")
	f.StringVar(&f.id, "id", "", "")
	// Patterns may contain commas, so these are not comma-separated lists.
	f.StringArrayVar(&f.scopes, "scope", nil, "")
	f.StringArrayVar(&f.charts, "chart", nil, "")
	f.StringVar(&f.expires, "expires", "", "")
	if err := p.parse(f.flags, args); err != nil {
		return err
	}
	switch f.Arg(0) {
	case "new":
		return p.newToken(f)
	case "list":
		return p.listTokens(f)
	case "revoke":
		return p.revokeToken(f)
	case "hash":
		return p.hashToken(f)
	}
	return hint(usagef("token needs one of these words: new, list, revoke or hash"), "see 'portolan token --help'")
}

// only refuses flags of the command line that mean nothing here, and another
// number of operands.
func (f *tokenFlags) only(operands []string, allowed ...string) error {
	var err error
	f.Visit(func(flag *pflag.Flag) {
		if flag.Name != "output" && !slices.Contains(allowed, flag.Name) && f.given[flag.Name] == "--"+flag.Name {
			err = usagef("token %s does not take --%s", f.Arg(0), flag.Name)
		}
	})
	if err == nil && f.NArg() != 1+len(operands) {
		err = usagef("token %s takes %s, but got %d", f.Arg(0), count(len(operands), "operand"), f.NArg()-1)
	}
	if err == nil && slices.Contains(allowed, "auth") && f.Arg(0) != "new" && f.auth == "" {
		err = usagef("token %s needs --auth FILE", f.Arg(0))
	}
	if err != nil {
		return hint(err, "see 'portolan token --help'")
	}
	return nil
}

func (p *program) newToken(f *tokenFlags) error {
	if err := f.only(nil, "auth", "id", "scope", "chart", "expires"); err != nil {
		return err
	}
	if len(f.scopes) == 0 {
		return hint(usagef("token new needs at least one --scope"), "for example: --scope 'write:stable' --scope 'read:**'")
	}
	notAfter, err := parseExpiry(f.expires, time.Now())
	if err != nil {
		return usagef("%s: %v", f.given["expires"], err)
	}
	id := f.id
	if id == "" {
		id = "token-" + strings.ToLower(rand.Text()[:8])
	}
	secret := auth.MakeToken()
	t := &auth.Token{ID: id, Hash: auth.HashToken(secret), Scopes: f.scopes, Charts: f.charts, NotAfter: notAfter}
	if err := t.Check(); err != nil {
		return usagef("%v", err)
	}
	if f.auth != "" {
		if err := auth.AddToken(f.auth, t); err != nil {
			return authError(f.auth, err)
		}
		p.say("note", fmt.Sprintf("added token %s to %s; it is shown only this once", id, f.auth))
	}
	return p.printNew(f, secret, t)
}

// printNew prints a new token, and the entry for it if it is in no file yet.
func (p *program) printNew(f *tokenFlags, secret string, t *auth.Token) error {
	if f.output.json {
		return p.printJSON(struct {
			Token string `json:"token"`
			Hash  string `json:"hash"`
			listedToken
		}{secret, t.Hash, listed(t)})
	}
	p.printf("%s\n", secret)
	if f.auth != "" {
		return nil
	}
	entry, err := t.YAML()
	p.printf("\n%s", entry)
	return err
}

// parseExpiry reads when a token expires; "" is never.
func parseExpiry(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t, err = time.Parse(time.RFC3339, s)
	}
	if days, ok := strings.CutSuffix(s, "d"); ok && err != nil {
		var n int
		n, err = strconv.Atoi(days)
		if err == nil && (n < 1 || n > 36500) {
			return time.Time{}, errors.New("must be between 1d and 36500d")
		}
		t = now.Add(time.Duration(n) * 24 * time.Hour).Truncate(time.Second)
	}
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("%q is neither a number of days such as 90d nor a date such as 2027-01-31", s)
	case !t.After(now):
		return time.Time{}, fmt.Errorf("%s is in the past", s)
	}
	return t.UTC(), nil
}

// authError says in plain words that the auth file does not exist.
func authError(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return hint(fmt.Errorf("%s: no such auth file", path), "'portolan token new --auth FILE' creates one, in an existing folder")
	}
	return err
}

func (p *program) revokeToken(f *tokenFlags) error {
	if err := f.only([]string{"ID"}, "auth"); err != nil {
		return err
	}
	id := f.Arg(1)
	if err := auth.RevokeToken(f.auth, id); err != nil {
		return authError(f.auth, err)
	}
	if f.output.json {
		return p.printJSON(map[string]any{"revoked": id})
	}
	p.printf("revoked %s\n", id)
	return nil
}

// A secret that is to be hashed must be one that nobody can guess from the
// hash, and that fits into a header.
const (
	minSecret = 16      // bytes
	maxSecret = 4 << 10 // bytes
)

func (p *program) hashToken(f *tokenFlags) error {
	if err := f.only(nil); err != nil {
		return err
	}
	b, err := p.readSecret()
	if err != nil {
		return fmt.Errorf("reading the token from standard input: %w", err)
	}
	secret := string(bytes.TrimRight(b, "\r\n"))
	switch {
	case len(secret) < minSecret || len(secret) > maxSecret:
		return fmt.Errorf("a token must have between %d and %d characters; one that a person made up could be guessed from its hash", minSecret, maxSecret)
	case strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("a token must be one line of ASCII characters without spaces")
	}
	if f.output.json {
		return p.printJSON(map[string]any{"hash": auth.HashToken(secret)})
	}
	p.printf("%s\n", auth.HashToken(secret))
	return nil
}

// readSecret reads standard input; from a terminal one line, which is not shown.
func (p *program) readSecret() ([]byte, error) {
	if file, ok := p.stdin.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		fmt.Fprint(p.stderr, "token: ")
		defer fmt.Fprintln(p.stderr)
		return term.ReadPassword(int(file.Fd()))
	}
	return io.ReadAll(io.LimitReader(p.stdin, maxSecret+2))
}
