package publisher

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// step is one generation of a log that is read from the beginning.
type step struct {
	record *Record
	sum    string // SHA-256 of the record
	index  *Index // once the record is applied
	state  *action.State
}

// replay yields the generations from the first on, up to the first number that has no
// record. A damaged record ends it with an error that names the record. With prove, each
// index is checked against the SHA-256 in its record. At most one record and two indexes
// are held at a time.
func (c *Channel) replay(ctx context.Context, prove bool) iter.Seq2[step, error] {
	return func(yield func(step, error) bool) {
		last := step{index: &Index{}}
		for n := 1; ; n++ {
			key := recordKey(c.Name, n)
			b, _, err := bucket.ReadAll(ctx, c.site, key, maxRecord)
			if errors.Is(err, bucket.ErrNotFound) {
				return
			}
			if err == nil {
				last, err = last.next(b, prove)
				err = damaged(key, err)
			}
			if err != nil {
				yield(step{}, err)
				return
			}
			if !yield(last, nil) {
				return
			}
		}
	}
}

// next is the step that results from the record with the bytes b.
func (s step) next(b []byte, prove bool) (step, error) {
	generation := 1
	if s.record != nil {
		generation = s.record.Generation + 1
	}
	r, err := parseRecord(b, generation)
	if err != nil {
		return step{}, err
	}
	if err := r.follows(s.record, s.sum); err != nil {
		return step{}, err
	}
	next := step{r, hexSHA256(b), s.index, nil}
	if next.state, err = r.proveState(s.record, s.state); err != nil {
		return step{}, err
	}
	if r.Change == nil {
		return next, nil
	}
	if next.index, err = s.index.Apply(r.Change); err == nil && prove {
		err = r.Change.proves(next.index)
	}
	return next, err
}

// proves returns an error if the index that resulted from the change, or its older part,
// is not what the record says.
func (c *Change) proves(x *Index) error {
	sum, size, err := x.sum("")
	if err != nil {
		return err
	}
	if sum != c.SHA256 || size != c.Size {
		return fmt.Errorf("its index has %d bytes and the SHA-256 %s, but it says %d and %s", size, sum, c.Size, c.SHA256)
	}
	return c.proveOlder(x)
}

// follows returns an error if the record cannot follow the last one, whose SHA-256 is
// sum. For the first record, last is nil and sum is "".
func (r *Record) follows(last *Record, sum string) error {
	base := 0
	if last != nil {
		base = last.IndexGeneration()
		if r.Time.Before(last.Time) {
			return fmt.Errorf("its time %s is before that of the record before it", r.Time)
		}
		if r.Floor < last.Floor {
			return fmt.Errorf("its floor %d is below that of the record before it, %d", r.Floor, last.Floor)
		}
	}
	if r.Parent != sum {
		return fmt.Errorf("it follows on a record with the SHA-256 %s, but that of the record before it is %s", r.Parent, sum)
	}
	if r.Base != base {
		return fmt.Errorf("it follows on the index of generation %d, not on that of %d", r.Base, base)
	}
	return nil
}
