package publisher

import (
	"context"
	"path"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/sweep"
)

// states removes the files of states that the newest record does not name: those before it,
// and those whose record lost the race. Nobody needs an older one: a rollback keeps what was
// yanked, deprecated or taken down since, and for a record that was the newest a moment ago
// the state is derived from the log, see [Channel.stateOf]; the grace time spares that. The
// file of a generation after the newest one may be named by a record at any time, so it
// stays, however old it is.
func (p *pruner) states(ctx context.Context, c *Channel, report *ChannelPrune) error {
	if c.newest.State == nil {
		return nil
	}
	r := sweep.New(ctx, p.site, p.Workers, p.DryRun)
	for e, err := range p.site.List(ctx, path.Join(c.Name, logDir), bucket.Children) {
		if err != nil {
			return r.Wait(err)
		}
		name := path.Base(e.Key)
		n := stateGeneration(name)
		if !e.Dir && n > 0 && n <= c.Generation() && name != c.newest.State.Name && p.now.Sub(e.Modified) > p.Grace {
			r.Remove(e, &report.States)
		}
	}
	return r.Wait(nil)
}
