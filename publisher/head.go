package publisher

import (
	"context"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Head is a channel's index as its readers get it, with the lines of its older index.
type Head struct {
	*Index
	Token    string    // of index.yaml in its store; "" if absent
	Size     int64     // bytes of index.yaml and of its older index
	Modified time.Time // when index.yaml was written; zero if absent
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
	return &Head{index, r.Entry.Token, int64(len(file.text)) + more, r.Entry.Modified}, nil
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
