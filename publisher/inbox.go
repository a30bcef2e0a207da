package publisher

import (
	"cmp"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Inbox is what waits in the drop area, as one listing showed it.
type Inbox struct {
	Channels []*ChannelInbox // sorted by name; only those with something in them
	Ignored  []Ignored       // what no rule makes an upload, and what cannot be read
	Orphans  []*bucket.Entry // requests, sorted by key, whose upload is not there: it may be about to come
}

// ChannelInbox is what waits for one channel.
type ChannelInbox struct {
	Channel string
	Uploads []*Upload // in order of arrival
	Foreign []*Foreign
	Err     error // why there may be more than these: the folder cannot be read
}

// Upload is one upload in the inbox: a chart, perhaps with its provenance
// file; or a provenance file alone.
type Upload struct {
	ID      string
	Channel string

	// Arrival decides which of two uploads is the later one: the store's
	// time of the object, since the clocks of uploaders differ; of an
	// adopted file, the time that it had before.
	Arrival time.Time

	// Earliest is the time from which records may speak of this upload. It
	// is before Arrival if an uploader's retry wrote the object once more
	// after it had been decided.
	Earliest time.Time

	// Made is when the id was made, by the clock of who made it.
	Made time.Time

	// MaybeDecided says that the upload may have been decided before
	// Earliest: its id was made long before or after its object was written,
	// or nothing describes it. So it is when somebody puts back what was
	// decided, or a write that was given up takes effect after all. Its
	// receipt tells, or else the log.
	MaybeDecided bool

	Chart   *bucket.Entry // nil if there is a provenance file only
	Prov    *bucket.Entry // nil if there is none, or the listing missed it
	Request *bucket.Entry // as Prov
}

// foreign returns the upload as a file under a name of somebody's, for when its
// id is that of another upload, in another channel. Once adopted, it has its own.
func (u *Upload) foreign() *Foreign {
	f := newForeign(u.ID, u.Chart, u.Prov)
	f.Request = u.Request
	return f
}

// Foreign is a chart, or its provenance file, that somebody put into the inbox
// under a name of their own, with their cloud's own client or with cp.
type Foreign struct {
	Name  string        // of the chart's file, or of the provenance file alone; never empty
	Chart *bucket.Entry // nil if there is a provenance file only
	Prov  *bucket.Entry

	// Request describes the upload whose id the file is called by, if that
	// is another one's.
	Request *bucket.Entry
}

// modified is when the file, or the later of the two, last changed.
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

// maxClockLead is how far before its arrival an upload's id may have been made
// for records of that time to be searched: uploads take less than this.
const maxClockLead = 24 * time.Hour

// DisownTwins makes files of their owners' of all uploads of one id but the one
// that most likely got it from portolan: an id has one verdict, and one receipt.
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
		w.Disown(func(u *Upload) bool { return owner[u.ID] != u })
	}
}

// Disown makes files of their owners' of those uploads whose id is another's.
func (w *ChannelInbox) Disown(other func(*Upload) bool) {
	w.Uploads = slices.DeleteFunc(w.Uploads, func(u *Upload) bool {
		if other(u) {
			w.Foreign = append(w.Foreign, u.foreign())
			return true
		}
		return false
	})
}

func byArrival(a, b *Upload) int {
	return cmp.Or(a.Arrival.Compare(b.Arrival), cmp.Compare(a.ID, b.ID))
}

// newUpload makes an upload of the objects that lie under an id.
func newUpload(channel, id string, chart, prov *bucket.Entry) *Upload {
	u := &Upload{ID: id, Channel: channel, Chart: chart, Prov: prov}
	u.Arrival = cmp.Or(chart, prov).Modified.UTC()
	u.Earliest = u.Arrival
	parsed, _ := parseID(id)
	made := idTime(parsed)
	u.Made = made
	switch {
	case !made.Before(u.Arrival): // a clock ahead of the store's, or a lie
	case parsed.Version() == 8:
		u.Arrival, u.Earliest = made, made
	case u.Arrival.Sub(made) < maxClockLead:
		u.Earliest = made
	}
	return u
}

// key is where a part of the upload lies in the inbox.
func (u *Upload) key(ext string) string { return inboxKey(u.Channel, u.ID, ext) }
