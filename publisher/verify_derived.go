package publisher

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// checkDerived compares the files that follow from the log as head does with it. They are
// written after their record and before head: one that is not right may be that of a
// generation that was committed a moment ago, or meanwhile.
//
// A file that is missing is a fault only if the log says that it was written.
func (v *verifier) checkDerived(ctx context.Context) error {
	c := &Channel{Name: v.name, site: v.site, index: v.index}
	if err := c.touchIndex(ctx); err != nil {
		return v.unreadable(ctx, allIndexKey(v.name), err)
	}
	v.touched.unsaid = c.touched.unsaid
	files, err := v.derivedFiles(ctx, nil)
	v.total = len(files)
	for look, pause := 1, firstLook; err == nil && !v.broken && len(files) > 0; {
		var wrong map[string]bool
		if wrong, err = v.wrongOf(ctx, files, look == 1); err != nil || len(wrong) == 0 {
			return err
		}
		before := v.result.Generation
		if err := v.readLog(ctx); err != nil || v.broken {
			return err
		}
		if files, err = v.derivedFiles(ctx, wrong); err != nil {
			return err
		}
		if v.result.Generation > before {
			continue // they may be right by now
		}
		files = slices.DeleteFunc(files, func(d derived) bool {
			recent := v.Now().Sub(v.committed(d.generation)) < moment
			if recent && (look < looks || v.unlisted) { // on the web, it may come from a cache
				return v.unlisted
			}
			v.faultDerived(ctx, d)
			return true
		})
		if len(files) > 0 {
			err = v.Sleep(ctx, pause)
		}
		look, pause = look+1, 2*pause
	}
	return err
}

// derivedFiles lists the files, all or those with these keys, as the log has them by now.
func (v *verifier) derivedFiles(ctx context.Context, keys map[string]bool) ([]derived, error) {
	files, err := (&Channel{Name: v.name, site: v.site}).derived(ctx, v.index, v.state, v.touched)
	return slices.DeleteFunc(files, func(d derived) bool { return keys != nil && !keys[d.key] }), err
}

// wrongOf returns the keys of the files that are not right. If told to, it counts the
// charts that have no index of their own and need none.
func (v *verifier) wrongOf(ctx context.Context, files []derived, counts bool) (map[string]bool, error) {
	var mu sync.Mutex
	wrong := map[string]bool{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(v.Workers)
	for _, d := range files {
		group.Go(func() error {
			right, there, err := v.compareDerived(ctx, d)
			if err != nil {
				return v.unreadable(ctx, d.key, err)
			}
			if counts {
				v.step()
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case right:
			case there || d.due:
				wrong[d.key] = true
			case d.last(): // an empty list of tags, which need not be there
			case len(v.index.Lines(path.Base(path.Dir(d.key)))) > 0:
				v.result.Unindexed++
			}
			return nil
		})
	}
	return wrong, group.Wait()
}

// compareDerived reports whether the file is right, and whether there is one.
func (v *verifier) compareDerived(ctx context.Context, d derived) (right, there bool, err error) {
	r, err := v.site.Get(ctx, d.key)
	if errors.Is(err, bucket.ErrNotFound) {
		v.readable()
		return d.gone, false, nil
	}
	if err != nil {
		return false, false, err
	}
	defer r.Close()
	if d.gone {
		v.readable()
		return false, true, nil
	}
	right, err = bucket.Same(ctx, r, d.body)
	if other := (*bucket.KeyError)(nil); errors.As(err, &other) && ctx.Err() == nil {
		err = nil // what it is a copy of cannot be read, which checkRegistry tells
	}
	if err == nil {
		v.readable()
	}
	return right, true, err
}

// committed is when the generation, which changed the index, was committed.
func (v *verifier) committed(generation int) (t time.Time) {
	i, ok := slices.BinarySearchFunc(v.snapshots, generation, func(s snapshot, n int) int { return s.generation - n })
	if ok {
		t = v.snapshots[i].time
	}
	return t
}

// faultDerived says what is wrong with a file.
func (v *verifier) faultDerived(ctx context.Context, d derived) {
	_, there, err := v.compareDerived(ctx, d)
	n := generationIn(ctx, v.site, d.key)
	switch {
	case d.gone:
		v.faultLeft(d.key)
	case err == nil && !there:
		v.fault(d.key, v.fixSnapshot(), "it is missing")
	case n > 0 && n < d.generation:
		v.fault(d.key, v.fixSnapshot(), "it is generation %d, but generation %d has changed it", n, d.generation)
	default:
		v.fault(d.key, v.fixSnapshot(), "it is not what the log says of generation %d", d.generation)
	}
}

// Note says what is not wrong, but worth knowing; "" if nothing is.
func (c *ChannelVerify) Note() string {
	if c.Unindexed == 0 {
		return ""
	}
	return fmt.Sprintf("charts/NAME/index.yaml is missing for %d of the charts, which were last changed before portolan wrote such files; "+
		"'portolan rebuild --channel %s' writes them", c.Unindexed, c.Channel)
}
