package droparea

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
)

// ReadInbox lists the inbox once. Files that cannot be read are ignored, since they must
// not stop other people's uploads. A folder that cannot be read is an error of its
// channel alone, or of the channels in it.
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
	if channelname.Check(channel) != nil {
		return false
	}
	s.of(channel).err = bucket.About(dir, fmt.Errorf("the folder cannot be read, so what is uploaded there stays undecided; let portolan read and write it: %w", err))
	return true
}

// of returns the files of a channel.
func (s *sorter) of(channel string) *files {
	f := s.channels[channel]
	if f == nil {
		f = &files{charts: map[string]*bucket.Entry{}, provs: map[string]*bucket.Entry{}, requests: map[string]*bucket.Entry{}, actions: map[string]*bucket.Entry{}}
		s.channels[channel] = f
	}
	return f
}

// files are the files in one channel's inbox, by their names without the endings.
type files struct {
	charts, provs, requests, actions map[string]*bucket.Entry

	untold []Untold
	err    error
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
	if u, ok := parseUntold(name); ok {
		u.Modified = e.Modified
		f.untold = append(f.untold, u)
	} else if base, ok := strings.CutSuffix(name, provExt); ok {
		f.provs[base] = &e
	} else if base, ok := strings.CutSuffix(name, chartExt); ok {
		f.charts[base] = &e
	} else if base, ok := strings.CutSuffix(name, actionExt); ok {
		f.actions[base] = &e
	} else {
		f.requests[strings.TrimSuffix(name, requestExt)] = &e
	}
}

// refuse says why a file in the inbox is not an upload.
func (s *sorter) refuse(channel, name string) string {
	base, isAction := strings.CutSuffix(name, actionExt)
	base, isRequest := strings.CutSuffix(base, requestExt)
	_, isUntold := parseUntold(name)
	switch ours := IsID(base); {
	case channel == ".":
		return "lies in no channel's folder: move it to " + inboxDir + "/CHANNEL/"
	case (isRequest || isAction) && ours: // belongs to a chart, or waits for one
	case isUntold:
	case isAction:
		return "asks for an action, but its name is not an id of portolan's: ask with 'portolan yank' and the like"
	case !strings.HasSuffix(name, chartExt) && !strings.HasSuffix(name, provExt):
		return "is neither a chart (.tgz) nor a provenance file (.tgz.prov)"
	}
	if err := channelname.CheckOld(channel); err != nil {
		return err.Error()
	}
	if err := channelname.Reserved(channel); err != nil {
		return fmt.Sprintf("stays undecided: %v; %s, and what waits in %s/ to %s/NEW/", err, err.Fix(), path.Join(inboxDir, channel), inboxDir)
	}
	return ""
}

// named returns the ignored files without those that go with another of them, which lies
// in the folder of a reserved name: what is said about the chart counts for all of its upload.
func (s *sorter) named() []Ignored {
	there := map[string]bool{}
	for _, i := range s.ignored {
		there[i.Key] = true
	}
	return slices.DeleteFunc(s.ignored, func(i Ignored) bool {
		if channelname.Reserved(path.Dir(strings.TrimPrefix(i.Key, inboxDir+"/"))) == nil {
			return false
		}
		if base, ok := strings.CutSuffix(i.Key, requestExt); ok {
			return there[base+chartExt] || there[base+provExt]
		}
		base, ok := strings.CutSuffix(i.Key, provExt)
		return ok && there[base+chartExt]
	})
}

func (s *sorter) inbox() *Inbox {
	inbox := &Inbox{Ignored: s.named()}
	for name, f := range s.channels {
		for id, request := range f.requests {
			if f.charts[id] == nil && f.provs[id] == nil {
				inbox.Orphans = append(inbox.Orphans, request)
			}
		}
		if w := f.waiting(name); len(w.Uploads)+len(w.Foreign)+len(w.Untold) > 0 || w.Err != nil {
			inbox.Channels = append(inbox.Channels, w)
		}
	}
	slices.SortFunc(inbox.Channels, func(a, b *ChannelInbox) int { return cmp.Compare(a.Channel, b.Channel) })
	slices.SortFunc(inbox.Orphans, func(a, b *bucket.Entry) int { return cmp.Compare(a.Key, b.Key) })
	slices.SortFunc(inbox.Ignored, func(a, b Ignored) int { return cmp.Compare(a.Key, b.Key) })
	return inbox
}

func (f *files) waiting(channel string) *ChannelInbox {
	w := &ChannelInbox{Channel: channel, Untold: f.untold, Err: f.err}
	for base, chart := range f.charts {
		w.add(base, chart, f.provs[base], f.requests[base])
	}
	for base, prov := range f.provs {
		if f.charts[base] == nil {
			w.add(base, nil, prov, f.requests[base])
		}
	}
	for id, e := range f.actions {
		w.Uploads = append(w.Uploads, newAction(channel, id, e))
	}
	slices.SortFunc(w.Uploads, byArrival)
	slices.SortFunc(w.Foreign, func(a, b *Foreign) int { return cmp.Compare(a.Name, b.Name) })
	return w
}

func (w *ChannelInbox) add(base string, chart, prov, request *bucket.Entry) {
	if IsID(base) {
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
