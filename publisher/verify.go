package publisher

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
)

// VerifyOptions says what to verify. The zero value works.
type VerifyOptions struct {
	Channels []string // empty means all that the site has
	Deep     bool     // hash every archive, not only look at its size
	Workers  int      // files read at the same time; 0 means two a processor
	Progress func(VerifyProgress)
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
	Generation int     `json:"generation"` // the newest record that could be read
	Snapshots  int     `json:"snapshots"`  // that are what the log says
	Charts     int     `json:"charts"`     // in the newest index
	Versions   int     `json:"versions"`   // in the newest index
	Archives   int     `json:"archives"`   // that head or a snapshot names
	Bytes      int64   `json:"bytes"`      // of these archives
	Faults     []Fault `json:"faults"`
}

// Fault is something that is not as the log says, and what to do about it.
type Fault struct {
	Key     string `json:"key"`
	Message string `json:"message"`
	Fix     string `json:"fix"`
}

// OK reports whether nothing is wrong.
func (r *VerifyReport) OK() bool {
	return !slices.ContainsFunc(r.Channels, func(c ChannelVerify) bool { return len(c.Faults) > 0 })
}

// Verify checks channels against their logs: every record and the chain that
// they make, head and each snapshot byte for byte, and every archive that one
// of them names. It goes on after a fault as far as it can. The error is nil if
// everything could be read, whatever it was.
func Verify(ctx context.Context, site Store, o VerifyOptions) (*VerifyReport, error) {
	o.Workers = cmp.Or(o.Workers, 2*runtime.GOMAXPROCS(0))
	if o.Progress == nil {
		o.Progress = func(VerifyProgress) {}
	}
	report := &VerifyReport{Channels: []ChannelVerify{}}
	channels := o.Channels
	if len(channels) == 0 {
		var err error
		if channels, err = Channels(ctx, site); err != nil {
			return report, err
		}
	}
	for _, name := range channels {
		v := &verifier{VerifyOptions: o, site: site, name: name, archives: map[string]*archive{}, sizes: map[string]int64{}}
		v.result = ChannelVerify{Channel: name, Faults: []Fault{}}
		if err := v.run(ctx); err != nil {
			return report, err
		}
		slices.SortFunc(v.result.Faults, func(a, b Fault) int { return cmp.Compare(a.Key, b.Key) })
		report.Channels = append(report.Channels, v.result)
	}
	return report, nil
}

// verifier verifies one channel.
type verifier struct {
	VerifyOptions
	site Store
	name string

	index     *Index
	snapshots []snapshot
	archives  map[string]*archive // by key
	sizes     map[string]int64    // of archives, by digest

	mu     sync.Mutex
	done   int
	result ChannelVerify
}

// snapshot is a generation that changed the index.
type snapshot struct {
	generation int
	head       string // SHA-256 of head at this generation, in hex
	sha256     string // of the snapshot itself
	size       int64  // of the snapshot itself, in bytes
}

// archive is a file that some generation names.
type archive struct {
	digest string // SHA-256, in hex
	prov   string // SHA-256 of the provenance file; "" if there is none
}

const (
	fixLog  = "restore the channel's log folder from a copy: nothing else can take its place"
	fixRun  = "run 'portolan generate' once an upload waits: it puts head right"
	fixFile = "restore the file from a copy, or upload the chart again: that gives it a new path"
)

func (v *verifier) fault(key, fix, format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.result.Faults = append(v.result.Faults, Fault{key, fmt.Sprintf(format, args...), fix})
}

func (v *verifier) run(ctx context.Context) error {
	if err := v.readLog(ctx); err != nil {
		return err
	}
	v.result.Charts, v.result.Versions = v.index.Counts()
	v.result.Archives = len(v.archives)
	if len(v.result.Faults) == 0 { // a log that cannot be read to its end says nothing about head
		if err := v.checkHead(ctx); err != nil {
			return err
		}
	}
	if err := v.checkSnapshots(ctx); err != nil {
		return err
	}
	return v.checkArchives(ctx)
}

// readLog follows the log from its first record, deriving the index.
func (v *verifier) readLog(ctx context.Context) error {
	v.index = &Index{}
	var last *Record
	sum := ""
	for n := 1; ; n++ {
		key := recordKey(v.name, n)
		b, _, err := ReadAll(ctx, v.site, key, maxRecord)
		if errors.Is(err, ErrNotFound) {
			return v.checkLogEnd(ctx, n)
		}
		if err != nil {
			return err
		}
		record, err := parseRecord(b, n)
		if err == nil {
			err = v.follow(record, last, sum)
		}
		if err != nil {
			v.fault(key, fixLog, "%v", err)
			return nil
		}
		last, sum = record, hexSHA256(b)
		v.result.Generation = n
	}
}

