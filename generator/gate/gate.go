// Package gate judges promotions by the gates of the channel that they come to, which are
// in its policy: where versions may come from, how long they must have been there, whether
// they must be signed, and whether what they depend on must be there. A run decides by it,
// and 'portolan promote' says by it beforehand what a run would. It reads nothing.
package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/days"
	"github.com/portolan-charts/portolan/publisher/pattern"
)

// Promotion is a promotion of versions from one channel to another. It is for use by one
// goroutine.
type Promotion struct {
	Gates    config.Gates // of To
	From, To string
	Now      time.Time

	// Lists returns the versions of a chart that To lists, or that the promotion brings.
	Lists func(chart string) []string

	supply *supply // what has been found in these
}

// Version is a version that is to be promoted, as it is in the channel that it comes from.
type Version struct {
	Chart, Version string
	Created        time.Time // as its line in the index says
	Info           *publisher.ReleaseInfo
	Verified       bool // whether one of To's keys made its signature
	Revoked        bool // whether the key that made it is revoked by now, as To's or From's keyrings have it
	Dependencies   []*check.Dependency
}

// Since is when the version came to the channel that it comes from.
func (v *Version) Since() time.Time {
	if since := v.Info.Since(); !since.IsZero() {
		return since
	}
	return v.Created
}

func (v *Version) String() string { return v.Chart + " " + v.Version }

// Check says which gate is closed to a version, and when or by what it would open; nil if
// all are open.
func (p *Promotion) Check(v *Version) *check.Problem {
	return cmp.Or(p.CheckFrom(), p.checkSoak(v), p.checkSigned(v), p.checkDependencies(v))
}

// CheckFrom is [Promotion.Check] for what is known of a promotion without its versions.
func (p *Promotion) CheckFrom() *check.Problem {
	from := p.Gates.From
	if len(from) == 0 || slices.ContainsFunc(from, func(name string) bool { return pattern.MatchesChannel(name, p.From) }) {
		return nil
	}
	return reject("gate-from", "channel %s takes promotions from %s only, not from %s", p.To, strings.Join(from, ", "), p.From)
}

// Opens is when the version has been in the other channel for long enough.
func (p *Promotion) Opens(v *Version) time.Time { return v.Since().Add(p.Gates.Soak) }

func (p *Promotion) checkSoak(v *Version) *check.Problem {
	if p.Gates.Soak == 0 || !p.Now.Before(p.Opens(v)) {
		return nil
	}
	return reject("gate-soak", "%s came to channel %s at %s, and is to stay there for %s: this gate opens at %s",
		v, p.From, timeText(v.Since()), days.Format(p.Gates.Soak), timeText(p.Opens(v)))
}

func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (p *Promotion) checkSigned(v *Version) *check.Problem {
	switch {
	case !p.Gates.Signed:
		return nil
	case v.Revoked:
		problem := reject("gate-signed", "%s is signed with a key that is revoked, as the keyrings of channel %s or %s have it", v, p.To, p.From)
		problem.Fix = "publish a new version in channel " + p.From + ", signed with another key, and promote that"
		return problem
	case v.Verified || v.Info.Signer != nil:
		return nil
	}
	return reject("gate-signed", "%s has no signature that was verified with the keys of channel %s or %s", v, p.To, p.From)
}

// CheckUpload refuses an upload of what is named so to a channel that takes promotions
// only; nil if it takes uploads.
func CheckUpload(gates config.Gates, channel, name string) *check.Problem {
	if !gates.Only {
		return nil
	}
	to, from := "another channel", "FROM"
	if names := gates.From; len(names) > 0 {
		to = "channel " + strings.Join(names, " or ")
		if len(names) == 1 && !strings.Contains(names[0], "*") {
			from = names[0]
		}
	}
	problem := reject("promote-only", "channel %s takes no uploads, only promotions", channel)
	problem.Fix = fmt.Sprintf("upload to %s, and promote it from there: portolan promote %s %s %s", to, from, channel, name)
	return problem
}
