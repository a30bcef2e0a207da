package publisher

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Channel is a channel of the site as its log has it: the newest record, the index
// that results from the log, and what has not reached head yet. It is the view of one
// run; other generators may move the channel on at any time, which [Channel.Commit]
// and [Channel.Project] find out.
type Channel struct {
	Name    string
	Workers int // files that are read or written at the same time; 0 means 1

	// BeforeHead, if it is not nil, is called before head shows a generation in place of
	// the one that it showed; 0 for none. If it fails, head stays as it is.
	BeforeHead func(ctx context.Context, shown, next int) error

	site   bucket.Store
	head   headState
	index  *Index  // at the newest record
	newest *Record // nil in a new channel
	sum    string  // SHA-256 of the newest record
	state  *action.State
	stated StateFile  // where that is; zero if it is nil
	opened generation // what head showed when the channel was opened
	acted  acted      // the state at that generation
	behind []generation
	lost   bool // behind has only the newest of them: head did not say where to begin

	touched touched          // by the generations that head did not show
	found   map[string]found // what lay in the places of derived files: see look

	registry registryView

	root   *rootView // nil if the site's root is not to show the channel
	leaves bool      // the root does not show it any more, whatever head says
	left   string    // see RootLeft, if root is nil
}

// headState is what is known about index.yaml. If head does not exist yet, or is
// damaged, its generation is 0.
type headState struct {
	generation int
	token      string // "" if absent
	modified   time.Time
	late       bool // it was written long after its record: by a backup, perhaps
	bare       bool // it is what the log says, but its older index is damaged or lost
}

// generation is a generation that changed the index, but that head did not show yet.
type generation struct {
	number int
	index  *Index
}

// OpenChannel reads the channel: its head, and all records that came after it. A
// channel that does not exist is empty. An index.yaml that portolan did not write is an
// error. One that differs from the log is not: the log counts, and the next Project
// corrects head.
func OpenChannel(ctx context.Context, site bucket.Store, name string) (*Channel, error) {
	c := &Channel{Name: name, site: site, index: &Index{}}
	if err := c.readHead(ctx); err != nil {
		return nil, err
	}
	if err := c.Refresh(ctx); err != nil {
		return nil, err
	}
	state, err := c.stateOf(ctx, c.newest)
	if err != nil {
		return nil, err
	}
	c.setState(state)
	c.acted.keep(c.state, c.stated)
	return c, c.checkEnd(ctx)
}

// readHead starts the channel at the generation that head shows, if head's bytes are
// what the log says for that generation, and at the beginning of the log otherwise.
func (c *Channel) readHead(ctx context.Context) error {
	key := headKey(c.Name)
	file, err := readIndex(ctx, c.site, key)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	headSum := sumLater(file.text)
	index, err := parseIndex(file.text)
	if err != nil {
		return c.foreignHead(ctx, key, file.entry.Token)
	}
	number, err := parseHeader(index.header)
	if err != nil {
		return bucket.About(key, err)
	}
	record, recordSum, err := c.record(ctx, number)
	if errors.Is(err, bucket.ErrNotFound) {
		return headOnly(key, number, err)
	}
	if err != nil {
		return err
	}
	c.head.token = file.entry.Token
	if record.Change == nil || record.Change.SHA256 != headSum() {
		return nil
	}
	whole, err := c.complete(ctx, index, record.Change)
	c.head.bare = !whole
	if whole {
		c.head.generation = number
		c.head.modified, c.head.late = file.entry.Modified, file.entry.Modified.Sub(record.Time) > headLag
		c.index, c.newest, c.sum = index, record, recordSum
		c.opened, c.acted = generation{number, index}, acted{file: record.State}
	}
	return err
}

// complete adds the versions that are not in head to the index, which was read from
// head. It reports whether they are what the log says. If they are lost or damaged,
// they are derived from the log, like a damaged head.
func (c *Channel) complete(ctx context.Context, x *Index, change *Change) (bool, error) {
	_, err := readOlder(ctx, c.site, c.Name, x)
	if errors.Is(err, bucket.ErrNotFound) || err != nil && damagedHead(err) && ctx.Err() == nil {
		return false, nil
	}
	return err == nil && change.proveOlder(x) == nil, err
}