// follow checks a record against the one before, and applies its change.
func (v *verifier) follow(r, last *Record, sum string) error {
	base := 0
	if last != nil {
		base = last.Head()
		if r.Time.Before(last.Time) {
			return fmt.Errorf("its time %s is before that of the record before it", r.Time)
		}
	}
	if r.Parent != sum {
		return fmt.Errorf("it follows on a record with the SHA-256 %s, but that of the record before it is %s", r.Parent, sum)
	}
	if r.Base != base {
		return fmt.Errorf("it follows on the index of generation %d, not on that of %d", r.Base, base)
	}
	provs := map[string]string{}
	for _, d := range r.Decisions {
		provs[d.Upload] = d.Provenance
		if d.Digest != "" {
			v.sizes[d.Digest] = d.Size
		}
	}
	if r.Change == nil {
		return nil
	}
	for _, l := range r.Change.Added {
		if err := v.note(l, provs); err != nil {
			return err
		}
	}
	return v.derive(r)
}

// derive applies the record's change to the index.
func (v *verifier) derive(r *Record) error {
	index, err := v.index.Apply(r.Change)
	if err != nil {
		return err
	}
	sha, size, err := index.sum("")
	if err != nil {
		return err
	}
	snapshotSHA, snapshotSize, err := index.sum(snapshotUp)
	if err != nil {
		return err
	}
	if sha != r.Change.SHA256 || size != r.Change.Size {
		return fmt.Errorf("its index has %d bytes and the SHA-256 %s, but it says %d and %s", size, sha, r.Change.Size, r.Change.SHA256)
	}
	v.index = index
	v.snapshots = append(v.snapshots, snapshot{r.Generation, sha, snapshotSHA, snapshotSize})
	return nil
}

// note notes the archive that an index line names.
func (v *verifier) note(l Line, provs map[string]string) error {
	line := lineOf(l.Text)
	upload, ok := parseReleaseURL(line.url())
	if !ok || line.Name != l.Chart || line.url() != ReleaseURL(line.Name, line.Version, upload) {
		return fmt.Errorf("it adds a line to chart %s whose URL is %q", l.Chart, line.url())
	}
	v.archives[v.name+"/"+line.url()] = &archive{line.Digest, provs[upload]}
	return nil
}

// checkLogEnd makes sure that there is no record after the last one.
func (v *verifier) checkLogEnd(ctx context.Context, missing int) error {
	for e, err := range v.site.List(ctx, v.name+"/"+logDir, Children) {
		if errors.Is(err, errors.ErrUnsupported) {
			return nil // a web site cannot be listed; head tells if it is ahead
		}
		if err != nil {
			return err
		}
		if e.Key > recordKey(v.name, missing) {
			v.fault(recordKey(v.name, missing), fixLog, "the record is missing, but there are later ones")
			return nil
		}
	}
	if missing == 1 {
		v.fault(recordKey(v.name, 1), "check the channel's name and the site's URL", "there is no such channel")
	}
	return nil
}

// checkHead compares head with the newest generation.
func (v *verifier) checkHead(ctx context.Context) error {
	key := headKey(v.name)
	sum, size, err := v.hash(ctx, key)
	missing := errors.Is(err, ErrNotFound)
	switch {
	case missing && len(v.snapshots) == 0:
		return nil
	case missing:
		v.fault(key, fixRun, "it is missing")
		return nil
	case err != nil:
		return err
	}
	for i, s := range slices.Backward(v.snapshots) {
		if s.head != sum {
			continue
		}
		if newest := v.snapshots[len(v.snapshots)-1]; i < len(v.snapshots)-1 {
			v.fault(key, fixRun, "it is generation %d, but generation %d is committed", s.generation, newest.generation)
		}
		return nil
	}
	v.fault(key, fixRun, "its %d bytes with the SHA-256 %s are not those of any generation in the log", size, sum)
	return nil
}

// hash returns the SHA-256, in hex, and the size of an object.
func (v *verifier) hash(ctx context.Context, key string) (string, int64, error) {
	r, err := v.site.Get(ctx, key)
	if err != nil {
		return "", 0, err
	}
	defer r.Close()
	h := sha256.New()
	n, err := io.Copy(h, r)
	if err != nil {
		return "", 0, &KeyError{key, err}
	}
	return hex.EncodeToString(h.Sum(nil)), n, nil
}
