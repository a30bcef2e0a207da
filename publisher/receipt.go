package publisher

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Receipt is the verdict on an upload, for its uploader. It lies in the drop area, which
// is private, so it may say who uploaded and why the upload was refused.
type Receipt struct {
	ID         string    `json:"id"`
	Channel    string    `json:"channel"`
	Verdict    Verdict   `json:"verdict"`
	Rule       string    `json:"rule,omitempty"`    // a stable code
	Message    string    `json:"message,omitempty"` // a sentence: the thing and the rule
	Fix        string    `json:"fix,omitempty"`     // what to do about it
	Chart      string    `json:"chart,omitempty"`
	Version    string    `json:"version,omitempty"`
	Digest     string    `json:"digest,omitempty"`   // SHA-256 of the archive, in hex
	Manifest   string    `json:"manifest,omitempty"` // digest by which the version can be pinned in the registry: sha256:…; "" if it is not known to have one there
	URL        string    `json:"url,omitempty"`      // of the archive, relative to the site; only if the upload was published
	Generation int       `json:"generation"`         // the record that decided it
	Arrival    time.Time `json:"arrival"`
	Decided    time.Time `json:"decided"`
	Warnings   []Warning `json:"warnings,omitempty"`

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

var errNoReceipt = errors.New("not a receipt")

// WriteReceipt writes the receipt of a decided upload, and keeps a refused upload beside
// its receipt. Head must cover the record that decided it. It may be repeated after any
// failure; the first receipt stands. If that belongs to an upload with the same id in
// another channel, this receipt goes into a folder with the channel's name.
func WriteReceipt(ctx context.Context, drop bucket.Store, u *Upload, r *Receipt) error {
	if r.Verdict == Rejected {
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

// first makes a success of the conflict with a writer who was there before.
func first(err error) error {
	if errors.Is(err, bucket.ErrConflict) {
		return nil
	}
	return err
}