// foreignHead tells an index that portolan did not write, and must not overwrite, from
// a damaged one of its own, which it writes again.
func (c *Channel) foreignHead(ctx context.Context, key, token string) error {
	_, _, err := c.record(ctx, 1)
	if errors.Is(err, bucket.ErrNotFound) {
		if listed, err := c.listedNewest(ctx); err != nil || listed > 0 {
			return cmp.Or(err, c.hole(listed))
		}
		return fmt.Errorf("%s was not written by portolan, which will not overwrite it: choose another channel, or move that repository over with 'portolan import'", key)
	}
	c.head.token = token
	return err
}

// Refresh reads the records that were committed since the channel was opened
// or last refreshed.
func (c *Channel) Refresh(ctx context.Context) error {
	number, err := c.findNewest(ctx, c.Generation())
	if err != nil || number == c.Generation() {
		return err
	}
	if c.newest == nil && number > 1 {
		return c.fromStart(ctx, number)
	}
	record, sum, err := c.record(ctx, number)
	if err != nil {
		return err
	}
	state, err := c.stateOf(ctx, record) // before anything changes, so that a failure leaves no half of it
	if err != nil {
		return err
	}
	if err := c.follow(ctx, record); err != nil {
		return err
	}
	c.newest, c.sum = record, sum
	c.setState(state)
	return nil
}

// fromStart reads the whole log up to the record with that number, since there is no
// head to begin with. It holds one index, however long the log is: Project reads the log
// again for the snapshots.
func (c *Channel) fromStart(ctx context.Context, number int) error {
	for s, err := range c.replay(ctx, true) {
		if err != nil {
			return err
		}
		c.newest, c.sum, c.index = s.record, s.sum, s.index
		c.setState(s.state)
		c.touched.add(s.record)
		if s.record.Change != nil {
			c.lost = c.lost || len(c.behind) > 0
			c.behind = []generation{{s.record.Generation, s.index}}
		}
		if s.record.Generation == number {
			return nil
		}
	}
	return c.hole(number)
}

// follow applies every change up to the record, which is newer than the index, to the
// index. It does not read the records in between that left the index alone.
func (c *Channel) follow(ctx context.Context, newest *Record) error {
	at := c.IndexGeneration()
	var changes []*Record
	for r, n := newest, newest.IndexGeneration(); n > at; n = r.Base {
		if r.Generation != n {
			var err error
			if r, _, err = c.record(ctx, n); err != nil {
				return incomplete(err)
			}
		}
		if r.Change == nil {
			return bucket.About(recordKey(c.Name, n), errors.New("is named as a generation that changed the index, but did not"))
		}
		changes = append(changes, r)
		if r.Base < at {
			return bucket.About(recordKey(c.Name, n), fmt.Errorf("follows on generation %d, not on %d", r.Base, at))
		}
	}
	for i := len(changes) - 1; i >= 0; i-- {
		if err := c.apply(changes[i]); err != nil {
			return err
		}
	}
	return nil
}

// apply moves the index on by one generation, and proves the result.
func (c *Channel) apply(r *Record) error {
	key := recordKey(c.Name, r.Generation)
	index, err := c.index.Apply(r.Change)
	if err != nil {
		return bucket.About(key, err)
	}
	if err := r.Change.proves(index); err != nil {
		return bucket.About(key, err)
	}
	c.index = index
	c.touched.add(r)
	c.behind = append(c.behind, generation{r.Generation, index})
	return nil
}

// record reads one record, and returns it with the SHA-256 of its bytes.
func (c *Channel) record(ctx context.Context, number int) (*Record, string, error) {
	key := recordKey(c.Name, number)
	b, _, err := bucket.ReadAll(ctx, c.site, key, maxRecord)
	if err != nil {
		return nil, "", err
	}
	r, err := parseRecord(b, number)
	if err != nil {
		return nil, "", bucket.About(key, err)
	}
	return r, hexSHA256(b), nil
}

// Generation is the number of the newest record; 0 in a new channel.
func (c *Channel) Generation() int {
	if c.newest == nil {
		return 0
	}
	return c.newest.Generation
}

// IndexGeneration is the number of the newest record that changed the index.
func (c *Channel) IndexGeneration() int {
	if c.newest == nil {
		return 0
	}
	return c.newest.IndexGeneration()
}

// Floor is the oldest generation that is kept, with its snapshot, those after it, and
// everything that they name. It is 0 if all are kept.
func (c *Channel) Floor() int {
	if c.newest == nil {
		return 0
	}
	return c.newest.Floor
}

// Time is when the newest record was made; zero in a new channel.
func (c *Channel) Time() time.Time {
	if c.newest == nil {
		return time.Time{}
	}
	return c.newest.Time
}

// Index is the index as of the newest record.
func (c *Channel) Index() *Index { return c.index }
