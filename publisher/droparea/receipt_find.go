package droparea

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// ErrHidden is reported of an upload that may or may not be there: those who may not read the
// inbox, or not list it on S3, cannot tell.
var ErrHidden = errors.New("it may wait where this program may not look")

// FindReceipt returns the receipt of a channel's upload or action, or nil while that waits
// in the inbox. It fails with ErrNotFound if nothing with this id is in either place: it
// never arrived there, or its receipt has been removed; and with ErrHidden if it cannot tell.
func FindReceipt(ctx context.Context, drop bucket.Store, channel, id string) (*Receipt, error) {
	r, err := ReadReceiptIn(ctx, drop, channel, id)
	if !errors.Is(err, bucket.ErrNotFound) && !bucket.Denied(err) { // S3 denies what is missing to those who may not list
		return r, err
	}
	waits, err := isWaiting(ctx, drop, channel, id)
	if !waits && err == nil {
		// It may have been decided meanwhile: the receipt is there before the inbox is cleaned.
		r, err = ReadReceiptIn(ctx, drop, channel, id)
	}
	if bucket.Barred(err) {
		return nil, fmt.Errorf("%w: %w", ErrHidden, err)
	}
	return r, err
}

// ReadReceiptIn is like ReadReceipt, but does not take the receipt of another channel's
// upload that has the same id.
func ReadReceiptIn(ctx context.Context, drop bucket.Store, channel, id string) (*Receipt, error) {
	return readFirst(ctx, drop, channel, receiptKey(id), receiptKey(path.Join(channel, id))) // see WriteReceipt
}

// readFirst returns the channel's own among the receipts under these keys.
func readFirst(ctx context.Context, drop bucket.Store, channel string, keys ...string) (*Receipt, error) {
	for _, key := range keys {
		r, err := readReceipt(ctx, drop, key)
		if errors.Is(err, errNoReceipt) || errors.Is(err, bucket.ErrTooLarge) {
			continue
		}
		if err != nil || r.Channel == channel {
			return r, err
		}
	}
	return nil, bucket.About(keys[len(keys)-1], bucket.ErrNotFound)
}

// isWaiting reports whether an upload or action lies in a channel's inbox under its id.
//
// A request without its chart counts, too, although it may be what is left of an upload
// that broke off. To open a chart that waits is dear: the store begins to send it, and
// somebody may ask again and again. So the chart is looked for last: it is there without a
// request only if somebody gave it an id with their cloud's client.
func isWaiting(ctx context.Context, drop bucket.Store, channel, id string) (bool, error) {
	for _, ext := range []string{requestExt, actionExt, provExt, chartExt} {
		r, err := drop.Get(ctx, inboxKey(channel, id, ext))
		if err == nil {
			return true, r.Close()
		}
		if !errors.Is(err, bucket.ErrNotFound) {
			return false, err
		}
	}
	return false, nil
}
