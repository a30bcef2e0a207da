package droparea

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/registry"
)

const (
	// MaxRequest bounds the JSON beside an upload, in bytes.
	MaxRequest = 64<<10 + registry.MaxTexts

	// maxReceipt bounds a receipt, in bytes. Warnings are bounded by those of an archive;
	// the request for an action is indented in it, and some of its characters are escaped.
	maxReceipt = 8 * action.MaxRequest
)

// Request is what an uploader says about an upload, in the JSON file beside it. The drop
// area is not trusted, so it is only a claim: anyone who may write to the bucket may
// claim anything.
type Request struct {
	File       string            `json:"file,omitempty"`       // what the uploader called the archive
	Force      bool              `json:"force,omitempty"`      // replace a published version even under duplicates: reject
	Provenance bool              `json:"provenance,omitempty"` // a provenance file was written with the chart
	RequestID  string            `json:"requestID,omitempty"`
	Uploader   map[string]string `json:"uploader,omitempty"` // who: user, token id, address, job, …
	Digest     string            `json:"digest,omitempty"`   // SHA-256 of the archive, in hex

	// Created is when the chart was published in the repository that it is imported
	// from. Only 'portolan import' sets it. Decisions do not depend on it: a made-up
	// time is only a wrong date in the index.
	Created time.Time `json:"created,omitzero"`

	// Manifest and Config are the chart's manifest and its config, byte for byte, as they
	// were pushed to a registry or lie in another one. Both are "" or neither.
	Manifest string `json:"manifest,omitempty"`
	Config   string `json:"config,omitempty"`

	// Err is set if the file exists but is not a request. Then all else is zero.
	Err error `json:"-"`
}

func (r Request) object(key string) (bucket.Object, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return bucket.Object{}, fmt.Errorf("encoding %s: %v", key, err)
	}
	if len(b) > MaxRequest {
		return bucket.Object{}, fmt.Errorf("%s would have %d bytes, but no generator reads more than %d: its manifest or config is too long", key, len(b), MaxRequest)
	}
	return bucket.Object{Key: key, Body: bucket.Bytes(b), ContentType: typeJSON}, nil
}

// Submission is what is uploaded: a chart archive, its provenance file, or both.
type Submission struct {
	Chart   bucket.Body // nil if absent
	Prov    bucket.Body // nil if absent
	Request Request
}

// Submit puts an upload into a channel's inbox under the id, which must be new (see
// [NewID]). It writes the chart last, so that no generator takes it without its request
// and provenance file. When Submit returns nil, the upload is durable. After an error,
// the upload may be in the inbox or not; repeat it with a new id, since another upload of
// the same content does no harm.
func Submit(ctx context.Context, drop bucket.Store, channel, id string, s Submission) error {
	if err := channelname.Check(channel); err != nil {
		return err
	}
	s.Request.Provenance = s.Prov != nil && s.Chart != nil
	u := &Upload{ID: id, Channel: channel}
	request, err := s.Request.object(u.key(requestExt))
	if err != nil {
		return err
	}
	objects := []bucket.Object{request}
	if s.Prov != nil {
		objects = append(objects, bucket.Object{Key: u.key(provExt), Body: s.Prov, ContentType: typeText})
	}
	if s.Chart != nil {
		objects = append(objects, bucket.Object{Key: u.key(chartExt), Body: s.Chart, ContentType: typeChart})
	}
	for _, o := range objects {
		if err := drop.Create(ctx, o); err != nil {
			return submitted(ctx, drop, id, err)
		}
	}
	return nil
}

// submitted turns a failed write of an upload into a success if the upload is decided:
// then the write did take effect, and the object was already removed from the inbox when
// the store looked for it.
func submitted(ctx context.Context, drop bucket.Store, id string, failure error) error {
	if _, err := ReadReceipt(ctx, drop, id); err == nil {
		return nil
	}
	return failure
}

// ReadRequest returns what the uploader said about the upload. It returns the zero
// Request if there is no request file, and one with only Err set if the file is not a
// request. If the request announces a provenance file that the listing did not show, the
// upload has one from then on, though it may turn out to be missing.
func ReadRequest(ctx context.Context, drop bucket.Store, u *Upload) (Request, error) {
	if u.foreign != nil {
		return u.foreign.readRequest(ctx, drop)
	}
	r, err := readRequest(ctx, drop, u.key(requestExt))
	if r.Provenance && u.Prov == nil {
		u.Prov = &bucket.Entry{Key: u.key(provExt)}
	}
	return r, err
}

func readRequest(ctx context.Context, drop bucket.Store, key string) (Request, error) {
	b, _, err := bucket.ReadAll(ctx, drop, key, MaxRequest)
	var r Request
	if err == nil {
		err = json.Unmarshal(b, &r)
	} else if !errors.Is(err, bucket.ErrTooLarge) {
		if errors.Is(err, bucket.ErrNotFound) {
			err = nil
		}
		return Request{}, err
	}
	if err != nil {
		return Request{Err: err}, nil
	}
	return r, nil
}
