package publisher

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/pause"
)

// VerifyOptions says what to verify. The zero value works.
type VerifyOptions struct {
	Channels []string // empty means all that the site has
	Deep     bool     // hash every archive, not only look at its size
	Workers  int      // files read at the same time; 0 means two a processor
	Progress func(VerifyProgress)

	// For tests, which own time.
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
}

// VerifyProgress says how far the verification of a channel is.
type VerifyProgress struct {
	Channel     string
	Done, Total int // files
}

// VerifyReport is what a verification found.
type VerifyReport struct {
	Channels []ChannelVerify `json:"channels"`
}

// ChannelVerify is what a verification found in one channel.
type ChannelVerify struct {
	Channel    string  `json:"channel"`
	Generation int     `json:"generation"`      // the newest record that could be read
	Floor      int     `json:"floor,omitempty"` // the oldest generation that is kept; 0 if all are
	Snapshots  int     `json:"snapshots"`       // that are what the log says
	Charts     int     `json:"charts"`          // in the newest index
	Versions   int     `json:"versions"`        // in the newest index, or its older index
	Older      int     `json:"older,omitempty"` // of these, in the older index only
	Archives   int     `json:"archives"`        // that head or a snapshot names
	Bytes      int64   `json:"bytes"`           // of these archives
	Faults     []Fault `json:"faults"`
	Error      string  `json:"error,omitempty"` // what stopped the verification before its end
}

// Fault is something that is not as the log says, and what to do about it.
type Fault struct {
	Key     string `json:"key"`
	Message string `json:"message"`
	Fix     string `json:"fix"`
}

// OK reports whether everything was verified, and nothing is wrong.
func (r *VerifyReport) OK() bool {
	return !slices.ContainsFunc(r.Channels, func(c ChannelVerify) bool { return len(c.Faults) > 0 || c.Error != "" })
}

// Verify checks channels against their logs: every record and the chain that
// they make, head and each snapshot byte for byte, and every archive that one
// of them names. It goes on after a fault as far as it can; what cannot be read
// is one. The site may be published to meanwhile. The report says what was
// found, also when an error is returned.
func Verify(ctx context.Context, site bucket.Store, o VerifyOptions) (*VerifyReport, error) {
	o.setDefaults()
	report := &VerifyReport{Channels: []ChannelVerify{}}
	channels := o.Channels
	if len(channels) == 0 {
		var err error
		if channels, err = Channels(ctx, site); err != nil {
			return report, err
		}
	}
	for _, name := range channels {
		v := &verifier{
			VerifyOptions: o, site: site, name: name, index: &Index{},
			decided: map[string]int{}, archives: map[string]*archive{}, sizes: map[string]int64{},
		}
		v.result = ChannelVerify{Channel: name, Faults: []Fault{}}
		err := v.run(ctx)
		if err != nil {
			v.result.Error = err.Error()
		}
		slices.SortFunc(v.result.Faults, func(a, b Fault) int { return cmp.Compare(a.Key, b.Key) })
		report.Channels = append(report.Channels, v.result)
		if err != nil {
			return report, err
		}
	}
	return report, nil
}

func (o *VerifyOptions) setDefaults() {
	o.Workers = cmp.Or(o.Workers, 2*runtime.GOMAXPROCS(0))
	if o.Progress == nil {
		o.Progress = func(VerifyProgress) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = pause.For
	}
}

// verifier verifies one channel.
type verifier struct {
	VerifyOptions
	site bucket.Store
	name string

	// The log, as far as it has been read: see readLog.
	last      *Record
	sum       string // SHA-256 of the last record
	broken    bool   // the log cannot be read beyond it
	unlisted  bool   // the site is a web site, which cannot be listed
	index     *Index
	snapshots []snapshot
	decided   map[string]int      // generations, by the upload that they decide
	archives  map[string]*archive // by key
	sizes     map[string]int64    // of archives, by digest

	shown int // how many of the snapshots head covers; the others may be missing yet

	mu       sync.Mutex
	failures int // to read something, since something could be read
	done     int
	total    int // files
	result   ChannelVerify
}

// snapshot is a generation that changed the index.
type snapshot struct {
	generation int
	time       time.Time // when it was committed
	head       string    // SHA-256 of head at this generation, in hex
	sha256     string    // of the snapshot itself
	size       int64     // of the snapshot itself, in bytes
	older      *Sum      // of its older index; nil if there is none
}

// archive is a file that some generation names.
type archive struct {
	digest string // SHA-256, in hex
	prov   string // SHA-256 of the provenance file; "" if there is none
	until  int    // the generation that names it no more; 0 if the newest does
}

const (
	fixLog     = "restore the channel's log folder from a copy: nothing else can take its place"
	fixForeign = "portolan writes no such record: find out what did, and restore the channel's log folder from a copy"
	fixNewer   = "verify the site with the newest portolan; it is not damaged for all that this one knows"
	fixRead    = "find out what keeps it from being read, and verify the site again"
)

func (v *verifier) fault(key, fix, format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.result.Faults = append(v.result.Faults, Fault{key, fmt.Sprintf(format, args...), fix})
}

// maxFailures is how many objects in a row cannot be read before the store
// itself is taken to have failed.
const maxFailures = 100

