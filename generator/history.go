package generator

import (
	"cmp"
	"time"

	"github.com/portolan-charts/portolan/publisher"
)

// history is what earlier runs have decided about uploads: what the log's later
// records say, and receipts from before these.
type history struct {
	since      time.Time                     // it has every record of this time or later
	generation int                           // up to this one
	decided    map[string]past               // by upload
	latest     map[ref]arrival               // the latest upload of a version that was decided, and not rejected
	receipts   map[string]*publisher.Receipt // by upload
}

// past is a decision that the log has.
type past struct {
	publisher.Decision
	record *publisher.Record
}

// arrival orders uploads: by time, then by id.
type arrival struct {
	at time.Time
	id string
}

func (a arrival) compare(b arrival) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) }

func newHistory(since time.Time) *history {
	return &history{since: since, decided: map[string]past{}, latest: map[ref]arrival{}}
}

// take adds the next record.
func (h *history) take(r *publisher.Record) {
	for _, d := range r.Decisions {
		h.decided[d.Upload] = past{d, r}
		// A signature that came later says nothing about the content.
		if d.Verdict == publisher.Rejected || d.Fingerprint == "" {
			continue
		}
		v, a := ref{d.Chart, d.Version}, arrival{d.Arrival, d.Upload}
		if last, ok := h.latest[v]; !ok || a.compare(last) > 0 {
			h.latest[v] = a
		}
	}
	h.generation = r.Generation
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
			h.decided[upload] = past{d, r}
		}
	}
}
