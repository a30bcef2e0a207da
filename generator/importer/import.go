package importer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/httpread"
)

// Options say what to import, and where to.
type Options struct {
	From       *Repository
	Channel    string
	Drop, Site bucket.Store
	Config     *config.Config
	Charts     []string          // patterns for chart names, as for path.Match; empty means all
	Keep       int               // how many of the newest versions of each chart to import; 0 means all
	Workers    int               // how many archives to import at the same time; 0 means 8
	DryRun     bool              // fetch and check, but upload nothing
	Uploader   map[string]string // who runs the import, for the receipts

	// ArchiveDates gives each version the newest date in its archive, if that can be
	// true, in place of the one that the repository says.
	ArchiveDates bool

	Progress func(done, total int)
	Warn     func(text string) // called before anything is fetched, with a warning of the report
}

const defaultWorkers = 8

// Run imports a repository. If one entry fails, the report says so and the
// others are still imported. An error means that the index, the drop area or the
// site failed; the report then says what was done before.
func Run(ctx context.Context, o Options) (*Report, error) {
	report := &Report{From: o.From.String(), Channel: o.Channel, DryRun: o.DryRun, Results: []Result{}}
	from, err := readSource(ctx, o)
	if err != nil {
		return report, fmt.Errorf("%s: %s: %w", o.From, o.From.index, err)
	}
	report.Notes = from.notes
	r := &run{Options: o}
	if r.head, err = readHead(ctx, o); err != nil {
		return report, err
	}
	r.judge = generator.NewJudge(o.Config, o.Site, o.Channel, r.head)
	if r.published, err = digests(o.Channel, r.head); err != nil {
		return report, err
	}
	if r.waiting, err = readWaiting(ctx, o); err != nil {
		return report, err
	}
	work, left := o.pick(from.index)
	if _, ok := o.From.place.(*inRegistry); ok {
		r.tags = map[release]bool{}
		for _, e := range work {
			r.tags[release{e.Name, e.Version}] = true
		}
	}
	r.warn(report, work, from.state)
	err = r.all(ctx, work, report)
	if ctx.Err() == nil { // whatever failed, what was taken is not to be listed if it is yanked
		err = errors.Join(err, r.askAll(ctx, from.state, report))
	}
	report.Results = slices.Concat(report.Results, left, from.left)
	sortResults(report.Results)
	return report, err
}

// warn warns of what will be wrong in the channel.
func (r *run) warn(report *Report, work []Entry, from *action.State) {
	if text := oneDate(work); text != "" && !r.ArchiveDates {
		report.Warnings = append(report.Warnings, text)
	}
	report.Warnings = append(report.Warnings, r.takenDown(from)...)
	if r.Warn == nil {
		return
	}
	for _, text := range report.Warnings {
		r.Warn(text)
	}
}

// readSource reads the repository's index. For a folder or a bucket without an index,
// it makes one from what is there.
func readSource(ctx context.Context, o Options) (s *source, err error) {
	s = &source{}
	if p, ok := o.From.place.(*inRegistry); ok {
		s.index, s.notes, err = p.index(ctx, o.Charts)
		return s, err
	}
	s.index, err = readIndexFile(ctx, o.From.place, localURL(o.From.index))
	if at, ok := isStore(o.From.place, err); ok {
		s.index, s.notes, err = readStorage(ctx, at, o.Config.Policy(o.Channel).Checks)
		return s, err
	}
	if err == nil {
		err = s.readActions(ctx, o.From.place)
	}
	return s, err
}

// readIndexFile reads an index from a place.
func readIndexFile(ctx context.Context, at place, ref string) (*Index, error) {
	// On disk, since it may be large and may be read twice.
	file, err := os.CreateTemp("", "portolan-index-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	err = at.read(ctx, ref, false, func(body io.Reader) error {
		if err := file.Truncate(0); err != nil {
			return err
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := io.Copy(file, io.LimitReader(body, maxIndex+1))
		return err
	})
	if err != nil {
		return nil, err
	}
	x, err := ReadIndex(file)
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if o, err := publisher.ReadOrigin(file); err == nil {
		x.origin = o
	}
	return x, nil
}

// release names a version of a chart.
type release struct{ chart, version string }

// run is an import in progress.
type run struct {
	Options
	head      *publisher.Head // of the channel
	judge     *generator.Judge
	published map[release]string // digests
	waiting   *waiting
	tags      map[release]bool // of a registry; nil if an index is imported

	mu     sync.Mutex
	done   int
	failed int   // number of archives in a row for which the server did not answer usefully
	down   error // set when a server that a folder's or a bucket's index names is given up
}

// all imports the entries, several at a time, and adds their results to the
// report.
func (r *run) all(ctx context.Context, work []Entry, report *Report) error {
	results := make([]Result, len(work))
	group, until := errgroup.WithContext(ctx)
	group.SetLimit(cmp.Or(r.Workers, defaultWorkers))
	for i, e := range work {
		if until.Err() != nil {
			break
		}
		group.Go(func() error {
			result, err := r.one(until, e)
			if err == nil {
				results[i] = result
				r.step(len(work))
			}
			return err
		})
	}
	err := group.Wait()
	if err == nil {
		err = ctx.Err()
	}
	for _, result := range results {
		if result.Outcome != "" {
			report.Results = append(report.Results, result)
		}
	}
	return err
}

func (r *run) step(total int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	if r.Progress != nil {
		r.Progress(r.done, total)
	}
}

// maxFailed is the number of archives in a row that fail after all retries, after
// which an import gives up: the server is down, and each archive takes long to
// fail.
const maxFailed = 20

// reached counts the archives in a row that failed after all retries, and
// returns an error when there are too many.
func (r *run) reached(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !errors.As(err, new(*httpread.Exhausted)) {
		r.failed = 0
		return nil
	}
	if r.failed++; r.failed < maxFailed {
		return nil
	}
	if _, local := r.From.place.(store); local {
		r.down = err // other archives may lie in the place itself
		return nil
	}
	return fmt.Errorf("%d archives in a row cannot be fetched from %s: %w", r.failed, r.From, err)
}

// givenUp returns why a file on the web is not asked for, if it is not: the servers
// that a folder's or a bucket's index names may be gone.
func (r *run) givenUp(ref string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if u, err := url.Parse(ref); r.down == nil || err != nil || isLocal(u) {
		return nil
	}
	return fmt.Errorf("not asked for, since %d archives before it could not be fetched from the web: %w", maxFailed, r.down)
}

// one imports one entry.
func (r *run) one(ctx context.Context, e Entry) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	t := &take{run: r, entry: e, result: newResult(e)}
	if t.known(e.Digest) {
		return t.result, nil
	}
	err := t.mayHide()
	if err == nil {
		err = t.fetch(ctx)
	}
	if err == nil {
		err = t.check(ctx)
	}
	if err == nil {
		err = t.upload(ctx)
	}
	switch p := (*check.Problem)(nil); {
	case err == nil, errors.Is(err, errSettled):
		return t.result, nil
	case errors.As(err, &p):
		t.result.Rule, t.result.Fix = p.Rule, p.Fix
		_ = t.left(Refused, "%s", p.Message)
		return t.result, nil
	}
	return t.result, err
}
