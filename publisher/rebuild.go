package publisher

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"runtime"
	"strconv"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// RebuildReport is what a rebuild found and wrote.
type RebuildReport struct {
	Channel    string   `json:"channel"`
	Generation int      `json:"generation"` // the newest record
	Floor      int      `json:"floor"`      // the oldest generation that is kept; 0 if all are
	Snapshots  int      `json:"snapshots"`  // that are there now
	Written    []string `json:"written"`    // keys of what was missing or damaged

	// RootLeft is why the index in the site's root is not the channel's; "" if it is,
	// or need not be.
	RootLeft string `json:"rootLeft,omitempty"`
}

// RebuildOptions says what a rebuild does beside what the log says.
type RebuildOptions struct {
	AtRoot      bool                  // the index in the site's root is to show the channel, as with [OpenAtRoot]
	ReplaceRoot bool                  // with AtRoot: it takes the place of whatever lies there
	Workers     int                   // files read or written at the same time; 0 means two a processor
	Progress    func(done, total int) // records; nil tells nobody
}

// Rebuild makes head and the kept snapshots of a channel what the log says, byte for
// byte, whatever lies in their places, and so the index of each chart and that of all
// versions, also those that were never written, since portolan did not know them; and the
// file of the newest state. It does not write files that are right. It reads the log twice: first to the end, because it
// writes nothing if any part of the log is missing or damaged. It may be repeated after any
// failure, and generators may run meanwhile. If the index in the site's root shows the
// channel, that is rebuilt as well.
func Rebuild(ctx context.Context, site bucket.Store, channel string, o RebuildOptions) (*RebuildReport, error) {
	o.ReplaceRoot = o.ReplaceRoot && o.AtRoot
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	b := &rebuilder{
		Channel: &Channel{Name: channel, site: site, index: &Index{}, Workers: cmp.Or(o.Workers, 2*runtime.GOMAXPROCS(0))},
		options: o,
		report:  &RebuildReport{Channel: channel, Written: []string{}},
	}
	return b.run(ctx)
}

type rebuilder struct {
	*Channel
	options RebuildOptions
	report  *RebuildReport
	found   rootFile // what lay in the site's root before the log was read

	manifests registryLog
	lost      int   // versions that could not be put into the registry again
	firstLost error // why the first of them could not
}

func (b *rebuilder) run(ctx context.Context) (*RebuildReport, error) {
	var err error
	if b.found, err = readRoot(ctx, b.site); err != nil {
		return b.report, err
	}
	if err := b.prove(ctx); err != nil {
		return b.report, fmt.Errorf("channel %s: %w", b.Name, err)
	}
	if b.options.AtRoot || b.found.channel == b.Name || b.found.torn && b.shownAtRoot() {
		b.watchRoot(b.found, b.options.ReplaceRoot)
	}
	b.report.Generation, b.report.Floor = b.Generation(), b.Floor()
	err = errors.Join(b.write(ctx), b.lostManifests())
	b.report.RootLeft = b.RootLeft()
	return b.report, err
}

// prove reads the log to its end, and makes sure that it is the end, also after looking at
// the files that follow from it.
func (b *rebuilder) prove(ctx context.Context) error {
	for {
		var decided decisions
		b.touched, b.manifests = touched{create: true}, registryLog{}
		for s, err := range b.replay(ctx, true) {
			if err == nil {
				err = cmp.Or(decided.prove(b.Name, s.record), b.manifests.prove(b.Name, s.record))
			}
			if err != nil {
				return err
			}
			b.newest, b.sum, b.index = s.record, s.sum, s.index
			b.setState(s.state)
			b.touched.add(s.record)
			b.options.Progress(s.record.Generation, 2*s.record.Generation)
		}
		if err := b.touchIndex(ctx); err != nil {
			return err
		}
		if err := b.lookAtAll(ctx); err != nil {
			return err
		}
		lost := b.checkLater(ctx)
		if lost == nil && b.newest == nil {
			return errNoChannel
		}
		// A later record may have been committed meanwhile.
		more, err := b.exists(ctx, b.Generation()+1)
		if err != nil || !more {
			return errors.Join(err, lost)
		}
	}
}

var errNoChannel = errors.New("there is no such channel")

// checkLater looks for records after the newest one, or for files that were made from
// them.
func (b *rebuilder) checkLater(ctx context.Context) error {
	listed, err := b.listedNewest(ctx)
	if err != nil {
		return err
	}
	if listed > b.Generation() {
		return b.hole(listed)
	}
	b.head = headState{}
	if err := b.rereadHead(ctx); err != nil && (!damagedHead(err) || ctx.Err() != nil) {
		return err
	}
	if b.head.generation > b.Generation() {
		return b.later(headKey(b.Name), b.head.generation)
	}
	if b.found.channel == b.Name && b.found.generation > b.Generation() && !b.options.ReplaceRoot {
		return b.later(rootKey, b.found.generation)
	}
	for e, err := range b.site.List(ctx, path.Join(b.Name, snapshotsDir), bucket.Children) {
		if err != nil {
			return err
		}
		if n, _ := strconv.Atoi(path.Base(e.Key)); e.Dir && n > b.Generation() && path.Dir(snapshotKey(b.Name, n)) == e.Key {
			return b.later(e.Key, n)
		}
	}
	return nil
}

