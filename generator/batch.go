package generator

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// batch decides and publishes the first of the uploads, as many as fit into
// memory, and returns how many. What keeps it from reading single ones, which
// then stay in the inbox, is in unread; err is what stopped it.
func (r *channelRun) batch(ctx context.Context, all []*droparea.Upload) (n int, unread, err error) {
	uploads := all[:min(len(all), publisher.MaxVerdicts)]
	before, err := r.earlier.since(ctx, r.earlier.oldest(all))
	if err != nil {
		return 0, nil, err
	}
	candidates, n, unread := r.takeAll(ctx, uploads, before)
	r.partial = r.partial || unread != nil
	decided, before, err := r.commitAll(ctx, slices.Clone(candidates), before)
	for _, c := range candidates {
		if c.asked != nil { // that alone waits: what it is about lies elsewhere
			unread = errors.Join(unread, c.asked.unread)
		}
	}
	if err != nil {
		return n, unread, err
	}
	if err := r.show(ctx, n == len(all)); err != nil {
		return n, unread, err
	}
	f := &finisher{Options: r.Options, channel: r.channel.Name, reader: r.reader, catalog: r.catalog, decided: decided, before: before}
	given, done, err := f.finish(ctx, uploads[:n], r.report.Receipts)
	r.report.Receipts = given
	if n == len(all) {
		r.rest.uploads = append(r.rest.uploads, done...)
		return n, unread, err
	}
	// The last batch is enough to bring the next run here, should this one be cut off.
	return n, unread, errors.Join(err, r.empty(ctx, done))
}

// maxUnweighed is how many uploads are read before their weight is looked at; maxAsked is
// how many bytes of actions.
const (
	maxUnweighed = 256
	maxAsked     = 16 << 20
)

// takeAll takes in those of the uploads that are not decided, in order of arrival
// and until their index lines would be too much for a record. It returns how
// many it got through.
func (r *channelRun) takeAll(ctx context.Context, uploads []*droparea.Upload, before *history) (all []*candidate, n int, err error) {
	weight, promotes := 0, false
	for some := range unweighed(uploads) {
		if weight > maxLines {
			break
		}
		taken := make([]*candidate, len(some))
		failure := each(ctx, r.Workers, len(some), func(i int) (err error) {
			defer r.progress.step()
			i = apart(i, r.Workers, len(some))
			if !before.has(some[i].ID) {
				taken[i], err = r.take(ctx, some[i])
			}
			return err
		})
		got, lost := r.promoter.findAll(ctx, taken, maxLines-weight, !promotes)
		for _, c := range taken[:got] {
			if c != nil {
				promotes = promotes || c.asked != nil && c.asked.Kind == action.Promote
				all, weight = append(all, c), weight+c.weight
			}
		}
		n, err = n+got, errors.Join(err, failure, lost)
		if got < len(some) {
			break
		}
	}
	return all, n, err
}

// unweighed yields the uploads in parts that can be read before their weight is known. What
// an action weighs is known beforehand, but for what a promotion brings: see findAll.
func unweighed(all []*droparea.Upload) iter.Seq[[]*droparea.Upload] {
	return func(yield func([]*droparea.Upload) bool) {
		for len(all) > 0 {
			n, weight := 0, int64(0)
			for n < min(len(all), maxUnweighed) && weight < maxAsked {
				if a := all[n].Action; a != nil {
					weight += a.Size
				}
				n++
			}
			if !yield(all[:n]) {
				return
			}
			all = all[n:]
		}
	}
}

// apart orders the numbers below n so that as many as there are workers lie far from each
// other. Versions of a chart often arrive one after another, and have most files in
// common: two workers that come to a new file at the same time would wait for each other.
func apart(i, workers, n int) int {
	part, each, rest := i%workers, n/workers, n%workers
	return part*each + min(part, rest) + i/workers
}

// take reads one upload and looks up what is published of its versions. If
// nothing seems to stand against its chart, it also puts that on the site, where
// nothing names it yet, while its bytes are in memory. It returns nil if another
// generator has taken the upload out of the inbox, which it only does after
// deciding it. A fault of the upload is in the candidate; an error is one of a store.
func (r *channelRun) take(ctx context.Context, u *droparea.Upload) (*candidate, error) {
	c, files, err := r.reader.read(ctx, u)
	if err == nil && c != nil {
		err = r.catalog.lookUp(ctx, c)
	}
	if err == nil && c != nil && c.sound() && !r.DryRun && r.planner(nil).publishesAlone(c) {
		err = r.stager.early(ctx, c, files)
	}
	if err != nil {
		return nil, fmt.Errorf("upload %s: %w", u.ID, err)
	}
	if c != nil {
		if c.chart != nil {
			c.noManifest = r.stager.manifests.lacks(c.ref())
		}
		c.drop()
	}
	return c, nil
}

// planner returns what decides, on what is known now.
func (r *channelRun) planner(h *history) *planner {
	now := r.Now()
	if parent := r.channel.Time(); now.Before(parent) {
		now = parent // time never goes back along the log, whatever this clock says
	}
	p := newPlanner(r.policy, r.Config.Wait(), now, r.catalog, h)
	p.partial = r.partial
	return p
}

// progress counts the uploads that have been taken in.
type progress struct {
	channel string
	total   int
	tell    func(Progress)

	mu   sync.Mutex
	done int
}

func (p *progress) step() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.tell(Progress{Channel: p.channel, Done: p.done, Total: p.total})
}
