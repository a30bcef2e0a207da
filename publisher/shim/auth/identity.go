package auth

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher/pattern"
)

// Action is something that an identity may be allowed to do.
type Action string

// The actions. No action implies another.
const (
	Read  Action = "read"
	Write Action = "write"
	Force Action = "force" // replace a published version even under 'duplicates: reject'

	Yank     Action = "yank"     // yank and restore versions, deprecate and undeprecate charts
	Promote  Action = "promote"  // publish versions of another channel, which must be read for that
	Rollback Action = "rollback" // take the whole channel back to an earlier generation
)

// Actions are all of them, in the order in which people are told of them.
var Actions = []Action{Write, Force, Yank, Promote, Rollback, Read}

// Identity is who sends a request and what they may do.
type Identity struct {
	kind   string // "token", "user", "oidc" or "gitlab"; "" if anonymous
	name   string
	by     string // URL of the server that vouches for it; "" if absent
	job    string // URL of its job; "" if not known
	as     string // the user name sent with a token, which is not checked
	party  string // see Party; "" if it is the name, or absent
	grants []grant
}

// grant is a list of scopes, and the charts that they apply to.
type grant struct {
	scopes []scope
	charts []string // patterns; all charts if empty
	rule   *rule    // the rule that gave it; nil for tokens in the file and users
}

// scope is an action in all channels that match the pattern.
type scope struct {
	action  Action
	pattern string
}

// allChannels is the pattern that matches every channel.
const allChannels = "**"

// everything allows every action in every channel.
var everything = []grant{{scopes: inAllChannels(Actions)}}

func inAllChannels(actions []Action) (scopes []scope) {
	for _, a := range actions {
		scopes = append(scopes, scope{a, allChannels})
	}
	return scopes
}

// String names the identity, for logs.
func (i *Identity) String() string {
	if i.Anonymous() {
		return "anonymous"
	}
	if rules := i.rules(); len(rules) > 0 {
		return fmt.Sprintf("%s %s (by %s of %s)", i.kind, i.name, listed("rule", rules), i.by)
	}
	return i.kind + " " + i.name
}

// rules returns the names of the rules that the grants come from.
func (i *Identity) rules() (names []string) {
	for _, g := range i.grants {
		if g.rule != nil {
			names = append(names, g.rule.Name)
		}
	}
	return names
}

func listed(what string, names []string) string {
	if len(names) > 1 {
		what += "s"
	}
	return what + " " + strings.Join(names, ", ")
}

// For returns the identity with only the grants that allow one of the actions in the
// channel, for one of the charts if any are given. It thus shows which rules allowed
// a request.
func (i *Identity) For(channel string, charts []string, actions ...Action) *Identity {
	narrow := *i
	narrow.grants = nil
	for _, g := range i.grants {
		may := slices.ContainsFunc(actions, func(a Action) bool { return g.may(a, channel) })
		if may && (len(charts) == 0 || slices.ContainsFunc(charts, g.fits)) {
			narrow.grants = append(narrow.grants, g)
		}
	}
	return &narrow
}

// Party returns a text that all requests of one party have in common, so that what is
// scarce can be shared: that of all jobs of a project, or of all anonymous requests from
// an address. It is "" for those who need not share: users of this machine, if everybody
// may do everything.
func (i *Identity) Party() string {
	if i.Anonymous() && i.party == "" {
		return ""
	}
	return strings.Join([]string{i.kind, i.by, cmp.Or(i.party, i.name)}, " ")
}

// Anonymous reports whether the request had no credentials.
func (i *Identity) Anonymous() bool { return i.kind == "" }

// May reports whether the action is allowed in the channel, for some chart at least.
// The channel "" stands for the whole site, and needs a scope for "**".
func (i *Identity) May(a Action, channel string) bool {
	return slices.ContainsFunc(i.grants, func(g grant) bool { return g.may(a, channel) })
}

// Names reports whether a scope for the action names the channel exactly, and not by a
// pattern.
func (i *Identity) Names(a Action, channel string) bool {
	return slices.ContainsFunc(i.grants, func(g grant) bool { return slices.Contains(g.scopes, scope{a, channel}) })
}

// MayChart reports whether the action is allowed for the chart in the channel.
func (i *Identity) MayChart(a Action, channel, chart string) bool {
	return slices.ContainsFunc(i.grants, func(g grant) bool {
		return g.may(a, channel) && (a == Read || g.fits(chart))
	})
}

func (g grant) may(a Action, channel string) bool {
	return slices.ContainsFunc(g.scopes, func(s scope) bool { return s.action == a && s.fits(channel) })
}

func (s scope) fits(channel string) bool {
	if channel == "" || s.pattern == allChannels {
		return s.pattern == allChannels
	}
	return pattern.MatchesChannel(s.pattern, channel)
}

func (g grant) fits(chart string) bool { return pattern.MatchesChart(g.charts, chart) }

// Uploader returns what a receipt says about the identity: the token, user or
// subject, and under "as" the user name sent with a token. For a token that another
// server vouches for, it also has the server, the job's URL, and the rules that
// matched with the claims that they list.
func (i *Identity) Uploader() map[string]string {
	m := map[string]string{}
	if !i.Anonymous() {
		m[i.kind] = i.name
	}
	if i.as != "" {
		m["as"] = i.as
	}
	if i.by != "" {
		m["issuer"], m["rule"] = i.by, strings.Join(i.rules(), ", ")
	}
	if i.job != "" {
		m["job"] = i.job
	}
	for _, g := range i.grants {
		if g.rule == nil {
			continue
		}
		for name, value := range g.rule.Claims {
			m["claim."+name] = value
		}
	}
	return m
}