// unreadable notes that an object, or a folder, cannot be read. It returns an
// error if there is no point in going on.
func (v *verifier) unreadable(ctx context.Context, key string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for e, ok := err.(*bucket.KeyError); ok; e, ok = err.(*bucket.KeyError) {
		if strings.HasPrefix(e.Key, key+"/") { // a folder in the one that was listed
			key = e.Key
		}
		err = e.Err
	}
	if page := (*bucket.WebPageError)(nil); errors.As(err, &page) {
		v.fault(key, page.Fix, "%s", page.Seen)
	} else {
		v.fault(key, fixRead, "it cannot be read: %v", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.failures++; v.failures == maxFailures {
		return fmt.Errorf("%d objects in a row cannot be read, the last one because: %w", maxFailures, err)
	}
	return nil
}

// readable notes that an object could be read.
func (v *verifier) readable() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.failures = 0
}

func (v *verifier) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{v.readLog, v.checkLogEnd, v.checkHead} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	v.result.Charts, v.result.Versions = v.index.Counts()
	v.result.Older = v.index.Older()
	v.result.Archives = v.countKept()
	if err := v.checkSnapshots(ctx); err != nil {
		return err
	}
	if err := v.checkArchives(ctx); err != nil {
		return err
	}
	return v.forgivePruned(ctx)
}

// readLog follows the log, from its first record or from where it ended when it
// was read before, deriving the index.
func (v *verifier) readLog(ctx context.Context) error {
	for n := v.result.Generation + 1; !v.broken; n++ {
		key := recordKey(v.name, n)
		b, entry, err := bucket.ReadAll(ctx, v.site, key, maxRecord)
		if errors.Is(err, bucket.ErrNotFound) {
			return nil
		}
		if err != nil {
			v.broken = true
			return v.unreadable(ctx, key, err)
		}
		v.readable()
		record, err := parseRecord(b, n)
		if err == nil {
			err = v.follow(record, entry.Modified)
		}
		if err != nil {
			v.broken = true
			fix := fixLog
			if errors.Is(err, errNewerFormat) {
				fix = fixNewer
			}
			v.fault(key, fix, "%v", err)
			return nil
		}
		v.last, v.sum = record, hexSHA256(b)
		v.result.Generation, v.result.Floor = n, record.Floor
	}
	return nil
}

// follow checks a record against the one before, and applies its change.
func (v *verifier) follow(r *Record, written time.Time) error {
	if err := r.follows(v.last, v.sum); err != nil {
		return err
	}
	uploads := map[string]Decision{}
	for _, d := range r.Decisions {
		if earlier, ok := v.decided[d.Upload]; ok {
			v.fault(recordKey(v.name, r.Generation), fixForeign, "it decides upload %s, which generation %d decides, too", d.Upload, earlier)
		}
		v.decided[d.Upload] = r.Generation
		uploads[d.Upload] = d
		if d.Digest != "" {
			v.sizes[d.Digest] = d.Size
		}
	}
	if r.Change == nil {
		return nil
	}
	for _, l := range r.Change.Removed {
		if a := v.archives[v.name+"/"+lineOf(l.Text).url()]; a != nil {
			a.until = r.Generation
		}
	}
	for _, l := range r.Change.Added {
		if err := v.note(r, l, uploads); err != nil {
			return err
		}
	}
	return v.derive(r, written)
}

// derive applies the record's change to the index.
func (v *verifier) derive(r *Record, written time.Time) error {
	index, err := v.index.Apply(r.Change)
	if err != nil {
		return err
	}
	if err := r.Change.proves(index); err != nil {
		return err
	}
	snapshotSHA, snapshotSize, err := index.sum(snapshotUp)
	if err != nil {
		return err
	}
	v.index = index
	if written.Before(r.Time) { // the store does not say; records are made some time before they are written
		written = r.Time
	}
	v.snapshots = append(v.snapshots, snapshot{r.Generation, written, r.Change.SHA256, snapshotSHA, snapshotSize, r.Change.Older})
	return nil
}

// note notes the archive that an index line names.
func (v *verifier) note(r *Record, l Line, uploads map[string]Decision) error {
	line := lineOf(l.Text)
	upload, ok := parseReleaseURL(line.url())
	if !ok || line.Name != l.Chart || line.url() != ReleaseURL(line.Name, line.Version, upload) {
		return fmt.Errorf("it adds a line to chart %s whose URL is %q", l.Chart, line.url())
	}
	d, ok := uploads[upload]
	if !ok || !d.Verdict.Publishes() {
		v.fault(recordKey(v.name, r.Generation), fixForeign, "it publishes %s %s of upload %s, which it does not accept", line.Name, line.Version, upload)
	}
	v.archives[v.name+"/"+line.url()] = &archive{digest: line.Digest, prov: d.Provenance}
	return nil
}

// checkLogEnd makes sure that there is no record after the last one.
func (v *verifier) checkLogEnd(ctx context.Context) error {
	if v.broken {
		return nil
	}
	newest := 0
	folder := v.name + "/" + logDir
	for e, err := range v.site.List(ctx, folder, bucket.Children) {
		if errors.Is(err, errors.ErrUnsupported) {
			v.unlisted = true // head tells if it is ahead
			break
		}
		if err != nil {
			if err := v.unreadable(ctx, folder, err); err != nil {
				return err
			}
			break
		}
		if !e.Dir {
			newest = max(newest, recordNumber(v.name, e.Key))
		}
	}
	if newest > v.result.Generation { // or it has been written since
		if err := v.readLog(ctx); err != nil || v.broken {
			return err
		}
	}
	switch n := v.result.Generation; {
	case newest > n:
		v.broken = true
		v.fault(recordKey(v.name, n+1), fixLog, "the record is missing, but there are later ones")
	case n == 0:
		v.broken = true
		v.fault(v.name, "check the channel's name and the site's URL", "there is no such channel")
	}
	return nil
}
