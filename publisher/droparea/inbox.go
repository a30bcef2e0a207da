package droparea

import (
	"cmp"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Inbox is what waits in the drop area, as one listing showed it.
type Inbox struct {
	Channels []*ChannelInbox // sorted by name; only those with something in them
	Ignored  []Ignored       // what is not an upload, or cannot be read
	Orphans  []*bucket.Entry // requests without an upload, sorted by key: the upload may be about to come
}

// ChannelInbox is what waits for one channel.
type ChannelInbox struct {
	Channel string
	Uploads []*Upload // in order of arrival
	Foreign []*Foreign
	Untold  []Untold // in any order
	Err     error    // why there may be more than these: the folder cannot be read
}

// Upload is one upload in the inbox: a chart, perhaps with its provenance
// file; a provenance file alone; or an action.
type Upload struct {
	ID      string
	Channel string

	// Arrival decides which of two uploads is the later one. It is the store's
	// time of the object, since the clocks of uploaders differ; for an adopted
	// file, the time that it had before.
	Arrival time.Time

	// Received is when the store got what lies under the upload's id. It is never before
	// Arrival, and for an adopted file about the time when it was adopted. Who may write
	// to the inbox can make up an id, and an arrival with it, but not this.
	Received time.Time

	// Earliest is the time from which records may decide this upload. It is
	// before Arrival if an uploader's retry wrote the object again after it had
	// been decided.
	Earliest time.Time

	// Made is when the id was made, by the clock of its maker.
	Made time.Time

	// MaybeDecided is set if the upload may have been decided before Earliest: its
	// id was made long before or after its object was written, or it has no
	// request. That happens when somebody puts back a decided upload, or when an
	// abandoned write takes effect after all. The receipt says whether it was
	// decided, or else the log.
	MaybeDecided bool

	Chart   *bucket.Entry // nil if there is a provenance file only
	Prov    *bucket.Entry // nil if absent, or the listing missed it
	Request *bucket.Entry // as Prov
	Action  *bucket.Entry // what asks for an action; then the others are nil

	foreign *Foreign // that it still is; nil if it lies under its id
}

// disowned returns the upload as a foreign file, if its id is that of another upload in
// another channel. Once adopted, it has an id of its own.
func (u *Upload) disowned() *Foreign {
	f := newForeign(u.ID, u.Chart, u.Prov)
	f.Request = u.Request
	return f
}

// Foreign is a chart, or its provenance file, that somebody put into the inbox under a
// name of their own, with their cloud's client or with cp.
type Foreign struct {
	Name  string        // of the chart's file, or of the provenance file alone; never empty
	Chart *bucket.Entry // nil if there is a provenance file only
	Prov  *bucket.Entry

	// Request is set if the file's name is the id of another upload. It describes
	// this file.
	Request *bucket.Entry
}

// modified is when the chart or the provenance file changed last.
func (f *Foreign) modified() time.Time {
	var t time.Time
	for _, e := range []*bucket.Entry{f.Chart, f.Prov} {
		if e != nil && e.Modified.After(t) {
			t = e.Modified
		}
	}
	return t
}

// Ignored is something in the inbox that is not an upload, and why.
type Ignored struct {
	Key    string `json:"key"`
	Reason string `json:"reason"`
}

// maxClockLead is the longest time before its arrival from which an upload's id counts:
// uploads take less than this.
const maxClockLead = 24 * time.Hour

// DisownTwins turns uploads with the same id into foreign files, except the one that
// most likely got its id from portolan: an id has one verdict and one receipt.
func (i *Inbox) DisownTwins() {
	owner := map[string]*Upload{}
	for _, w := range i.Channels {
		for _, u := range w.Uploads {
			if o := owner[u.ID]; o == nil || o.MaybeDecided && !u.MaybeDecided ||
				o.MaybeDecided == u.MaybeDecided && u.Arrival.Before(o.Arrival) {
				owner[u.ID] = u
			}
		}
	}
	for _, w := range i.Channels {
		for _, u := range w.Uploads {
			if u.Action != nil && owner[u.ID] != u {
				i.Ignored = append(i.Ignored, Ignored{u.Action.Key, "has the id of another upload: ask once more, which gives it its own"})
			}
		}
		w.Disown(func(u *Upload) bool { return owner[u.ID] != u })
	}
}

// Disown turns uploads whose id belongs to another upload into foreign files. An action
// cannot be one, and is left alone.
func (w *ChannelInbox) Disown(other func(*Upload) bool) {
	w.Uploads = slices.DeleteFunc(w.Uploads, func(u *Upload) bool {
		if !other(u) {
			return false
		}
		if u.Action == nil {
			w.Foreign = append(w.Foreign, u.disowned())
		}
		return true
	})
}

func byArrival(a, b *Upload) int {
	return cmp.Or(a.Arrival.Compare(b.Arrival), cmp.Compare(a.ID, b.ID))
}

// newUpload makes an upload of the objects that lie under an id.
func newUpload(channel, id string, chart, prov *bucket.Entry) *Upload {
	u := &Upload{ID: id, Channel: channel, Chart: chart, Prov: prov}
	u.arrived(cmp.Or(chart, prov).Modified)
	return u
}

// newAction makes an upload of the object that asks for an action.
func newAction(channel, id string, e *bucket.Entry) *Upload {
	u := &Upload{ID: id, Channel: channel, Action: e}
	u.arrived(e.Modified)
	u.MaybeDecided = e.Modified.Sub(u.Made).Abs() >= maxClockLead
	return u
}

// arrived sets when the upload arrived, by the store's time of its object and by its id.
func (u *Upload) arrived(modified time.Time) {
	u.Arrival = modified.UTC()
	u.Received, u.Earliest = u.Arrival, u.Arrival
	parsed, _ := parseID(u.ID)
	made := idTime(parsed)
	u.Made = made
	switch {
	case !made.Before(u.Arrival): // the clock is ahead of the store's, or the id is made up
	case parsed.Version() == 8:
		u.Arrival, u.Earliest = made, made
	case u.Arrival.Sub(made) < maxClockLead:
		u.Earliest = made
	}
}

// key is where a part of the upload lies in the inbox.
func (u *Upload) key(ext string) string { return inboxKey(u.Channel, u.ID, ext) }
