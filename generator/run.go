package generator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
)

// Run makes one generation run: it decides what waits in the inbox, publishes
// what is accepted, and tells every uploader. It may be repeated after any
// failure, and any number of runs may go on at the same time.
//
// A fault of one upload never stops the run, nor a failure in one channel the
// others. The report says what was done, also when an error is returned.
func Run(ctx context.Context, o Options) (*Report, error) {
	o.setDefaults()
	report := &Report{DryRun: o.DryRun, Channels: []ChannelReport{}, Ignored: []publisher.Ignored{}}
	for _, name := range o.Channels {
		if err := publisher.CheckChannel(name); err != nil {
			return report, err
		}
	}
	inbox, err := readInbox(ctx, o)
	if err != nil {
		return report, fmt.Errorf("reading the inbox: %w", err)
	}
	report.Ignored = append(append(report.Ignored, inbox.Ignored...), o.orphans(inbox)...)
	var failures []error
	for _, w := range o.withNamed(inbox.Channels) {
		c, err := runChannel(ctx, o, w)
		if err == nil && c.After == 0 && len(w.Uploads)+len(w.Foreign) == 0 {
			continue // named, but there is no such channel
		}
		if err != nil {
			c.Error = err.Error()
			failures = append(failures, fmt.Errorf("channel %s: %w", w.Channel, err))
		}
		report.Channels = append(report.Channels, *c)
	}
	return report, errors.Join(failures...)
}

// channelRun is a run in one channel.
type channelRun struct {
	Options
	policy  config.Policy
	channel *publisher.Channel
	catalog *catalog
	report  *ChannelReport
	done    int // uploads
	total   int

	known map[string]*publisher.Receipt // of uploads that earlier runs have decided, by id
	long  map[string]*publisher.Record  // that decided uploads long ago whose receipts are gone, by id

	mu      sync.Mutex
	claimed map[ref]bool
}

func runChannel(ctx context.Context, o Options, w *publisher.ChannelInbox) (*ChannelReport, error) {
	r := &channelRun{
		Options: o,
		policy:  o.Config.Policy(w.Channel),
		report:  &ChannelReport{Channel: w.Channel, Receipts: []publisher.Receipt{}},
		known:   map[string]*publisher.Receipt{},
		claimed: map[ref]bool{},
	}
	uploads, adoptErr := r.adopt(ctx, w)
	r.total = len(uploads)
	clear(w.Uploads)
	var err error
	if r.channel, err = publisher.OpenChannel(ctx, o.Site, w.Channel); err != nil {
		return r.report, errors.Join(w.Err, adoptErr, err)
	}
	if err := r.searchBack(ctx, uploads); err != nil {
		return r.report, errors.Join(w.Err, adoptErr, err)
	}
	r.report.Before, r.report.After = r.channel.Generation(), r.channel.Generation()
	r.catalog = newCatalog(r.channel.Index())
	r.report.Head = r.channel.Behind()
	failures := []error{w.Err, adoptErr}
	if len(uploads) == 0 {
		failures = append(failures, r.settle(ctx))
	}
	for len(uploads) > 0 {
		n, unread, err := r.batch(ctx, uploads)
		failures = append(failures, unread)
		if err != nil {
			return r.report, errors.Join(append(failures, err)...)
		}
		// There may be many more, and what was needed for these is in the way.
		clear(uploads[:n])
		if uploads = uploads[n:]; len(uploads) > 0 {
			r.catalog = newCatalog(r.channel.Index())
		}
	}
	r.report.Older = r.channel.Index().Older()
	r.report.Budget = budgetOf(r.channel.Index(), indexBudget)
	return r.report, errors.Join(failures...)
}

// settle makes a channel without work what its configuration and its log say.
func (r *channelRun) settle(ctx context.Context) error {
	before, err := r.history(ctx, r.earliest(nil))
	if err != nil {
		return err
	}
	if _, _, err := r.decideAll(ctx, nil, before); err != nil || r.DryRun {
		return err
	}
	return r.project(ctx, true)
}

// maxFailures is how many failures of single uploads are told one by one.
const maxFailures = 10

// each calls f for the numbers below n, several at a time and whatever they
// return, and returns what went wrong.
func (r *channelRun) each(ctx context.Context, n int, f func(i int) error) error {
	all := make([]error, n)
	var group errgroup.Group
	group.SetLimit(r.Workers)
	for i := range n {
		group.Go(func() error {
			all[i] = f(i)
			return nil
		})
	}
	group.Wait()
	failures := slices.DeleteFunc(all, func(err error) bool { return err == nil })
	switch {
	case len(failures) == 0:
		return nil
	case ctx.Err() != nil:
		return ctx.Err() // which is why they all failed
	case len(failures) > maxFailures:
		more := fmt.Errorf("and %d more like these", len(failures)-maxFailures)
		failures = append(failures[:maxFailures], more)
	}
	return errors.Join(failures...)
}

// batch decides and publishes the first of the uploads, as many as fit into
// memory, and returns how many. What keeps it from reading single ones, which
// then stay in the inbox, is in unread; err is what stopped it.
func (r *channelRun) batch(ctx context.Context, all []*publisher.Upload) (n int, unread, err error) {
	uploads := all[:min(len(all), publisher.MaxVerdicts)]
	before, err := r.history(ctx, r.earliest(uploads))
	if err != nil {
		return 0, nil, err
	}
	candidates, n, unread := r.readAll(ctx, uploads, before)
	decided, before, err := r.decideAll(ctx, candidates, before)
	if err != nil {
		return n, unread, err
	}
	if !r.DryRun {
		if err := r.project(ctx, n == len(all)); err != nil {
			return n, unread, err
		}
	}
	return n, unread, r.finishAll(ctx, uploads[:n], decided, before)
}

// maxUnweighed is how many uploads are read before their weight is looked at.
const maxUnweighed = 256

// readAll reads those of the uploads that are not decided, in order of arrival
// and until their index lines would be too much for a record. It returns how
// many it got through.
func (r *channelRun) readAll(ctx context.Context, uploads []*publisher.Upload, before *history) (all []*candidate, n int, err error) {
	weight := 0
	for some := range slices.Chunk(uploads, maxUnweighed) {
		if weight > publisher.MaxLines {
			break
		}
		read, failure := r.readSome(ctx, some, before)
		for _, c := range read {
			weight += c.weight
		}
		all, n, err = append(all, read...), n+len(some), errors.Join(err, failure)
	}
	return all, n, err
}

func (r *channelRun) readSome(ctx context.Context, uploads []*publisher.Upload, before *history) ([]*candidate, error) {
	read := make([]*candidate, len(uploads))
	err := r.each(ctx, len(uploads), func(i int) error {
		defer r.step()
		if _, decided := before.decided[uploads[i].ID]; decided || r.known[uploads[i].ID] != nil {
			return nil
		}
		c, err := r.read(ctx, uploads[i])
		if err != nil {
			return fmt.Errorf("upload %s: %w", uploads[i].ID, err)
		}
		read[i] = c
		return nil
	})
	return slices.DeleteFunc(read, func(c *candidate) bool { return c == nil }), err
}

func (r *channelRun) step() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	r.Progress(Progress{Channel: r.report.Channel, Done: r.done, Total: r.total})
}

func (r *channelRun) planner(h *history) *planner {
	now := r.Now()
	if parent := r.channel.Time(); now.Before(parent) {
		now = parent // time never goes back along the log, whatever this clock says
	}
	return &planner{policy: r.policy, wait: r.Config.Wait(), now: now, catalog: r.catalog, history: h}
}
