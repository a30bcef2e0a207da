package publisher

import (
	"context"
	"errors"
	"time"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Head is a channel's index as its readers get it, with the lines of its older index.
type Head struct {
	*Index
	State    *action.State // what actions have made of the channel; nil if nothing, or if it is lost
	Token    string        // of index.yaml in its store; "" if absent
	Size     int64         // bytes of index.yaml, of its older index and of the state
	Modified time.Time     // when index.yaml was written; zero if absent

	state     string // the name of the state's file; "" if absent
	stateSize int64
}

// ReadHead reads the index that a channel's readers see. It fails with ErrNotFound if
// the channel has no index, and with ErrNotOurs if portolan did not write it. If it is
// still the one that was read before, ReadHead returns before and reads only its
// beginning.
func ReadHead(ctx context.Context, site bucket.Store, channel string, before *Head) (*Head, error) {
	key := headKey(channel)
	r, err := site.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if before != nil && r.Entry.Token != "" && r.Entry.Token == before.Token {
		return before, nil
	}
	file, err := readIndexFrom(r, key)
	if err != nil {
		return nil, err
	}
	index, err := parseIndex(file.text)
	if err != nil {
		return nil, bucket.About(key, err)
	}
	more, err := readOlder(ctx, site, channel, index)
	if err != nil {
		return nil, olderLost(err)
	}
	h := &Head{Index: index, Token: r.Entry.Token, Size: int64(len(file.text)) + more, Modified: r.Entry.Modified}
	return h, h.readState(ctx, site, channel, before)
}

// readState reads the state that the index names, unless that is the one that was read
// before. Without it, the channel can still be read: see [Head.Listed].
func (h *Head) readState(ctx context.Context, site bucket.Store, channel string, before *Head) error {
	header, err := h.Header()
	if err != nil || header.State == "" {
		return err
	}
	if h.state = header.State; stateGeneration(h.state) == 0 {
		return nil // no record says so
	}
	if before != nil && before.state == h.state && before.State != nil {
		h.State, h.stateSize = before.State, before.stateSize
		h.Size += h.stateSize
		return nil
	}
	b, _, err := bucket.ReadAll(ctx, site, stateKey(channel, h.state), action.MaxState)
	if errors.Is(err, bucket.ErrNotFound) || errors.Is(err, bucket.ErrTooLarge) {
		return nil
	}
	if err != nil {
		return err
	}
	if state, err := action.ParseState(b); err == nil {
		h.State, h.stateSize = state, int64(len(b))
		h.Size += h.stateSize
	}
	return nil
}

// Listed returns the lines of a chart's versions that are not yanked, also those that head
// leaves out so that it stays small. If the state is lost, which would tell them apart, it
// returns those in head. The caller must not change the slice.
func (h *Head) Listed(chart string) []string {
	if h.state != "" && h.State == nil {
		return h.HeadLines(chart)
	}
	return h.listed(chart, h.State)
}

// EmptyHead is the head of an empty channel, in a form that Helm accepts: it can be
// added as a repository, and says where to push charts to.
func EmptyHead() *Head {
	header, err := Header{Generated: time.Unix(0, 0).UTC()}.line()
	if err != nil {
		panic(err) // cannot happen: the header is a constant
	}
	return &Head{Index: &Index{header: header}}
}
