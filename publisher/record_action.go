package publisher

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/action"
)

// ActionDecision is the verdict on one action, and what it does. It holds everything that
// is needed to derive the channel's state from the one before.
type ActionDecision struct {
	ID      string      `json:"id"`
	Arrival time.Time   `json:"arrival"`
	Kind    action.Kind `json:"kind"`
	Verdict Verdict     `json:"verdict"`          // Accepted, Unchanged, Superseded or Rejected
	Rule    string      `json:"rule,omitempty"`   // as [Decision.Rule]
	Reason  string      `json:"reason,omitempty"` // of what is accepted: why, or a deprecation's message

	Chart      string   `json:"chart,omitempty"`      // that is deprecated or undeprecated
	Successor  string   `json:"successor,omitempty"`  // of a deprecated chart
	Own        []string `json:"own,omitempty"`        // see [action.Deprecation.Own]
	Generation int      `json:"generation,omitempty"` // that is rolled back to

	// Versions are what is hidden, shown, published or removed, whatever the kind does. If
	// the action is not accepted, there are none: the log is public, and anyone may ask.
	Versions []ActionVersion `json:"versions,omitempty"`
}

// ActionVersion is a version that an action is about.
type ActionVersion struct {
	action.Pin

	// Upload is set by a rollback if the version gets earlier content again, that of this
	// upload. The others of its versions are hidden.
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
	return d.Kind == action.Promote && d.Verdict == Accepted && !v.Unchanged
}

// url is where the archive of a version lies that the action gives content; "" if it gives
// it none.
func (d *ActionDecision) url(v ActionVersion) string {
	switch {
	case d.Verdict != Accepted:
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
	if s := r.State; s != nil && (!isSHA256(s.SHA256) || s.Name == "" || strings.ContainsRune(s.Name, '/')) {
		return fmt.Errorf("names the state %q with the SHA-256 %q", s.Name, s.SHA256)
	}
	for _, a := range r.Actions {
		if a.Verdict != Accepted && len(a.Versions) > 0 {
			return fmt.Errorf("action %s is %s, but names versions", a.ID, a.Verdict)
		}
		if a.Arrival.After(r.Time) {
			return fmt.Errorf("decides action %s before it arrived", a.ID)
		}
		if err := action.CheckText(a.Reason); err != nil {
			return fmt.Errorf("action %s: %v", a.ID, err)
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
		if a.Verdict == Accepted {
			a.changes(c, r.Time)
		}
	}
	return c.State()
}

// proveState is stateAfter, which must be what the record names. Records of which the
// state stays as it was need no look at it.
func (r *Record) proveState(before *action.State) (*action.State, error) {
	if r.State == nil && before == nil || r.State != nil && before != nil && !r.changesState() {
		return before, nil
	}
	if r.State == nil {
		return nil, errors.New("names no state, though an earlier record does")
	}
	after := r.stateAfter(before)
	b, err := after.Bytes()
	if err == nil && hexSHA256(b) != r.State.SHA256 {
		err = fmt.Errorf("the state after it has the SHA-256 %s, but it says %s", hexSHA256(b), r.State.SHA256)
	}
	return after, err
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
				continue
			}
			c.Yank(action.Yanked{Chart: v.Chart, Version: v.Version, Reason: d.Reason, Time: at, Action: d.ID})
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
			if a.Verdict != Accepted {
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

// changesState reports whether the state after the record may be another than before.
func (r *Record) changesState() bool {
	for _, a := range r.Actions {
		if a.Verdict == Accepted {
			return true
		}
	}
	for _, d := range r.Decisions {
		if d.Restores || d.Deprecated {
			return true
		}
	}
	return false
}
