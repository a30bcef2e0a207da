package publisher

import (
	"context"
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// removeRejected removes refused uploads of the version from the drop area, and those of the
// same archive whatever they claim to be: their receipts say what they are. The receipts
// that uploaders ask for stay.
func (t *takedown) removeRejected(ctx context.Context) error {
	if t.Drop == nil {
		return nil
	}
	files := map[string][]string{} // by upload
	for e, err := range t.Drop.List(ctx, path.Join(rejectedDir, t.Channel), bucket.Children) {
		if err != nil {
			return err
		}
		id, _, _ := strings.Cut(path.Base(e.Key), ".")
		if _, ours := parseID(id); ours && !e.Dir {
			files[id] = append(files[id], e.Key)
		}
	}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(t.Workers)
	for id, keys := range files {
		group.Go(func() error {
			refused, err := t.refused(ctx, id)
			if err != nil || !refused {
				return err
			}
			if err := t.removeKept(ctx, keys); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			t.report.Rejected = append(t.report.Rejected, keys...)
			return nil
		})
	}
	err := group.Wait()
	slices.Sort(t.report.Rejected)
	return err
}

// refused reports whether a refused upload is one of what was taken down.
func (t *takedown) refused(ctx context.Context, id string) (bool, error) {
	b, _, err := bucket.ReadAll(ctx, t.Drop, rejectedKey(t.Channel, id, requestExt), maxReceipt)
	if errors.Is(err, bucket.ErrNotFound) || errors.Is(err, bucket.ErrTooLarge) {
		return false, nil
	}
	var r Receipt
	if err != nil || json.Unmarshal(b, &r) != nil || r.Action != nil {
		return false, err
	}
	if r.Chart == "" && r.Request != nil && r.Request.File == t.Chart+"-"+t.Version+chartExt {
		return true, nil // nobody could read more of it than its name
	}
	return (version{r.Chart, r.Version}) == t.at || t.isGone(r.Digest, ""), nil
}

// removeKept removes the files of a refused upload, the receipt last.
func (t *takedown) removeKept(ctx context.Context, keys []string) error {
	if t.DryRun {
		return nil
	}
	receipt := func(key string) bool { return strings.HasSuffix(key, requestExt) }
	for _, last := range []bool{false, true} {
		some := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return receipt(key) != last })
		if err := errors.Join(bucket.DeleteAll(ctx, t.Drop, 1, some)...); err != nil {
			return err
		}
	}
	return nil
}

// findCopies looks in the other channels for archives of the version whose digest or
// fingerprint is that of what was taken down: also for those that were replaced, are left
// out of lists, or are not published yet. What has the same content has the same Chart.yaml,
// so its name and version.
func (t *takedown) findCopies(ctx context.Context) error {
	walk := channelWalk{site: t.site, enter: mayHoldChannels, charts: true} // it may not have a log yet
	channels, _, err := walk.from(ctx, "")
	if err != nil {
		return err
	}
	for _, name := range channels {
		if name == t.Channel {
			continue
		}
		_, folders, err := t.listFiles(ctx, name)
		if err != nil {
			return err
		}
		for _, f := range folders {
			digest, print, err := t.contentOf(ctx, name, f.upload)
			if err != nil {
				return err
			}
			if t.isGone(digest, print) {
				key := path.Join(name, ReleaseURL(t.Chart, t.Version, f.upload))
				t.report.Copies = append(t.report.Copies, Copy{name, key, digest, slices.Contains(t.report.Contents, digest)})
			}
		}
	}
	return nil
}
