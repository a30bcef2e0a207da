package publisher

import (
	"context"
	"path"
	"strings"
	"time"

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
