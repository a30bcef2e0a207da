package bucket

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

var _ manyWriter = (*folderStore)(nil)

// writeMany flushes the whole disk, rather than each file: once all temporary files are
// written, and once more when they have their names. What was deferred before is safe
// before the first of them has its name. It leaves what is not plain: an object that is
// there already, another version than the one to be replaced, and all that fails.
func (s *folderStore) writeMany(ctx context.Context, limit int, writes []Write) (left []int, err error) {
	all := numbers(len(writes))
	f, err := s.hold()
	if err != nil {
		return all, nil // perhaps it is only to be made
	}
	defer f.release()
	if can, err := f.canDefer(); err != nil || !can {
		return all, nil
	}
	temps := s.writeTemps(ctx, f, limit, writes)
	defer func() {
		for _, t := range temps {
			if t != nil {
				t.remove()
			}
		}
	}()
	s.flush.Lock() // so that no other call takes an error of the disk that is about these
	defer s.flush.Unlock()
	synced, err := s.flushWaiting(f)
	if err == nil && !synced {
		err = s.sync.all(f.disk)
	}
	if err != nil {
		return all, nil
	}
	left = s.placeMany(ctx, f, writes, temps)
	if len(left) == len(writes) {
		return left, nil
	}
	if err := s.waiting.end(s.waiting.sync(f, s.sync.all)); err != nil {
		return nil, fmt.Errorf("%s: %w", s.dir, plain(err))
	}
	return left, nil
}

// writeTemps writes the temporary file of each write, nil for those that it leaves.
func (s *folderStore) writeTemps(ctx context.Context, f *openFolder, limit int, writes []Write) []*tempFile {
	temps := make([]*tempFile, len(writes))
	var group errgroup.Group
	group.SetLimit(limit)
	for i, w := range writes {
		group.Go(func() error {
			temps[i] = s.prepare(ctx, f, w)
			return nil
		})
	}
	_ = group.Wait() // what failed is nil
	return temps
}

// prepare writes the temporary file of a write that looks as if it will succeed. It returns
// nil for any other.
func (s *folderStore) prepare(ctx context.Context, f *openFolder, w Write) *tempFile {
	if permit(ctx, w.Key, w.Token == "") != nil {
		return nil
	}
	old, err := statRegular(f, w.Key)
	var after time.Time
	switch {
	case w.Token == "" && !absent(err), w.Token != "" && (err != nil || fileToken(old) != w.Token):
		return nil
	case w.Token != "":
		w.From, after = "", old.ModTime()
	}
	w.Deferred = true // so far
	t, err := s.writeTemp(ctx, f, w.Object, after)
	if err != nil {
		return nil
	}
	return t
}

// placeMany gives temporary files, whose bytes are durable, their names, as Create and
// Replace do. It returns the numbers of the writes that it leaves.
func (s *folderStore) placeMany(ctx context.Context, f *openFolder, writes []Write, temps []*tempFile) (left []int) {
	p := placer{store: s, root: f, waiting: f}
	defer p.close()
	order := numbers(len(writes))
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(writes[i].Key, writes[j].Key) })
	for _, i := range order {
		if t := temps[i]; t == nil || ctx.Err() != nil || !p.put(ctx, writes[i], t) {
			left = append(left, i)
		}
	}
	return left
}

// put gives the file its name, and reports whether it could.
func (p *placer) put(ctx context.Context, w Write, t *tempFile) (done bool) {
	file := waitingFile{t.name, w.Token}
	if w.Token == "" {
		done = p.create(w.Key, file) == nil
	} else {
		done, _ = p.replace(ctx, w.Key, file)
	}
	if done {
		t.name = ""
	}
	return done
}
