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

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/pause"
)

// VerifyOptions says what to verify. The zero value verifies everything, without reading archives.
type VerifyOptions struct {
	Channels []string // empty means all that the site has
	Deep     bool     // read and hash every archive, instead of comparing its size
	Workers  int      // files read at the same time; 0 means two a processor
	Progress func(VerifyProgress)

	// For tests, which own time.
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
}

// VerifyProgress is the progress of verifying a channel.
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
	Generation int     `json:"generation"`          // the newest record that could be read
	Floor      int     `json:"floor,omitempty"`     // the oldest generation that is kept; 0 if all are
	Snapshots  int     `json:"snapshots"`           // how many are what the log says
	Charts     int     `json:"charts"`              // in the newest index
	Versions   int     `json:"versions"`            // in the newest index, or its older index
	Older      int     `json:"older,omitempty"`     // of these, in the older index only
	Archives   int     `json:"archives"`            // how many head or a snapshot names
	Bytes      int64   `json:"bytes"`               // of these archives
	Manifests  int     `json:"manifests,omitempty"` // in the registry, which are what the log says
	Unindexed  int     `json:"unindexed,omitempty"` // charts without an index of their own, since an older portolan last changed them
	Faults     []Fault `json:"faults"`
	Error      string  `json:"error,omitempty"` // what stopped the verification before its end
}

// Fault is a difference from the log, and what to do about it.
type Fault struct {
	Key     string `json:"key"`
	Message string `json:"message"`
	Fix     string `json:"fix"`
}

// OK reports whether everything was verified without a fault.
func (r *VerifyReport) OK() bool {
	return !slices.ContainsFunc(r.Channels, func(c ChannelVerify) bool { return len(c.Faults) > 0 || c.Error != "" })
}

// Verify checks channels against their logs: every record and the chain of records, head
// each snapshot, and all else that follows from the log byte for byte, and every archive
// that one of them names. It continues
// after a fault as far as it can; a file that cannot be read is a fault. Generators may
// publish meanwhile. The report says what was found, even if Verify returns an error.
func Verify(ctx context.Context, site bucket.Store, o VerifyOptions) (*VerifyReport, error) {
	o.setDefaults()
	report := &VerifyReport{Channels: []ChannelVerify{}}
	channels := o.Channels
	if len(channels) == 0 {
		var lost []string
		var err error
		if channels, lost, err = (&channelWalk{site: site, enter: mayHoldChannels, heads: true}).from(ctx, ""); err != nil {
			return report, err
		}
		channels = append(channels, lost...)
	}
	atRoot, rootErr := readRoot(ctx, site)
	rootErr = cmp.Or(rootErr, atRoot.barred)
	for _, name := range channels {
		v := &verifier{
			VerifyOptions: o, site: site, name: name, index: &Index{}, atRoot: atRoot.channel, rootErr: rootErr,
			archives: map[string]*archive{}, sizes: map[string]int64{},
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

	// The log, as far as it was read: see readLog.
	last      *Record
	sum       string // SHA-256 of the last record
	broken    bool   // the log cannot be read beyond it
	unlisted  bool   // the site is a web site, which cannot be listed
	index     *Index
	state     *action.State
	taken     map[version]taken // versions that were taken down
	snapshots []snapshot
	decided   decisions
	archives  map[string]*archive // by key
	sizes     map[string]int64    // of archives, by digest
	manifests registryLog
	blobs     sync.Map // keys in the registry that were looked at
	touched   touched  // by all generations

	// listed returns the sizes of all chart files: see list.
	listed func() (map[string]int64, error)

	shown int // how many of the snapshots head covers; the others may not exist yet

	atRoot  string // the channel that the index in the site's root shows; "" if none
	rootErr error  // why that cannot be read

	mu       sync.Mutex
	failures int // reads that failed in a row
	done     int
	total    int // files
	result   ChannelVerify
}

// snapshot is a generation that changed the index.
type snapshot struct {
	generation int
	time       time.Time // when it was committed
	headSum    string    // SHA-256 of head at this generation, in hex
	sha256     string    // of the snapshot itself
	size       int64     // of the snapshot itself, in bytes
	older      *Sum      // of its older index; nil if absent
}

// archive is a file that some generation names.
type archive struct {
	digest string // SHA-256, in hex
	prov   string // SHA-256 of the provenance file; "" if absent
	until  int    // the first generation that does not name it any more; 0 if the newest does
	gone   bool   // its version was taken down or freed: it need not be there, or must not
}

func (v *verifier) fault(key, fix, format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.result.Faults = append(v.result.Faults, Fault{key, fmt.Sprintf(format, args...), fix})
}

// maxFailures is how many reads in a row may fail before Verify gives up on the store.
const maxFailures = 100

// unreadable notes that an object, or a folder, cannot be read. It returns an error if
// there is no point in continuing.
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
	if !v.Deep { // which reads all files
		defer v.list(ctx)()
	}
	for _, step := range []func(context.Context) error{v.readLog, v.checkLogEnd, v.checkState, v.checkHead, v.checkRoot, v.checkDerived} {
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
	if err := v.checkRegistry(ctx); err != nil {
		return err
	}
	if err := v.checkTaken(ctx); err != nil {
		return err
	}
	return v.forgivePruned(ctx)
}
