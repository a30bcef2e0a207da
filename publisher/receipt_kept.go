package publisher

import (
	"context"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// ReadDecided returns the receipt of an upload or action with this verdict, as a record of
// the channel has it. That of a rejected one is read from rejected/. It fails with
// ErrNotFound if the receipt is not written yet, has been pruned, or cannot be read as one.
func ReadDecided(ctx context.Context, drop bucket.Store, channel, id string, v Verdict) (*Receipt, error) {
	if v == Rejected {
		return readFirst(ctx, drop, channel, rejectedKey(channel, id, requestExt))
	}
	return ReadReceiptIn(ctx, drop, channel, id)
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
