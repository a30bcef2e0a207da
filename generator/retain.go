package generator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/portolan-charts/portolan/generator/retain"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// A channel's rule says which versions stay. What it lets go is yanked by an action that
// nobody has asked for: it is decided, committed and shown like any other, but has no file
// in the inbox and no receipt. If another generator commits first, the rule is asked again.

// maxRetained is the most versions that one such action names.
var maxRetained = action.MaxVersions // a variable for tests

// Retained is what a channel's rule has let go, or would.
type Retained struct {
	Channel    string            `json:"channel"`
	Rule       string            `json:"rule"`                 // in words, as the log has it
	Generation int               `json:"generation,omitempty"` // the newest that yanks them; 0 if there are none, or in a dry run
	Versions   []RetainedVersion `json:"versions"`
	Error      string            `json:"error,omitempty"`
}

// RetainedVersion is a version that a rule lets go.
type RetainedVersion struct {
	Chart   string    `json:"chart"`
	Version string    `json:"version"`
	Created time.Time `json:"created"`
	Bytes   int64     `json:"bytes,omitempty"` // of its archive; only a dry run looks
}

// retainAll yanks what the rules of channels let go, and makes heads show that.
func (o *Options) retainAll(ctx context.Context, channels []string) (all []Retained, err error) {
	var failures []error
	for _, name := range channels {
		if o.Config.Policy(name).Retain.None() {
			continue
		}
		r, err := o.retainIn(ctx, name)
		if err != nil {
			r.Error = err.Error()
			failures = append(failures, fmt.Errorf("channel %s: %w", name, err))
		}
		all = append(all, r)
	}
	return all, errors.Join(failures...)
}

func (o *Options) retainIn(ctx context.Context, name string) (Retained, error) {
	report := Retained{Channel: name, Rule: o.Config.Policy(name).Retain.String(), Versions: []RetainedVersion{}}
	r, err := openRun(ctx, *o, name, &adopted{})
	for err == nil {
		var some []RetainedVersion
		some, err = r.retain(ctx)
		if err != nil || len(some) == 0 {
			break
		}
		if report.Versions = append(report.Versions, some...); !o.DryRun {
			report.Generation = r.channel.Generation()
		}
	}
	switch {
	case err != nil:
	case o.DryRun:
		err = r.weigh(ctx, report.Versions)
	case report.Generation > 0:
		err = r.channel.Project(ctx)
	}
	return report, err
}

// retain commits one action that yanks what the rule lets go, and returns that.
func (r *channelRun) retain(ctx context.Context) ([]RetainedVersion, error) {
	for {
		p := r.planner(nil)
		p.history = newHistory(p.now) // nothing else has a say in it
		some, pins, err := r.expired(p.now)
		if err != nil || len(some) == 0 {
			return nil, err
		}
		c, err := r.ruled(pins, p.now)
		if err != nil {
			return nil, err
		}
		plan, err := p.decide([]*candidate{c})
		if err != nil {
			return nil, err
		}
		err = r.commit(ctx, plan)
		if err == nil {
			r.catalog = r.catalog.at(r.channel)
			return some, nil
		}
		if !errors.Is(err, bucket.ErrConflict) {
			return nil, err
		}
		if err := r.channel.Refresh(ctx); err != nil {
			return nil, err
		}
		r.catalog = r.catalog.at(r.channel)
	}
}

// ruled is a yank that the channel's rule asks for.
func (r *channelRun) ruled(pins []action.Pin, now time.Time) (*candidate, error) {
	id, err := droparea.NewID()
	if err != nil {
		return nil, err
	}
	request := action.Request{Kind: action.Yank, Versions: pins, Reason: r.policy.Retain.String()}
	return &candidate{
		upload: &droparea.Upload{ID: id, Arrival: now.UTC(), Earliest: now},
		asked:  &asked{Request: request, rule: ruleRetain},
	}, nil
}

// expired are the versions that the rule lets go, as many as one action names.
func (r *channelRun) expired(now time.Time) (some []RetainedVersion, pins []action.Pin, err error) {
	for name := range r.channel.Index().Charts() {
		all, err := r.catalog.releases(name)
		if err != nil {
			return nil, nil, err
		}
		yanked := r.channel.State().YankedOf(name)
		var listed []published
		var versions []retain.Version
		for _, p := range all {
			if !yanked[p.Version] {
				listed, versions = append(listed, p), append(versions, retain.Version{Version: p.version, Created: p.Created})
			}
		}
		for _, at := range r.policy.Retain.Expired(versions, now) {
			if len(some) == maxRetained {
				return some, pins, nil
			}
			p := listed[at]
			some = append(some, RetainedVersion{Chart: name, Version: p.Version, Created: p.Created})
			pins = append(pins, action.Pin{Chart: name, Version: p.Version, Digest: p.Digest})
		}
	}
	return some, pins, nil
}

// weigh finds out how large the archives of versions are.
func (r *channelRun) weigh(ctx context.Context, versions []RetainedVersion) error {
	if len(versions) == 0 {
		return nil
	}
	sizes, err := publisher.ArchiveSizes(ctx, r.Site, r.channel.Name)
	if err != nil {
		return err
	}
	for i, v := range versions {
		if p, ok := r.catalog.find(ref{v.Chart, v.Version}); ok {
			versions[i].Bytes = sizes[p.URLs[0]]
		}
	}
	return nil
}