// damagedHead reports whether writing head again corrects the failure to read it.
func damagedHead(err error) bool {
	return errors.Is(err, ErrNotOurs) || errors.Is(err, bucket.ErrTooLarge) || errors.Is(err, errTorn)
}

// later is the error that a file belongs to a generation that the log lacks.
func (b *rebuilder) later(key string, n int) error {
	return bucket.About(recordKey(b.Name, b.Generation()+1), fmt.Errorf(
		"the record is missing, since %s is of generation %d: %s; only if you know that there never was such a generation, delete %s", key, n, fixLog, key))

}

// write reads the log again, and writes what differs from it.
func (b *rebuilder) write(ctx context.Context) error {
	end := b.Generation()
	for s, err := range b.replay(ctx, false) {
		if err != nil {
			return err
		}
		n := s.record.Generation
		b.options.Progress(end+n, 2*end)
		if s.record.Change != nil && n >= b.report.Floor {
			if err := b.snapshot(ctx, n, s.index); err != nil {
				return err
			}
		}
		if n == end {
			if s.sum != b.sum {
				return bucket.About(recordKey(b.Name, n), errors.New("it changed while it was read"))
			}
			break
		}
	}
	if err := b.restoreState(ctx); err != nil {
		return err
	}
	if b.Registry().Since > 0 {
		b.putRegistryRoot(ctx)
	}
	if err := b.restoreRegistry(ctx); err != nil {
		return err
	}
	if err := b.restoreDerived(ctx); err != nil {
		return err
	}
	written, err := b.putRoot(ctx)
	if err != nil {
		return err
	}
	if written {
		b.report.Written = append(b.report.Written, rootKey)
	}
	if err := b.restoreHead(ctx); err != nil || b.root == nil {
		return err
	}
	return b.root.barred
}

func (b *rebuilder) snapshot(ctx context.Context, n int, x *Index) error {
	for _, o := range x.snapshot(b.Name, n) {
		// Not deferred, since nothing needs to follow: head may be right.
		written, err := bucket.Restore(ctx, b.site, o, false)
		if err != nil {
			return err
		}
		if written {
			b.report.Written = append(b.report.Written, o.Key)
		}
	}
	b.report.Snapshots++
	return nil
}

// lookAtAll looks at all files that follow from the newest generation.
func (b *rebuilder) lookAtAll(ctx context.Context) error {
	files, err := b.derived(ctx, b.index, b.state, b.touched)
	if err == nil {
		_, err = b.look(ctx, files)
	}
	return err
}

// restoreDerived writes the files that follow from the newest generation, except those that
// somebody else writes meanwhile for a later one.
func (b *rebuilder) restoreDerived(ctx context.Context) error {
	files, err := b.derived(ctx, b.index, b.state, b.touched)
	if err != nil {
		return err
	}
	for range bucket.MaxRestores {
		written, overtaken, err := b.putDerived(ctx, files)
		b.report.Written = append(b.report.Written, written...)
		if err != nil || !overtaken {
			return err
		}
		if err := b.lookAtAll(ctx); err != nil {
			return err
		}
		if more, err := b.exists(ctx, b.Generation()+1); err != nil || more {
			return err
		}
	}
	return fmt.Errorf("the indexes of its charts: %w", bucket.ErrContended)
}

// restoreHead makes head the newest generation, unless head shows a later one by now.
func (b *rebuilder) restoreHead(ctx context.Context) error {
	if b.IndexGeneration() == 0 {
		return nil
	}
	if same, err := b.headIsRight(ctx); err != nil || same {
		return err
	}
	if err := b.moveHead(ctx, generation{b.IndexGeneration(), b.index}); err != nil {
		return err
	}
	b.report.Written = append(b.report.Written, headKey(b.Name))
	return nil
}

// headIsRight reports whether head need not be written. It notes head's token.
func (b *rebuilder) headIsRight(ctx context.Context) (bool, error) {
	b.head = headState{}
	r, err := b.site.Get(ctx, headKey(b.Name))
	if errors.Is(err, bucket.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer r.Close()
	b.head.token = r.Entry.Token
	same, err := bucket.Same(ctx, r, b.index.body(""))
	if same || ctx.Err() != nil {
		return same, err
	}
	return b.exists(ctx, b.Generation()+1) // then the generator that committed it writes head
}
