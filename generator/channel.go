package generator

import (
	"context"
	"errors"
	"slices"

	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// channelRun is a run in one channel. It takes uploads through the steps, each
// of which has a file of its name: adopt, read, look up (catalog), decide,
// stage, commit, project, finish. A step knows those before it and no later one.
type channelRun struct {
	Options
	policy   config.Policy
	channel  *publisher.Channel
	earlier  *earlier
	catalog  *catalog
	reader   *reader
	promoter *promoter
	stager   *stager
	report   *ChannelReport
	progress *progress
	rest     *remainder
	partial  bool // some of what waits could not be read

	registryLeft string // see ChannelReport
}

// runChannel decides what waits for one channel, makes its head show that, and
// writes the receipts. It returns what is left to do there, which is never nil.
func runChannel(ctx context.Context, o Options, w *droparea.ChannelInbox) *remainder {
	rest := &remainder{report: &ChannelReport{Channel: w.Channel, Receipts: []droparea.Receipt{}}}
	found, adoptErr := adopt(ctx, &o, w)
	clear(w.Uploads)
	rest.report.Waiting = found.waiting
	found.uploads, rest.uploads = o.Patience.told(w.Channel, found.uploads)
	r, err := openRun(ctx, o, w.Channel, found)
	if err == nil {
		r.report, r.rest, r.partial = rest.report, rest, w.Err != nil || adoptErr != nil
		err = r.run(ctx, found.uploads)
	}
	rest.err = errors.Join(w.Err, adoptErr, err)
	return rest
}

// openRun opens the channel, and the log as far back as the uploads need it.
func openRun(ctx context.Context, o Options, name string, found *adopted) (*channelRun, error) {
	channel, err := openChannel(ctx, &o, name)
	if err != nil {
		return nil, err
	}
	var judged nameJudge
	if len(found.uploads) > 0 {
		if judged, err = judgeName(ctx, &o, channel); err != nil {
			return nil, err
		}
	}
	policy := o.Config.Policy(name)
	manifests, left := newManifests(&o, name, policy.OCI)
	channel.UseRegistry(!manifests.off)
	r := &channelRun{
		Options: o, policy: policy, channel: channel, registryLeft: left,
		earlier:  &earlier{channel: channel, receipts: found.receipts},
		catalog:  catalogOf(o.Site, channel),
		reader:   &reader{drop: o.Drop, policy: policy, name: judged, held: o.held},
		stager:   newStager(o, name, manifests),
		progress: &progress{channel: name, total: len(found.uploads), tell: o.Progress},
	}
	r.promoter = newPromoter(r)
	return r, r.earlier.search(ctx, found.uploads, o.Now())
}

// run decides and publishes the uploads, which are in order of arrival.
func (r *channelRun) run(ctx context.Context, uploads []*droparea.Upload) error {
	r.report.Before, r.report.After = r.channel.Generation(), r.channel.Generation()
	r.report.Head = r.channel.Behind()
	behind, err := r.channel.RootBehind()
	if err != nil {
		return err
	}
	r.report.Root = behind
	wasIn := r.channel.Registry().Since > 0
	var failures []error
	if len(uploads) == 0 {
		failures = append(failures, r.settle(ctx))
	}
	r.report.Receipts = slices.Grow(r.report.Receipts, len(uploads)) // growing later would copy them
	for len(uploads) > 0 {
		n, unread, err := r.batch(ctx, uploads)
		failures = append(failures, unread)
		if err != nil {
			return errors.Join(append(failures, err)...)
		}
		// There may be many more, and what was needed for these is in the way.
		clear(uploads[:n])
		if uploads = uploads[n:]; len(uploads) > 0 {
			r.catalog = r.catalog.at(r.channel)
			r.stager = newStager(r.Options, r.channel.Name, r.stager.manifests)
		}
	}
	r.report.AtRoot, r.report.RootLeft = r.channel.AtRoot(), r.channel.RootLeft()
	if r.report.RootLeft != "" {
		r.report.Root = "" // it was not put right
	}
	r.report.RegistryLeft = r.registryLeft
	r.report.OutOfRegistry = wasIn && r.channel.Registry().Since == 0
	if state := r.channel.State(); state != nil {
		r.report.Yanked = len(state.Yanked)
	}
	r.report.Older = r.channel.Index().Older() - r.report.Yanked
	r.report.Budget = budgetOf(r.channel.Index(), indexBudget)
	return errors.Join(failures...)
}

// settle makes a channel without work what its configuration and its log say.
func (r *channelRun) settle(ctx context.Context) error {
	before, err := r.earlier.since(ctx, r.earlier.oldest(nil))
	if err != nil {
		return err
	}
	if _, _, err := r.commitAll(ctx, nil, before); err != nil {
		return err
	}
	return r.show(ctx, true)
}

// show makes head show what is committed. After the last batch of uploads, pages
// can follow.
func (r *channelRun) show(ctx context.Context, last bool) error {
	if r.DryRun {
		return nil
	}
	if last {
		if err := r.putKeyring(ctx); err != nil {
			return err
		}
	}
	err := r.channel.Project(ctx)
	if err == nil && last {
		r.rest.hold(r.channel)
	}
	return err
}
