package publisher

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// ActionDecision is the verdict on one action, and what it does. It holds everything that
// is needed to derive the channel's state from the one before.
type ActionDecision struct {
	ID      string          `json:"id"`
	Arrival time.Time       `json:"arrival"`
	Kind    action.Kind     `json:"kind"`
	Verdict verdict.Verdict `json:"verdict"`          // Accepted, Unchanged, Superseded or Rejected
	Rule    string          `json:"rule,omitempty"`   // as [Decision.Rule]
	Reason  string          `json:"reason,omitempty"` // of what is accepted: why, or a deprecation's message

	Chart      string   `json:"chart,omitempty"`      // that is deprecated or undeprecated
	Successor  string   `json:"successor,omitempty"`  // of a deprecated chart
	Own        []string `json:"own,omitempty"`        // see [action.Deprecation.Own]
	Generation int      `json:"generation,omitempty"` // that is rolled back to

	// Versions are what is hidden, shown, published or removed, whatever the kind does; of
	// an action that is unchanged, what was so already. If the action is refused or
	// superseded, there are none: the log is public, and anyone may ask.
	Versions []ActionVersion `json:"versions,omitempty"`
}

// ActionVersion is a version that an action is about.
type ActionVersion struct {
	action.Pin

	// Upload is set by a rollback if the version gets earlier content again, that of this
	// upload. Its other versions are hidden, or shown again, as Restores says.
	Upload string `json:"upload,omitempty"`

	// What stands below is that of a promotion's new release, but as far as it says more.
	From        string `json:"from,omitempty"`        // the channel that it was copied from
	Fingerprint string `json:"fingerprint,omitempty"` // also of what is removed
	Size        int64  `json:"size,omitempty"`        // of the archive, in bytes
	Provenance  string `json:"provenance,omitempty"`
	Manifest    string `json:"manifest,omitempty"` // as [Decision.Manifest]; also with Upload
	Restores    bool   `json:"restores,omitempty"` // as [Decision.Restores]
	Deprecated  bool   `json:"deprecated,omitempty"`
	Unchanged   bool   `json:"unchanged,omitempty"` // its content is published already
}

// Publishes reports whether the action published this version, so that a line of the
// index names an archive under the action's id.
func (d *ActionDecision) Publishes(v ActionVersion) bool {
	return d.Kind == action.Promote && d.Verdict == verdict.Accepted && !v.Unchanged
}

// url is where the archive of a version lies that the action gives content; "" if it gives
// it none.
func (d *ActionDecision) url(v ActionVersion) string {
	switch {
	case d.Verdict != verdict.Accepted:
		return ""
	case v.Upload != "":
		return ReleaseURL(v.Chart, v.Version, v.Upload)
	case d.Publishes(v):
		return ReleaseURL(v.Chart, v.Version, d.ID)
	}
	return ""
}

// checkActions returns an error if what the record says of actions is not valid by itself.
func (r *Record) checkActions() error {
	if len(r.Actions) > 0 && r.State == nil {
		return errors.New("has actions, but names no state")
	}
	if s := r.State; s != nil {
		if n := stateGeneration(s.Name); !isSHA256(s.SHA256) || n == 0 || n > r.Generation {
			return fmt.Errorf("names the state %q with the SHA-256 %q", s.Name, s.SHA256)
		}
		if r.Change != nil && !strings.Contains(r.Change.Header, fmt.Sprintf("%q:%q", stateFileKey, s.Name)) {
			return fmt.Errorf("names the state %s, but its index does not", s.Name)
		}
	}
	in, _ := r.registry()
	for _, a := range r.Actions {
		if a.Verdict != verdict.Accepted && a.Verdict != verdict.Unchanged && len(a.Versions) > 0 {
			return fmt.Errorf("action %s is %s, but names versions", a.ID, a.Verdict)
		}
		if a.Arrival.After(r.Time) {
			return fmt.Errorf("decides action %s before it arrived", a.ID)
		}
		if a.Verdict == verdict.Accepted && r.Change == nil {
			return fmt.Errorf("action %s is accepted, but the index stays as it is", a.ID)
		}
		if err := action.CheckText(a.Reason); err != nil {
			return fmt.Errorf("action %s: %v", a.ID, err)
		}
		for _, v := range a.Versions {
			if v.Manifest != "" && (in.Since == 0 || a.url(v) == "" || !isSHA256(v.Manifest)) {
				return fmt.Errorf("action %s gives the manifest %q to %s %s, but no content, or the channel is not in the registry", a.ID, v.Manifest, v.Chart, v.Version)
			}
		}
	}
	return nil
}

