package droparea

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
)

// Ask puts a request for an action into a channel's inbox under the id, which must be new
// (see [NewID]). When it returns nil, the request is durable. After an error, it may be in
// the inbox or not; it may be repeated with a new id, since an action that is decided twice
// changes nothing the second time. It fails with action.ErrTooLarge if the request must be
// divided.
func Ask(ctx context.Context, drop bucket.Store, channel, id string, r action.Request) error {
	if err := channelname.Check(channel); err != nil {
		return err
	}
	if err := r.Check(); err != nil {
		return err
	}
	key := inboxKey(channel, id, actionExt)
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding %s: %v", key, err)
	}
	if len(b) > action.MaxRequest {
		return action.ErrTooLarge
	}
	err = drop.Create(ctx, bucket.Object{Key: key, Body: bucket.Bytes(b), ContentType: typeJSON})
	if err != nil {
		return submitted(ctx, drop, id, err)
	}
	return nil
}

// ReadAction returns what an action asks for. Its fault is not that of the store: it is in
// the second result. It fails with ErrNotFound if another generator has taken it.
func ReadAction(ctx context.Context, drop bucket.Store, u *Upload) (r action.Request, fault, err error) {
	b, _, err := bucket.ReadAll(ctx, drop, u.Action.Key, action.MaxRequest)
	if errors.Is(err, bucket.ErrTooLarge) {
		return r, fmt.Errorf("it has more than %d bytes", action.MaxRequest), nil
	}
	if err != nil {
		return r, nil, err
	}
	r, fault = action.Parse(b)
	return r, fault, nil
}
