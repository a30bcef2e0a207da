package publisher

import (
	"errors"
	"fmt"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// fixLog says what to do about a log that is damaged or incomplete.
const fixLog = "restore the channel's log folder from a copy: nothing else can take its place"

// damaged adds to the error of a record what to do about it.
func damaged(key string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errNewerFormat):
		return bucket.About(key, err)
	}
	return bucket.About(key, fmt.Errorf("%w: %s", err, fixLog))
}

// incomplete replaces the server's error for a missing record before the end of the log
// by what to do about it.
func incomplete(err error) error {
	missing := (*bucket.KeyError)(nil)
	if errors.Is(err, bucket.ErrNotFound) && errors.As(err, &missing) {
		return bucket.About(missing.Key, fmt.Errorf("%w, but there are later records: %s", bucket.ErrNotFound, fixLog))
	}
	return err
}

// hole is the error that the record after the newest one is missing, while the listed
// one exists.
func (c *Channel) hole(listed int) error { return holeBefore(c.Name, c.Generation()+1, listed) }

func holeBefore(channel string, missing, listed int) error {
	return bucket.About(recordKey(channel, missing),
		fmt.Errorf("the record is missing, but there are later ones, up to %08d: %s", listed, fixLog))
}
