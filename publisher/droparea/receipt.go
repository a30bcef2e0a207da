package droparea

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// Receipt is the verdict on an upload, for its uploader. It lies in the drop area, which
// is private, so it may say who uploaded and why the upload was refused.
type Receipt struct {
	ID         string            `json:"id"`
	Channel    string            `json:"channel"`
	Verdict    verdict.Verdict   `json:"verdict"`
	Rule       string            `json:"rule,omitempty"`    // a stable code
	Message    string            `json:"message,omitempty"` // a sentence: the thing and the rule
	Fix        string            `json:"fix,omitempty"`     // what to do about it
	Chart      string            `json:"chart,omitempty"`
	Version    string            `json:"version,omitempty"`
	Digest     string            `json:"digest,omitempty"`   // SHA-256 of the archive, in hex
	Manifest   string            `json:"manifest,omitempty"` // digest by which the version can be pinned in the registry: sha256:…; "" if it is not known to have one there
	URL        string            `json:"url,omitempty"`      // of the archive, relative to the site; only if the upload was published
	Generation int               `json:"generation"`         // the record that decided it
	Arrival    time.Time         `json:"arrival"`
	Decided    time.Time         `json:"decided"`
	Warnings   []verdict.Warning `json:"warnings,omitempty"`

	// Action is what was asked for, if it was no chart. Then Chart and Version are set
	// if it is about one only.
	Action *action.Request `json:"action,omitempty"`
	About  string          `json:"about,omitempty"` // what that is in a few words, such as "yank web 1.2.3"

	Request *Request `json:"request,omitempty"`
}

func (r *Receipt) object(key string) (bucket.Object, error) {
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return bucket.Object{}, fmt.Errorf("encoding %s: %v", key, err)
	}
	return bucket.Object{Key: key, Body: bucket.Bytes(append(b, '\n')), ContentType: typeJSON, Deferred: true}, nil
}

// ReadReceipt returns the receipt of an upload. It fails with ErrNotFound as long as the
// upload is undecided.
func ReadReceipt(ctx context.Context, drop bucket.Store, id string) (*Receipt, error) {
	return readReceipt(ctx, drop, receiptKey(id))
}

func readReceipt(ctx context.Context, drop bucket.Store, key string) (*Receipt, error) {
	b, _, err := bucket.ReadAll(ctx, drop, key, maxReceipt)
	if err != nil {
		return nil, err
	}
	var r Receipt
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, bucket.About(key, fmt.Errorf("%w: %v", errNoReceipt, err))
	}
	return &r, nil
}

// ReadDecided returns the receipt of an upload or action with this verdict, as a record of
// the channel has it. That of a rejected one is read from rejected/. It fails with
// ErrNotFound if the receipt is not written yet, has been pruned, or cannot be read as one.
func ReadDecided(ctx context.Context, drop bucket.Store, channel, id string, v verdict.Verdict) (*Receipt, error) {
	if v == verdict.Rejected {
		return readFirst(ctx, drop, channel, rejectedKey(channel, id, requestExt))
	}
	return ReadReceiptIn(ctx, drop, channel, id)
}

var errNoReceipt = errors.New("not a receipt")

// WriteReceipt writes the receipt of a decided upload, and keeps a refused upload beside
// its receipt. Head must cover the record that decided it. It may be repeated after any
// failure; the first receipt stands. If that belongs to an upload with the same id in
// another channel, this receipt goes into a folder with the channel's name.
func WriteReceipt(ctx context.Context, drop bucket.Store, u *Upload, r *Receipt) error {
	if r.Verdict == verdict.Rejected {
		if err := keep(ctx, drop, u, r); err != nil {
			return err
		}
	}
	receipt, err := r.object(receiptKey(u.ID))
	if err != nil {
		return err
	}
	err = drop.Create(ctx, receipt)
	if !errors.Is(err, bucket.ErrConflict) {
		return err
	}
	there, err := ReadReceipt(ctx, drop, u.ID)
	switch {
	case errors.Is(err, errNoReceipt):
	case err != nil || there.Channel == u.Channel:
		return err
	}
	receipt.Key = receiptKey(path.Join(u.Channel, u.ID))
	return first(drop.Create(ctx, receipt))
}

// first makes a success of the conflict with a writer who was there before.
func first(err error) error {
	if errors.Is(err, bucket.ErrConflict) {
		return nil
	}
	return err
}
