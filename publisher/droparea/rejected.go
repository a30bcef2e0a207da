package droparea

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// keep copies a refused upload to where refused uploads are kept, or the beginning of
// what is too large for that.
func keep(ctx context.Context, drop bucket.Store, u *Upload, r *Receipt) error {
	receipt, err := r.object(rejectedKey(u.Channel, u.ID, requestExt))
	if err != nil {
		return err
	}
	objects := []bucket.Object{receipt}
	if u.Prov != nil {
		objects = append(objects, bucket.Object{Key: rejectedKey(u.Channel, u.ID, provExt), Body: u.head(ctx, drop, u.Prov), Deferred: true})
	}
	if u.Chart != nil {
		objects = append(objects, bucket.Object{Key: rejectedKey(u.Channel, u.ID, chartExt), Body: u.head(ctx, drop, u.Chart), Deferred: true})
	}
	if u.Action != nil {
		objects = append(objects, bucket.Object{Key: rejectedKey(u.Channel, u.ID, actionExt), Body: u.head(ctx, drop, u.Action), Deferred: true})
	}
	for _, o := range objects {
		err := first(drop.Create(ctx, o))
		if errors.Is(err, bucket.ErrNotFound) {
			continue // another generator has kept it, and deleted it from the inbox
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const (
	// maxKept is how large a file of a refused upload can be to be kept whole, in
	// bytes: as large as the largest archive that a channel can be set to accept.
	maxKept = 100 << 20

	// keptHead is how much is kept of a larger one.
	keptHead = 1 << 20
)

// head is the content of a refused file as it is kept.
func (u *Upload) head(ctx context.Context, drop bucket.Store, e *bucket.Entry) bucket.Body {
	return func(w io.Writer) error {
		r, err := drop.Get(ctx, e.Key)
		if err != nil {
			return err
		}
		defer r.Close()
		if u.foreign != nil && r.Entry.Token != e.Token {
			return bucket.About(e.Key, bucket.ErrNotFound) // somebody has overwritten it
		}
		most := int64(maxKept)
		if r.Entry.Size > maxKept {
			most = keptHead
		}
		_, err = io.Copy(w, io.LimitReader(r, most))
		return err
	}
}

// KeptPart says what is kept of the upload if it is refused; "" if that is all of it.
func (u *Upload) KeptPart() string {
	for _, e := range []*bucket.Entry{u.Chart, u.Prov} {
		if e != nil && e.Size > maxKept {
			return fmt.Sprintf("of its %s, the first %s are kept", humanize.IBytes(uint64(e.Size)), humanize.IBytes(keptHead))
		}
	}
	return ""
}

// CountRejected returns how many uploads and actions of each channel were rejected since
// then, as far as they are kept. It lists rejected/ and reads nothing.
func CountRejected(ctx context.Context, drop bucket.Store, since time.Time) (map[string]int, error) {
	n := map[string]int{}
	for e, err := range drop.List(ctx, rejectedDir, bucket.Descendants) {
		if err != nil {
			return nil, err
		}
		if receipt := strings.HasSuffix(e.Key, requestExt) && !strings.HasSuffix(e.Key, actionExt); receipt && !e.Modified.Before(since) {
			n[path.Dir(strings.TrimPrefix(e.Key, rejectedDir+"/"))]++
		}
	}
	return n, nil
}

// RemoveRejected removes the refused uploads of a channel whose receipts are wanted, and
// returns the keys of their files in order. It takes as many uploads at a time as there are
// workers. If dry is set, it removes nothing. What is not an upload, or has no receipt that
// can be read, stays.
func RemoveRejected(ctx context.Context, drop bucket.Store, channel string, workers int, dry bool, wanted func(*Receipt) bool) (removed []string, err error) {
	files := map[string][]string{} // by upload
	for e, err := range drop.List(ctx, path.Join(rejectedDir, channel), bucket.Children) {
		if err != nil {
			return nil, err
		}
		if id, _, _ := strings.Cut(path.Base(e.Key), "."); IsID(id) && !e.Dir {
			files[id] = append(files[id], e.Key)
		}
	}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for id, keys := range files {
		group.Go(func() error {
			r, err := readReceipt(ctx, drop, rejectedKey(channel, id, requestExt))
			switch {
			case errors.Is(err, bucket.ErrNotFound), errors.Is(err, bucket.ErrTooLarge), errors.Is(err, errNoReceipt):
				return nil
			case err != nil:
				return err
			case r.Action != nil || !wanted(r):
				return nil
			}
			if !dry {
				if err := removeKept(ctx, drop, keys); err != nil {
					return err
				}
			}
			mu.Lock()
			defer mu.Unlock()
			removed = append(removed, keys...)
			return nil
		})
	}
	err = group.Wait()
	slices.Sort(removed)
	return removed, err
}

// removeKept removes the files of a refused upload, the receipt last.
func removeKept(ctx context.Context, drop bucket.Store, keys []string) error {
	receipt := func(key string) bool { return strings.HasSuffix(key, requestExt) }
	for _, last := range []bool{false, true} {
		some := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return receipt(key) != last })
		if err := errors.Join(bucket.DeleteAll(ctx, drop, 1, some)...); err != nil {
			return err
		}
	}
	return nil
}
