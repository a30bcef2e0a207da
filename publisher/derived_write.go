package publisher

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// found is what lay in the place of a derived file, before the log was read.
type found struct {
	token   string // "" if nothing did
	right   int    // the generation whose content it has, byte for byte; 0 if that is unknown
	written bool   // since then, by this channel, so that the token is unknown
	assumed bool   // nobody has looked: it is most likely not there
}

// fits reports whether it can be told from what was found whether, and in place of what,
// the file is to be written. If one that is assumed not to be there has to be, that is found
// out when it is created.
func (f found) fits(d derived) bool {
	return (!f.written || f.right == d.generation) && (!f.assumed || d.due)
}

// foresee looks at the files that will have to be written once a record is committed. A
// chart that is new has none.
func (c *Channel) foresee(ctx context.Context, next *Index, state *action.State, t touched) error {
	if _, dry := c.site.(pretender); dry {
		return nil
	}
	files, err := c.derived(ctx, next, state, t)
	if err != nil {
		return err
	}
	for key := range c.unlikely(t) {
		if _, looked := c.found[key]; !looked {
			c.find(key, found{assumed: true})
		}
	}
	_, err = c.look(ctx, files)
	return err
}

// unlikely yields the keys of files that are not there, since what they are about is new: no
// earlier record has touched it that head does not show. If one is there nevertheless, that is
// found out when it is to be created.
func (c *Channel) unlikely(t touched) iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := range t.charts {
			if _, before := c.touched.charts[name]; before || len(c.index.Lines(name)) > 0 {
				continue
			}
			if !yield(chartIndexKey(c.Name, name)) || !yield(registry.TagsKey(registry.Repository(c.Name, name))) {
				return
			}
		}
		for v := range t.tags {
			if _, before := c.touched.tags[v]; !before && !c.index.mayHave(v) && !yield(registry.TagKey(registry.Repository(c.Name, v.chart), registry.Tag(v.version))) {
				return
			}
		}
	}
}

// look reads what lies in the places of derived files, unless that is known. It reports
// whether it had to: then the log must be read before the files are written.
//
// This order keeps a file from going back. A record is committed before anyone writes what
// follows from it. So what was found is never newer than what the log then says, and a file
// that was replaced since is not replaced again before it is looked at, and the log is read,
// once more. A record of one's own is such a reading as well: it would not be the next one.
func (c *Channel) look(ctx context.Context, files []derived) (looked bool, err error) {
	var unknown []derived
	for _, d := range files {
		if f, ok := c.found[d.key]; !ok || !f.fits(d) {
			unknown = append(unknown, d)
		}
	}
	results := make([]found, len(unknown))
	err = c.each(ctx, len(unknown), func(ctx context.Context, i int) (err error) {
		results[i], err = lookAt(ctx, c.site, unknown[i])
		return err
	})
	if err != nil {
		return false, err
	}
	for i, d := range unknown {
		c.find(d.key, results[i])
	}
	return len(unknown) > 0, nil
}

func (c *Channel) find(key string, f found) {
	if c.found == nil {
		c.found = map[string]found{}
	}
	c.found[key] = f
}

// lookAt reads a file up to the first byte that is not the right one.
func lookAt(ctx context.Context, site bucket.Store, d derived) (found, error) {
	r, err := site.Get(ctx, d.key)
	if errors.Is(err, bucket.ErrNotFound) {
		return found{}, nil
	}
	if err != nil {
		return found{}, err
	}
	defer r.Close()
	f := found{token: r.Entry.Token}
	if d.gone {
		return f, nil
	}
	same, err := bucket.Same(ctx, r, d.body)
	if same {
		f.right = d.generation
	} // one that cannot be read to its end, after all retries, is damaged
	if ctx.Err() != nil {
		return found{}, err
	}
	return f, nil
}

// putDerived makes the files what they should be, and returns the keys of those that it
// had to write. Of those that somebody else has written since they were looked at, it
// forgets what it found, and reports that there are some.
func (c *Channel) putDerived(ctx context.Context, files []derived) (written []string, overtaken bool, err error) {
	for turn := range turns {
		some := slices.DeleteFunc(slices.Clone(files), func(d derived) bool { return d.turn() != turn })
		w, o, err := c.putSome(ctx, some)
		if written, overtaken = append(written, w...), overtaken || o; err != nil || overtaken {
			return written, overtaken, err
		}
	}
	return written, overtaken, nil
}

// turns are how many groups of files come one after the other: what others name comes
// before them, and goes after them.
const turns = 3

func (d derived) turn() int {
	switch {
	case d.gone:
		return 2
	case d.last():
		return 1
	}
	return 0
}

// last reports whether the file names others, which must be there before it.
func (d derived) last() bool {
	k, _ := registry.ParseKey(d.key)
	return k.Kind == registry.TagList
}

func (c *Channel) putSome(ctx context.Context, files []derived) (written []string, overtaken bool, err error) {
	var writes []bucket.Write
	var writing []derived
	for _, d := range files {
		if w, needed := d.write(c.found[d.key]); needed {
			writes, writing = append(writes, w), append(writing, d)
		}
	}
	put := bucket.WriteAll
	if len(writing) > 0 && writing[0].gone {
		put = removeAll
	}
	for i, failure := range put(ctx, c.site, max(1, c.Workers), writes) {
		switch d := writing[i]; {
		case errors.Is(failure, bucket.ErrConflict):
			overtaken = true
			delete(c.found, d.key)
		case failure != nil:
			err = failure
		default:
			c.find(d.key, found{right: d.generation, written: true})
			written = append(written, d.key)
		}
	}
	slices.Sort(written)
	return written, overtaken, err
}

// removeAll removes what the writes would replace. It returns an error for each, as
// [bucket.WriteAll] does.
func removeAll(ctx context.Context, site bucket.Store, limit int, writes []bucket.Write) []error {
	errs := make([]error, len(writes))
	var group errgroup.Group
	group.SetLimit(limit)
	for i, w := range writes {
		group.Go(func() error {
			errs[i] = site.Delete(ctx, w.Key, w.Token)
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs
	return errs
}

// write is what puts the file in the place of what was found, unless that is right.
func (d derived) write(f found) (w bucket.Write, needed bool) {
	o := bucket.Object{Key: d.key, Body: d.body, ContentType: d.contentType, CacheControl: revalidated}
	return bucket.Write{Object: o, Token: f.token}, f.right != d.generation && (f.token != "" || d.due)
}

// each calls f for 0 to n-1, some at a time.
func (c *Channel) each(outer context.Context, n int, f func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(outer)
	group.SetLimit(max(1, c.Workers))
	for i := range n {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil // another one failed
			}
			return f(ctx, i)
		})
	}
	return cmp.Or(group.Wait(), outer.Err())
}
