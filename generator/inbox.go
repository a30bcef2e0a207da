package generator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher/droparea"
)

// maxSettling is how often a run looks whether files that are being written
// are whole now, before it leaves them to the next run.
const maxSettling = 3

// readInbox lists the inbox; again if it holds files that have just been
// written under names of their owners', once those have had time to settle.
func readInbox(ctx context.Context, o Options) (*droparea.Inbox, error) {
	for try := 1; ; try++ {
		inbox, err := droparea.ReadInbox(ctx, o.Drop)
		if err != nil {
			return nil, err
		}
		inbox.DisownTwins()
		if len(o.Channels) > 0 {
			inbox.Channels = slices.DeleteFunc(inbox.Channels, func(w *droparea.ChannelInbox) bool { return !o.concerns(w) })
		}
		wait := inbox.Unsettled(o.Now())
		if wait <= 0 || try == maxSettling {
			return inbox, nil
		}
		if err := o.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// orphans are the requests whose uploads should have arrived by now.
func (o *Options) orphans(inbox *droparea.Inbox) []droparea.Ignored {
	var all []droparea.Ignored
	for _, e := range inbox.Orphans {
		if o.Now().Sub(e.Modified) >= o.Config.Wait() {
			reason := fmt.Sprintf("describes an upload that has not arrived within %s: delete it, and upload the chart again", o.Config.Wait())
			all = append(all, droparea.Ignored{Key: e.Key, Reason: reason})
		}
	}
	return all
}

// withNamed adds to the channels that have work those that were named and have
// none: a head of theirs that is not what the log says is put right.
func (o *Options) withNamed(all []*droparea.ChannelInbox) []*droparea.ChannelInbox {
	names := o.Channels
	if o.ReplaceRoot && o.Config.RootChannel != "" && len(names) == 0 {
		names = []string{o.Config.RootChannel}
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(w *droparea.ChannelInbox) bool { return w.Channel == name }) {
			all = append(all, &droparea.ChannelInbox{Channel: name})
		}
	}
	return all
}

// concerns reports whether the run was asked for the channel, or for one whose
// folder lies in a folder that cannot be read.
func (o *Options) concerns(w *droparea.ChannelInbox) bool {
	return slices.ContainsFunc(o.Channels, func(name string) bool {
		return name == w.Channel || w.Err != nil && strings.HasPrefix(name, w.Channel+"/")
	})
}
