// Package verdict says what can be decided about an upload, and what else is odd about it.
package verdict

// Verdict is what was decided about an upload.
type Verdict string

// The verdicts.
const (
	Accepted   Verdict = "accepted"   // a version that the channel did not have
	Replaced   Verdict = "replaced"   // it replaced an older upload of its version
	Unchanged  Verdict = "unchanged"  // its content is published already
	Superseded Verdict = "superseded" // a later upload of its version was decided before it
	Rejected   Verdict = "rejected"   // it broke a rule
)

// Publishes reports whether the index names an upload with this verdict.
func (v Verdict) Publishes() bool { return v == Accepted || v == Replaced }

// Warning is something odd about a chart that no rule forbids.
type Warning struct {
	Rule    string `json:"rule"`
	Message string `json:"message"`
}
