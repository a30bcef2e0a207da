package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

const helpStatus = `Usage:
    portolan status [--drop URL] [--site URL] [CHANNEL | UPLOAD-ID]

Show each channel: its generation, how many charts and versions it has, their
size, when it last changed, how many uploads and actions are waiting, and how
many were rejected in the last 7 days, as far as they are kept. For one CHANNEL,
also list what waits; for the id of an upload or of an action, such as a yank,
show its receipt.

Options:
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site).                 PORTOLAN_SITE
` + optionsConfig + `

Exit codes:
    0 done (whatever the verdict on the upload), 1 failed, or there is no such
    channel or upload, 2 wrong settings, 130 interrupted

Example:
    $ portolan status --site s3://my-charts --drop s3://my-drop stable
`

func (p *program) status(ctx context.Context, args []string) error {
	f := newFlags("status")
	f.withDrop()
	f.withSite()
	f.withConfig()
	if err := p.parse(f, args); err != nil {
		return err
	}
	if f.NArg() > 1 {
		return hint(usagef("status takes one channel or upload id, but got %d operands", f.NArg()), "see 'portolan status --help'")
	}
	if id, ok := uploadID(f.Arg(0)); ok {
		return p.uploadStatus(ctx, f, id)
	}
	if f.NArg() == 1 {
		return p.oneStatus(ctx, f, f.Arg(0))
	}
	return p.allStatus(ctx, f)
}

// openWithInbox opens the site, and reads the inbox. A local drop area that is not
// there yet is empty; and so is a local site, if an upload waits for the run that
// creates it.
func (p *program) openWithInbox(ctx context.Context, f *flags) (site, drop bucket.Store, inbox *droparea.Inbox, err error) {
	if err = f.apart(); err != nil {
		return nil, nil, nil, err
	}
	site, noSite := p.openExisting(ctx, f, "site")
	if noSite != nil && !errors.Is(noSite, errNoFolder) {
		return nil, nil, nil, noSite
	}
	if drop, _, err = f.openBucket(ctx, "drop"); err != nil {
		return nil, nil, nil, err
	}
	if inbox, err = droparea.ReadInbox(ctx, drop); err != nil {
		return nil, nil, nil, fmt.Errorf("reading the inbox: %w", err)
	}
	if noSite != nil && len(inbox.Channels) == 0 {
		return nil, nil, nil, noSite
	}
	if noSite != nil {
		p.say("note", f.site+" does not exist yet: 'portolan generate' creates it")
		site, _, err = f.openBucket(ctx, "site")
	}
	return site, drop, inbox, err
}

// rejectedDays is for how many days status counts what was rejected.
const rejectedDays = 7

// countRejected counts the uploads that were rejected lately, by channel. Who may not list
// them sees all else.
func (p *program) countRejected(ctx context.Context, drop bucket.Store) (map[string]int, error) {
	rejected, err := droparea.CountRejected(ctx, drop, time.Now().AddDate(0, 0, -rejectedDays))
	if bucket.Barred(err) {
		p.say("note", fmt.Sprintf("rejected uploads are not counted: %v", err))
		return nil, nil
	}
	return rejected, err
}

// noteRejected tells of what was rejected in channels that are not there yet: it may have
// been their first upload.
func (p *program) noteRejected(rejected map[string]int, all []publisher.ChannelStatus) {
	n := 0
	for _, of := range rejected {
		n += of
	}
	for _, s := range all {
		n -= s.Rejected
	}
	if n > 0 {
		p.say("note", fmt.Sprintf("rejected in %d days, to channels that are not there yet: %s; 'portolan uploads --rejected' says why", rejectedDays, count(n, "upload")))
	}
}

func (p *program) allStatus(ctx context.Context, f *flags) error {
	site, drop, inbox, err := p.openWithInbox(ctx, f)
	if err != nil {
		return err
	}
	rejected, err := p.countRejected(ctx, drop)
	if err != nil {
		return err
	}
	all, err := publisher.ReadStatus(ctx, site, inbox, rejected, nil)
	if err != nil {
		return err
	}
	clients := map[string][]generator.ClientNote{}
	for _, s := range all {
		if notes := generator.ClientNotes(s); notes != nil {
			clients[s.Channel] = notes
		}
	}
	p.found = map[string]any{
		"channels": append([]publisher.ChannelStatus{}, all...),
		"ignored":  append([]droparea.Ignored{}, inbox.Ignored...),
		"clients":  clients,
	}
	if !f.output.json {
		err = p.printAll(all)
		p.noteIgnored(inbox.Ignored)
		p.noteRejected(rejected, all)
		for _, s := range all {
			p.noteClients(s.Channel, clients[s.Channel])
		}
	}
	for _, s := range all {
		p.noteReserved(s.Channel)
	}
	failures := []error{err}
	for _, s := range all {
		failures = append(failures, statusError(s))
	}
	return errors.Join(failures...)
}

