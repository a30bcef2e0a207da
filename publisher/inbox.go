package publisher

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
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

// ReadInbox lists the inbox once. What strangers left there that cannot be read
// is ignored, not an error, since it must not stop everyone else's uploads. A
// folder that cannot be read is an error of its channel alone, or of the
// channels in it.
func ReadInbox(ctx context.Context, drop bucket.Store) (*Inbox, error) {
	s := sorter{channels: map[string]*files{}}
	listing := drop.List(ctx, inboxDir, bucket.Descendants)
	if folder, ok := drop.(bucket.Folder); ok {
		listing = folder.Walk(ctx, inboxDir, &s)
	}
	for entry, err := range listing {
		if err != nil {
			return nil, err
		}
		s.add(entry)
	}
	return s.inbox(), nil
}

// sorter sorts a listing's entries into uploads.
type sorter struct {
	channels map[string]*files
	ignored  []Ignored
}

// Odd ignores what is not an object.
func (s *sorter) Odd(key, reason string) { s.ignored = append(s.ignored, Ignored{key, reason}) }

// Enter reports whether a folder may hold uploads.
func (s *sorter) Enter(dir string) bool {
	if strings.HasSuffix(dir, chartExt) || strings.HasSuffix(dir, provExt) {
		s.Odd(dir, "is a folder: a chart is uploaded as one file, as 'helm package' makes it")
		return false
	}
	return true
}

// Unreadable makes a channel's folder that cannot be read an error of the channel.
func (s *sorter) Unreadable(dir string, err error) bool {
	channel := strings.TrimPrefix(dir, inboxDir+"/")
	if CheckChannel(channel) != nil {
		return false
	}
	s.of(channel).err = bucket.About(dir, fmt.Errorf("the folder cannot be read, so what is uploaded there stays undecided; let portolan read and write it: %w", err))
	return true
}

// of returns the files of a channel.
func (s *sorter) of(channel string) *files {
	f := s.channels[channel]
	if f == nil {
		f = &files{charts: map[string]*bucket.Entry{}, provs: map[string]*bucket.Entry{}, requests: map[string]*bucket.Entry{}}
		s.channels[channel] = f
	}
	return f
}

// files are the files in one channel's inbox, by what they are called
// without their endings.
type files struct {
	charts, provs, requests map[string]*bucket.Entry
	err                     error
}

func (s *sorter) add(e bucket.Entry) {
	channel := path.Dir(strings.TrimPrefix(e.Key, inboxDir+"/"))
	name := path.Base(e.Key)
	if strings.HasPrefix(name, bucket.ProbePrefix) {
		return // about to go
	}
	if reason := s.refuse(channel, name); reason != "" {
		s.ignored = append(s.ignored, Ignored{e.Key, reason})
		return
	}
	f := s.of(channel)
	if base, ok := strings.CutSuffix(name, provExt); ok {
		f.provs[base] = &e
	} else if base, ok := strings.CutSuffix(name, chartExt); ok {
		f.charts[base] = &e
	} else {
		f.requests[strings.TrimSuffix(name, requestExt)] = &e
	}
}

// refuse says why a file in the inbox is not an upload.
func (s *sorter) refuse(channel, name string) string {
	base, isRequest := strings.CutSuffix(name, requestExt)
	switch _, ours := parseID(base); {
	case channel == ".":
		return "lies in no channel's folder: move it to " + inboxDir + "/CHANNEL/"
	case isRequest && ours: // belongs to a chart, or waits for one
	case !strings.HasSuffix(name, chartExt) && !strings.HasSuffix(name, provExt):
		return "is neither a chart (.tgz) nor a provenance file (.tgz.prov)"
	}
	if err := CheckChannel(channel); err != nil {
		return err.Error()
	}
	return ""
}

func (s *sorter) inbox() *Inbox {
	inbox := &Inbox{Ignored: s.ignored}
	for name, f := range s.channels {
		for id, request := range f.requests {
			if f.charts[id] == nil && f.provs[id] == nil {
				inbox.Orphans = append(inbox.Orphans, request)
			}
		}
		if w := f.waiting(name); len(w.Uploads)+len(w.Foreign) > 0 || w.Err != nil {
			inbox.Channels = append(inbox.Channels, w)
		}
	}
	slices.SortFunc(inbox.Channels, func(a, b *ChannelInbox) int { return cmp.Compare(a.Channel, b.Channel) })
	slices.SortFunc(inbox.Orphans, func(a, b *bucket.Entry) int { return cmp.Compare(a.Key, b.Key) })
	slices.SortFunc(inbox.Ignored, func(a, b Ignored) int { return cmp.Compare(a.Key, b.Key) })
	return inbox
}

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

func (f *files) waiting(channel string) *ChannelInbox {
	w := &ChannelInbox{Channel: channel, Err: f.err}
	for base, chart := range f.charts {
		w.add(base, chart, f.provs[base], f.requests[base])
	}
	for base, prov := range f.provs {
		if f.charts[base] == nil {
			w.add(base, nil, prov, f.requests[base])
		}
	}
	slices.SortFunc(w.Uploads, byArrival)
	slices.SortFunc(w.Foreign, func(a, b *Foreign) int { return cmp.Compare(a.Name, b.Name) })
	return w
}

func (w *ChannelInbox) add(base string, chart, prov, request *bucket.Entry) {
	if _, ours := parseID(base); ours {
		u := newUpload(w.Channel, base, chart, prov)
		u.Request = request
		written := cmp.Or(chart, prov).Modified
		u.MaybeDecided = request == nil || written.Sub(u.Made).Abs() >= maxClockLead
		w.Uploads = append(w.Uploads, u)
		return
	}
	w.Foreign = append(w.Foreign, newForeign(base, chart, prov))
}

func newForeign(base string, chart, prov *bucket.Entry) *Foreign {
	name := base + chartExt
	if chart == nil {
		name = base + provExt
	}
	return &Foreign{Name: name, Chart: chart, Prov: prov}
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
