package generator

import (
	"cmp"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// history is what earlier runs have decided about uploads: what the log's later
// records say, and receipts from before these.
type history struct {
	since      time.Time                    // it has every record of this time or later
	generation int                          // up to this one
	decided    map[string]past              // by upload
	latest     map[ref]arrival              // the latest upload of a version that was decided, and not rejected
	acted      map[ref]arrival              // the latest action on a version that was decided, or on a chart, which has no version here
	settled    map[ref]arrival              // the latest yank, or rollback: it supersedes uploads of the version that came before it
	restored   map[ref]arrival              // the latest restore
	receipts   map[string]*droparea.Receipt // by upload
}

// past is a decision that the log has.
type past struct {
	publisher.Decision
	action *publisher.ActionDecision // nil if it is about an upload
	record *publisher.Record
}

// arrival orders uploads: by time, then by id.
type arrival struct {
	at time.Time
	id string
}

func (a arrival) compare(b arrival) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) }

func newHistory(since time.Time) *history {
	return &history{
		since: since, decided: map[string]past{},
		latest: map[ref]arrival{}, acted: map[ref]arrival{}, settled: map[ref]arrival{}, restored: map[ref]arrival{},
	}
}

// take adds the next record.
func (h *history) take(r *publisher.Record) {
	for _, d := range r.Decisions {
		h.decided[d.Upload] = past{Decision: d, record: r}
		h.decides(d)
	}
	for _, a := range r.Actions {
		h.decided[a.ID] = pastAction(a, r)
		h.acts(a)
	}
	h.generation = r.Generation
}

// pastAction is the decision about an action.
func pastAction(a publisher.ActionDecision, r *publisher.Record) past {
	d := publisher.Decision{Upload: a.ID, Arrival: a.Arrival, Verdict: a.Verdict, Rule: a.Rule}
	return past{Decision: d, action: &a, record: r}
}

// decides adds which version an upload was the latest one of.
func (h *history) decides(d publisher.Decision) {
	// A signature that came later says nothing about the content.
	if d.Verdict != verdict.Rejected && d.Fingerprint != "" {
		note(h.latest, ref{d.Chart, d.Version}, arrival{d.Arrival, d.Upload})
	}
}

// acts adds which versions an action was the latest one on. What a rule does overtakes
// nothing: an upload or an action that came before them is meant all the same.
func (h *history) acts(a publisher.ActionDecision) {
	if a.Rule == ruleRetain || a.Kind == action.Free {
		return
	}
	at := arrival{a.Arrival, a.ID}
	if a.Kind == action.Rollback && a.Verdict == verdict.Accepted {
		note(h.acted, wholeChannel, at)
		note(h.settled, wholeChannel, at)
	}
	if a.Chart != "" {
		note(h.acted, ref{name: a.Chart}, at)
	}
	for _, v := range a.Versions {
		r := ref{v.Chart, v.Version}
		note(h.acted, r, at)
		if a.Kind == action.Promote { // as an upload, also of what was there
			note(h.latest, r, at)
		}
		switch a.Kind {
		case action.Yank:
			note(h.settled, r, at)
		case action.Restore:
			note(h.restored, r, at)
		}
	}
}

// note keeps the later one of two arrivals.
func note(latest map[ref]arrival, r ref, a arrival) {
	if last, ok := latest[r]; !ok || a.compare(last) > 0 {
		latest[r] = a
	}
}

// after reports whether the noted arrival, if there is one, came after a. What is noted of
// the whole channel counts for each version.
func after(latest map[ref]arrival, r ref, a arrival) bool {
	for _, about := range []ref{r, wholeChannel} {
		if last, ok := latest[about]; ok && last.compare(a) > 0 {
			return true
		}
	}
	return false
}

// has reports whether the upload is decided.
func (h *history) has(upload string) bool {
	_, decided := h.decided[upload]
	return decided || h.receipts[upload] != nil
}

// add adds that the record decided the upload.
func (h *history) add(upload string, r *publisher.Record) {
	for _, d := range r.Decisions {
		if d.Upload == upload {
			h.decided[upload] = past{Decision: d, record: r}
		}
	}
	for _, a := range r.Actions {
		if a.ID == upload {
			h.decided[upload] = pastAction(a, r)
		}
	}
}