// statusError is what keeps a channel from being read, or nil.
func statusError(s publisher.ChannelStatus) error {
	if s.Error == "" {
		return nil
	}
	return fmt.Errorf("channel %s: %s", s.Channel, s.Error)
}

// channelStatus is one channel's status, with the uploads that wait for it.
type channelStatus struct {
	publisher.ChannelStatus
	Uploads []waitingUpload        `json:"uploads"`
	Clients []generator.ClientNote `json:"clients,omitempty"` // what clients do not take of it
}

// waitingUpload is an upload that is not decided yet.
type waitingUpload struct {
	ID      string    `json:"id,omitempty"` // "" if it has none yet
	File    string    `json:"file,omitempty"`
	Action  string    `json:"action,omitempty"` // what is asked for; "" for an upload
	Arrival time.Time `json:"arrival"`
}

func (p *program) oneStatus(ctx context.Context, f *flags, channel string) error {
	if err := channelname.CheckOld(channel); err != nil {
		return usagef("%v", err)
	}
	site, drop, inbox, err := p.openWithInbox(ctx, f)
	if err != nil {
		return err
	}
	rejected, err := p.countRejected(ctx, drop)
	if err != nil {
		return err
	}
	all, err := publisher.ReadStatus(ctx, site, inbox, rejected, []string{channel})
	if err != nil {
		return err
	}
	s := channelStatus{ChannelStatus: all[0], Clients: generator.ClientNotes(all[0])}
	if s.Error == "" && s.IndexGeneration == 0 && s.Waiting == 0 {
		p.noteIgnored(inbox.Ignored) // one of them may be what the user looks for
		if s.Rejected > 0 {
			return hint(fmt.Errorf("no channel %s in %s: all that was uploaded to it was rejected", channel, f.site), "'portolan uploads --rejected %s' says why", channel)
		}
		return hint(fmt.Errorf("no channel %s in %s, and no uploads for it", channel, f.site), "'portolan status' lists the channels")
	}
	if s.Uploads, err = waitingIn(ctx, drop, inbox, channel); err != nil {
		return err
	}
	if p.found = s; !f.output.json {
		err = p.printStatus(s)
		p.noteIgnored(inbox.Ignored)
		p.noteClients(channel, s.Clients)
	}
	p.noteReserved(channel)
	return errors.Join(err, statusError(s.ChannelStatus))
}

// waitingIn lists the uploads that wait for a channel, in order of arrival.
func waitingIn(ctx context.Context, drop bucket.Store, inbox *droparea.Inbox, channel string) ([]waitingUpload, error) {
	uploads := []waitingUpload{}
	for _, w := range inbox.Channels {
		if w.Channel != channel {
			continue
		}
		for _, u := range w.Uploads {
			w, err := waitingFor(ctx, drop, u)
			if err != nil {
				return nil, err
			}
			uploads = append(uploads, w)
		}
		for _, u := range w.Foreign {
			uploads = append(uploads, waitingUpload{File: u.Name, Arrival: u.Upload(channel).Arrival})
		}
	}
	slices.SortStableFunc(uploads, func(a, b waitingUpload) int { return a.Arrival.Compare(b.Arrival) })
	return uploads, nil
}

// waitingFor says what an upload or an action is about.
func waitingFor(ctx context.Context, drop bucket.Store, u *droparea.Upload) (waitingUpload, error) {
	w := waitingUpload{ID: u.ID, Arrival: u.Arrival}
	if u.Action == nil {
		request, err := droparea.ReadRequest(ctx, drop, u)
		w.File = request.File
		return w, err
	}
	request, fault, err := droparea.ReadAction(ctx, drop, u)
	switch {
	case errors.Is(err, bucket.ErrNotFound): // it was decided just now
		w.Action = "an action"
		return w, nil
	case err == nil && fault != nil:
		w.Action = "an action that cannot be read"
	case err == nil:
		w.Action = request.Subject()
	}
	return w, err
}
