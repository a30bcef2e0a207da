package publisher

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// headLag is the longest time from a record to its head, if nothing goes wrong.
const headLag = 10 * time.Second

// checkEnd makes sure that the newest record is the last one, if head is not what it
// should be: then something was lost, and perhaps a record too. A new record in its
// place would fork the log forever.
func (c *Channel) checkEnd(ctx context.Context) error {
	if c.head.generation > 0 && !c.head.late && len(c.behind) == 0 {
		return nil // the log ends at the first number that is missing
	}
	return c.compareEnd(ctx)
}

// compareEnd makes sure that no listed record is newer than the newest one.
func (c *Channel) compareEnd(ctx context.Context) error {
	for {
		listed, err := c.listedNewest(ctx)
		number := c.Generation()
		if err != nil || listed <= number {
			return err
		}
		// Either the record was committed a moment ago, or there is a hole before it.
		if err := c.Refresh(ctx); err != nil {
			return err
		}
		if c.Generation() == number {
			return c.hole(listed)
		}
	}
}

// listedNewest is the highest number in a listing of the log.
func (c *Channel) listedNewest(ctx context.Context) (int, error) {
	newest, folder := 0, path.Join(c.Name, logDir)
	for e, err := range c.site.List(ctx, folder, bucket.Children) {
		if errors.Is(err, errors.ErrUnsupported) { // a web site, in which nobody commits
			return 0, nil
		}
		if errors.Is(err, bucket.ErrNoBucket) { // GCS reports this for listings only
			return 0, err
		}
		if err != nil {
			return 0, fmt.Errorf("something of channel %s was lost, so its log must be listed to see whether it is complete; "+
				"let portolan list the site, or restore %s: %w", c.Name, headKey(c.Name), err)
		}
		if !e.Dir {
			newest = max(newest, recordNumber(c.Name, e.Key))
		}
	}
	return newest, nil
}

// maxGeneration is more than any log has records.
const maxGeneration = 1 << 40

// findNewest returns the number of the newest record, which is there or a later one.
// Numbers have no gaps, so it doubles its steps until it is past the end, and then halves
// them. It does not list, because a listing may be stale and a get is not.
func (c *Channel) findNewest(ctx context.Context, there int) (int, error) {
	step := 1
	for {
		ok, err := c.exists(ctx, there+step)
		if err != nil {
			return 0, err
		}
		if !ok {
			break
		}
		there += step
		step *= 2
		if there > maxGeneration {
			return 0, bucket.About(recordKey(c.Name, there), errors.New("the server seems to have any file that it is asked for; make it answer 404 for those that it does not have"))
		}
	}
	for missing := there + step; missing-there > 1; {
		middle := there + (missing-there)/2
		ok, err := c.exists(ctx, middle)
		if err != nil {
			return 0, err
		}
		if ok {
			there = middle
		} else {
			missing = middle
		}
	}
	return there, nil
}

func (c *Channel) exists(ctx context.Context, number int) (bool, error) {
	r, err := c.site.Get(ctx, recordKey(c.Name, number))
	if errors.Is(err, bucket.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, r.Close()
}

// recordNumber is the generation of a channel's record, by its key; 0 if the key is not
// that of a record.
func recordNumber(channel, key string) int {
	name, ok := strings.CutPrefix(key, channel+"/"+logDir+"/")
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSuffix(name, ".json"))
	if err != nil || n < 1 || key != recordKey(channel, n) {
		return 0
	}
	return n
}
