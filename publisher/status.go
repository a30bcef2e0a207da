package publisher

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// ChannelStatus is what a channel holds, and how many uploads wait for it.
type ChannelStatus struct {
	Channel         string    `json:"channel"`
	Generation      int       `json:"generation"`      // the newest record; 0 in a new channel
	IndexGeneration int       `json:"indexGeneration"` // the newest record that changed the index
	Charts          int       `json:"charts"`
	Versions        int       `json:"versions"`         // including those that are not in head
	Older           int       `json:"older,omitempty"`  // versions that are not in head
	Size            int64     `json:"size"`             // bytes of the archives of these versions
	Changed         time.Time `json:"changed,omitzero"` // when the newest record was made; zero in a new channel
	Waiting         int       `json:"waiting"`          // uploads in the inbox
	Rejected        int       `json:"rejected"`         // as ReadStatus was told
	Untold          int       `json:"untold,omitempty"` // the generation that a receiver is still to be told of; 0 if all are told

	IndexSize      int64    `json:"indexSize"`                // bytes of head, about
	LargestArchive int64    `json:"largestArchive,omitempty"` // bytes of the largest archive
	Names          []string `json:"-"`                        // of its charts

	Registry Registry `json:"-"` // what the index says of it

	// Error is why the channel's log, charts or inbox cannot be read, or what is
	// wrong with its head. The other fields have what could be read.
	Error string `json:"error,omitempty"`
}

// ReadStatus returns the status of the channels. Without names, it takes all channels of
// the site, also those that have lost their log, and those with uploads in the inbox. A log
// that changed nothing, since all uploads were refused, makes no channel. A channel that
// cannot be read does not stop it. How many were rejected is what [droparea.CountRejected]
// says; nil if that is not known.
func ReadStatus(ctx context.Context, site bucket.Store, inbox *droparea.Inbox, rejected map[string]int, channels []string) ([]ChannelStatus, error) {
	waiting, untold, unread := map[string]int{}, map[string]int{}, map[string]error{}
	for _, w := range inbox.Channels {
		unread[w.Channel] = w.Err
		waiting[w.Channel] = len(w.Uploads) + len(w.Foreign)
		for _, u := range w.Untold {
			untold[w.Channel] = max(untold[w.Channel], u.Generation)
		}
	}
	var all []ChannelStatus
	asked := len(channels) > 0
	if !asked {
		var lost []string
		var err error
		if channels, lost, err = (&channelWalk{site: site, enter: mayHoldChannels, heads: true}).from(ctx, ""); err != nil {
			return nil, err
		}
		channels = append(channels, lost...)
		channels = slices.AppendSeq(channels, maps.Keys(waiting))
		slices.Sort(channels)
		channels = slices.Compact(channels)
	}
	for _, name := range channels {
		s, err := readChannelStatus(ctx, site, name)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			s = &ChannelStatus{Channel: name}
		}
		for _, err := range []error{err, unread[name]} {
			if err != nil {
				s.Error = strings.TrimPrefix(s.Error+"\n"+err.Error(), "\n")
			}
		}
		s.Waiting, s.Rejected = waiting[name], rejected[name]
		s.Untold = min(untold[name], s.IndexGeneration)
		if asked || s.IndexGeneration > 0 || s.Waiting > 0 || s.Error != "" {
			all = append(all, *s)
		}
	}
	return all, nil
}

func readChannelStatus(ctx context.Context, site bucket.Store, name string) (*ChannelStatus, error) {
	c, err := OpenChannel(ctx, site, name)
	if err != nil {
		return nil, err
	}
	if err := c.compareEnd(ctx); err != nil {
		return nil, err
	}
	s := &ChannelStatus{Channel: name, Generation: c.Generation(), IndexGeneration: c.IndexGeneration(), Changed: c.Time()}
	s.Charts, s.Versions = c.index.Counts()
	s.Older, s.Registry = c.index.Older(), c.Registry()
	named := map[string]bool{}
	for name := range c.index.Charts() {
		s.Names = append(s.Names, name)
		for _, line := range c.index.HeadLines(name) {
			s.IndexSize += int64(len(line) + len(",\n"))
		}
	}
	for _, section := range c.index.charts {
		for _, line := range section.lines {
			named[path.Join(name, lineOf(line).url())] = true
		}
	}
	if behind := c.Behind(); behind != "" {
		s.Error = fmt.Sprintf("%s; unless a run is just publishing it, 'portolan generate --channel %s' restores it from the log", behind, name)
	}
	if len(named) == 0 {
		return s, nil
	}
	for e, err := range site.List(ctx, path.Join(name, chartsDir), bucket.Descendants) {
		if err != nil {
			return nil, err
		}
		if named[e.Key] {
			s.Size += e.Size
			s.LargestArchive = max(s.LargestArchive, e.Size)
		}
	}
	return s, nil
}
