package config

import (
	"slices"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/retain"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/pattern"
)

// Gates are what a channel asks of promotions to it. See [Promote].
type Gates struct {
	From         []string // patterns of channels; all are allowed if it is empty
	Only         bool
	Soak         time.Duration
	Signed       bool
	Dependencies bool   // those that are on this site must be there
	Site         string // where the site's root is served, with Dependencies
}

// Values of [Policy.Duplicates].
const (
	Replace = "replace"
	Reject  = "reject"
)

// Policy is what the configuration asks of one channel.
type Policy struct {
	Duplicates string        // Replace or Reject
	Keep       int           // how many versions of a chart the index shows; 0 for all
	OCI        bool          // whether each version is in the registry as well
	Actions    []action.Kind // that may be asked for; nil if all may: see Takes
	Retain     retain.Rule
	Promote    Gates
	Checks     check.Options
	Keyring    *check.Keyring // whose signatures are verified; nil if none are
	Signed     bool           // whether only what is signed with it is published
}

// Policy returns what is asked of the channel.
func (c *Config) Policy(channel string) Policy {
	p := Policy{Duplicates: Replace, Checks: check.Options{Versions: "strict"}}
	if c == nil {
		return p
	}
	for _, entry := range c.Channels {
		if pattern.MatchesChannel(entry.Match, channel) {
			entry.apply(&p)
		}
	}
	if p.Promote.Dependencies {
		p.Promote.Site = c.BaseURL
	}
	return p
}

func (c Channel) apply(p *Policy) {
	override(&p.Duplicates, c.Duplicates)
	override(&p.Keep, c.Keep)
	if c.OCI != nil {
		p.OCI = *c.OCI
	}
	if g := c.Promote; g != nil {
		p.Promote = Gates{From: g.From, Only: isSet(g.Only), Soak: g.Soak, Signed: isSet(g.Signed), Dependencies: g.Dependencies != ""}
	}
	if c.Retain != nil {
		p.Retain = retain.Rule(*c.Retain)
	}
	override(&p.Checks.Versions, c.Versions)
	override(&p.Checks.Warnings, c.Warnings)
	if c.Charts != nil {
		p.Checks.Charts = c.Charts
	}
	if c.Require != nil {
		p.Checks.Require = c.Require
	}
	if c.Limits != nil {
		c.Limits.apply(&p.Checks.Limits)
	}
	if c.Signatures != nil {
		c.Signatures.apply(p)
	}
	if c.Actions != nil && c.Actions.Drop != nil {
		p.Actions = make([]action.Kind, len(c.Actions.Drop))
		for i, kind := range c.Actions.Drop {
			p.Actions[i] = action.Kind(kind)
		}
	}
}

// Takes reports whether an action may be asked for through the drop area.
func (p Policy) Takes(kind action.Kind) bool {
	return p.Actions == nil || slices.Contains(p.Actions, kind)
}

func (c *Limits) apply(l *check.Limits) {
	override(&l.Packed, int64(c.Packed))
	override(&l.Unpacked, int64(c.Unpacked))
	override(&l.File, int64(c.File))
	override(&l.ChartYAML, int64(c.ChartYAML))
	override(&l.Entries, c.Entries)
	override(&l.Depth, c.Depth)
}

func isSet(b *bool) bool { return b != nil && *b }

// override sets the field, unless the value is not set.
func override[T comparable](field *T, value T) {
	if value != *new(T) {
		*field = value
	}
}
