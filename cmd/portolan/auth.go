package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// maxTokenFile is the largest file that a token is read from, in bytes.
const maxTokenFile = 64 << 10

const helpAuth = `Usage:
    portolan auth check --auth FILE --token-file FILE [--username NAME]
                        [--channel NAME [--chart NAME]]

Explain how a shim with this auth file would treat a token: who it belongs to,
which rules match it, why the others do not, and what it may do in a channel.
OIDC issuers and GitLab are asked exactly as the shim asks them. The token
itself is never printed.

If a CI job is refused, write its token to a file and check that. An OIDC token
is valid for a few minutes only, and a job token only while its job runs.

Options:
    --auth FILE         The auth file.                         PORTOLAN_AUTH
    --token-file FILE
                        PORTOLAN_AUTH_TOKEN_FILE
                        File that holds the token; - is standard input.
    --username NAME
                        PORTOLAN_AUTH_USERNAME
                        User name sent with it. GitLab's older job tokens are
                        recognised by the name gitlab-ci-token.
    --channel NAME      Say what it may do in this channel.    PORTOLAN_CHANNEL
    --chart NAME        And with this chart.             PORTOLAN_AUTH_CHART
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done; with --channel, the token may upload or ask for an action there,
    1 failed, or the token is refused or may do neither there, 2 wrong settings

Example:
    $ portolan auth check --auth auth.yaml --token-file id-token \
          --channel team-a/stable --chart team-a-web
`

// authFlags are the flags of 'portolan auth'.
type authFlags struct {
	*flags
	auth, tokenFile, username, chart string
}

func (p *program) auth(ctx context.Context, args []string) error {
	f := &authFlags{flags: newFlags("auth")}
	f.StringVar(&f.auth, "auth", "", "")
	f.StringVar(&f.tokenFile, "token-file", "", "")
	f.StringVar(&f.username, "username", "", "")
	f.withChannels()
	f.StringVar(&f.chart, "chart", "", "")
	if err := p.parse(f.flags, args); err != nil {
		return err
	}
	if err := f.checkCheck(); err != nil {
		return hint(err, "see 'portolan auth --help'")
	}
	secret, err := p.readToken(f.tokenFile)
	if err != nil {
		return err
	}
	e, err := auth.Explain(ctx, f.auth, f.username, secret)
	if err != nil {
		return authError(f.auth, err)
	}
	return p.printExplained(f, e)
}

// checkCheck refuses command lines that 'portolan auth check' does not understand.
func (f *authFlags) checkCheck() error {
	switch {
	case f.NArg() == 0 || f.Arg(0) != "check":
		return usagef("auth needs the word check")
	case f.NArg() > 1:
		return usagef("auth check takes no operands, but got %d", f.NArg()-1)
	case f.auth == "" || f.tokenFile == "":
		return usagef("auth check needs --auth FILE and --token-file FILE")
	case len(f.channels) > 1:
		return usagef("auth check takes one --channel, but got %d", len(f.channels))
	case f.chart != "" && len(f.channels) == 0:
		return usagef("--chart NAME also needs --channel NAME")
	}
	return nil
}

// readToken reads a token from a file; - is standard input.
func (p *program) readToken(name string) (string, error) {
	from := p.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer file.Close()
		from = file
	}
	b, err := io.ReadAll(io.LimitReader(from, maxTokenFile+1))
	if err != nil {
		return "", fmt.Errorf("reading the token from %s: %w", name, err)
	}
	b = bytes.TrimSpace(b)
	if len(b) == 0 || len(b) > maxTokenFile {
		return "", fmt.Errorf("%s must hold one token and nothing else", name)
	}
	return string(b), nil
}

// explained is what 'portolan auth check' tells.
type explained struct {
	*auth.Explanation
	Channel string         `json:"channel,omitempty"`
	Chart   string         `json:"chart,omitempty"`
	Actions []authorisedBy `json:"actions,omitempty"`
}

// authorisedBy tells whether an action is allowed, and by which rules.
type authorisedBy struct {
	Action  auth.Action `json:"action"`
	Allowed bool        `json:"allowed"`
	Rules   []string    `json:"rules,omitempty"`
}

// printExplained fails if the token is refused, or may neither upload nor ask for an
// action where it is asked about.
func (p *program) printExplained(f *authFlags, e *auth.Explanation) error {
	all := &explained{Explanation: e, Channel: strings.Join(f.channels, ""), Chart: f.chart}
	if e.Identity != nil && all.Channel != "" {
		for _, action := range auth.Actions {
			all.Actions = append(all.Actions, authorise(e.Identity, action, all.Channel, f.chart))
		}
	}
	p.notes("warning", e.Warnings)
	if p.found = all; !f.output.json {
		if err := p.printRules(all); err != nil {
			return err
		}
	}
	switch {
	case e.Refused != "":
		return errors.New("the token is refused: " + e.Refused)
	case len(all.Actions) > 0 && !all.may(auth.Write):
		return p.noUploads(f, all)
	}
	return nil
}

// noUploads says that the token may not upload. That is an error unless it may ask for an
// action.
func (p *program) noUploads(f *authFlags, e *explained) error {
	what := "any chart"
	if f.chart != "" {
		what = "a chart called " + f.chart
	}
	text := fmt.Sprintf("the token may not upload %s to channel %s", what, e.Channel)
	if e.may(auth.Yank, auth.Promote, auth.Rollback) {
		if !f.output.json {
			p.say("note", fmt.Sprintf("%s: that needs the scope %s:%s", text, auth.Write, e.Channel))
		}
		return nil
	}
	return hint(errors.New(text), "the token needs the scope %[1]s:%[5]s to upload, or %[2]s:%[5]s, %[3]s:%[5]s or %[4]s:%[5]s for actions, and if the rule lists charts, a matching one",
		auth.Write, auth.Yank, auth.Promote, auth.Rollback, e.Channel)
}

// may reports whether one of the actions is allowed.
func (e *explained) may(actions ...auth.Action) bool {
	return slices.ContainsFunc(e.Actions, func(a authorisedBy) bool { return a.Allowed && slices.Contains(actions, a.Action) })
}

func authorise(id *auth.Identity, action auth.Action, channel, chart string) authorisedBy {
	allowed := id.May(action, channel)
	if chart != "" {
		allowed = id.MayChart(action, channel, chart)
	}
	return authorisedBy{action, allowed, id.Rules(action, channel, chart)}
}

func (p *program) printRules(e *explained) error {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, plain(text))
		}
	}
	line("who", e.Who)
	line("issuer", e.Server)
	for _, r := range e.Rules {
		text := "matches"
		if !r.Fits {
			text = "does not match: " + strings.Join(r.Why, "; ")
		}
		line("rule", fmt.Sprintf("%s (line %d) %s", r.Name, r.Line, text))
	}
	for _, a := range e.Actions {
		text := "denied"
		if a.Allowed {
			text = "allowed"
		}
		if len(a.Rules) > 0 {
			text += " by rule " + strings.Join(a.Rules, ", ")
		}
		line(string(a.Action), text)
	}
	return w.Flush()
}