// stateAfter is the channel's state once the record is applied: it follows from the state
// before and from the record alone. No version is named by both an action and an upload
// of one record, so the order of these does not matter.
func (r *Record) stateAfter(before *action.State) *action.State {
	c := before.Begin()
	for _, d := range r.Decisions {
		if d.Verdict.Publishes() {
			c.Owns(d.Chart, d.Version, d.Deprecated)
		}
		if d.Restores {
			c.Restore(d.Chart, d.Version)
		}
	}
	for _, a := range r.Actions {
		if a.Verdict == verdict.Accepted {
			a.changes(c, r.Time)
		}
	}
	return c.State()
}

// proveState is stateAfter, which must be what the record names; last is the record
// before. A state that stays as it was has been looked at before.
func (r *Record) proveState(last *Record, before *action.State) (*action.State, error) {
	var named *StateFile
	if last != nil {
		named = last.State
	}
	switch {
	case r.State == nil && named == nil:
		return nil, nil
	case r.State == nil:
		return nil, errors.New("it names no state, though the record before it does")
	case named != nil && !r.changesState(before):
		if *r.State != *named {
			return nil, fmt.Errorf("it names the state %s, though it changes nothing of %s", r.State.Name, named.Name)
		}
		return before, nil
	}
	after := r.stateAfter(before)
	b, err := after.Bytes()
	if err != nil {
		return nil, err
	}
	if want := (StateFile{stateName(r.Generation, r.Nonce), hexSHA256(b)}); *r.State != want {
		return nil, fmt.Errorf("it names the state %s with the SHA-256 %s, but what it does makes %s with %s", r.State.Name, r.State.SHA256, want.Name, want.SHA256)
	}
	return after, nil
}

// changes does to the state what the action says.
func (d *ActionDecision) changes(c *action.Change, at time.Time) {
	switch d.Kind {
	case action.Deprecate:
		c.Deprecate(action.Deprecation{Chart: d.Chart, Message: d.Reason, Successor: d.Successor, Time: at, Action: d.ID, Own: d.Own})
	case action.Undeprecate:
		c.Undeprecate(d.Chart)
	}
	for _, v := range d.Versions {
		switch d.Kind {
		case action.Yank, action.Rollback:
			if v.Upload != "" {
				c.Owns(v.Chart, v.Version, v.Deprecated)
			}
			if v.Restores {
				c.Restore(v.Chart, v.Version)
			}
			if v.Upload == "" && !v.Restores {
				c.Yank(action.Yanked{Chart: v.Chart, Version: v.Version, Reason: d.Reason, Time: at, Action: d.ID, Rollback: d.Generation})
			}
		case action.Restore:
			c.Restore(v.Chart, v.Version)
		case action.Promote:
			if d.Publishes(v) {
				c.Owns(v.Chart, v.Version, v.Deprecated)
			}
			if v.Restores {
				c.Restore(v.Chart, v.Version)
			}
		case action.TakeDown, action.Free:
			c.Bury(action.Tombstone{
				Chart: v.Chart, Version: v.Version, Digest: v.Digest, Fingerprint: v.Fingerprint,
				Kind: d.Kind, Reason: d.Reason, Time: at,
			})
		}
	}
}

// acted yields the charts of which actions of the record have changed what is listed.
func (r *Record) acted() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, a := range r.Actions {
			if a.Verdict != verdict.Accepted {
				continue
			}
			for _, v := range a.Versions {
				if !yield(v.Chart) {
					return
				}
			}
		}
	}
}

// removals are the kinds of actions that take versions away for good, or until other content
// comes.
var removals = []action.Kind{action.TakeDown, action.Free}

// gone are the versions that the record takes away by actions of these kinds.
func (r *Record) gone(by ...action.Kind) map[version]bool {
	gone := map[version]bool{}
	for _, a := range r.Actions {
		if a.Verdict != verdict.Accepted || !slices.Contains(by, a.Kind) {
			continue
		}
		for _, v := range a.Versions {
			gone[version{v.Chart, v.Version}] = true
		}
	}
	return gone
}

// acts reports whether the record accepts an action.
func (r *Record) acts() bool {
	return slices.ContainsFunc(r.Actions, func(a ActionDecision) bool { return a.Verdict == verdict.Accepted })
}

// changesState reports whether the state after the record may be another than before.
func (r *Record) changesState(before *action.State) bool {
	changes := func(chart, version string, publishes, restores, own bool) bool {
		_, ok := before.FindDeprecated(chart)
		return restores || ok && publishes && before.Owns(chart, version) != own
	}
	return slices.ContainsFunc(r.Decisions, func(d Decision) bool {
		return changes(d.Chart, d.Version, d.Verdict.Publishes(), d.Restores, d.Deprecated)
	}) || slices.ContainsFunc(r.Actions, func(a ActionDecision) bool {
		if a.Verdict != verdict.Accepted || a.Kind != action.Promote {
			return a.Verdict == verdict.Accepted
		}
		return slices.ContainsFunc(a.Versions, func(v ActionVersion) bool {
			return changes(v.Chart, v.Version, a.Publishes(v), v.Restores, v.Deprecated)
		})
	})
}
