package droparea

import (
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// The files of a push to the registry come one by one, and their manifest last. Until
// then they wait in the drop area, where every shim finds them, in a folder for each hour:
//
//	pushed/<hour>/<repository>/<SHA-256>
//
// The hour makes the time that they wait certain. If it were the object's age, somebody
// could be told that a file is there a moment before it goes: to write the same bytes
// again changes nothing, and so makes nothing younger.

// PushedWait is how long the file of a push waits for its manifest at least.
const PushedWait = time.Hour

const (
	hourFormat = "2006-01-02T15" // UTC

	// pushedSkew is how far the clocks of two shims may be apart.
	pushedSkew = 5 * time.Minute
)

// pushedKey is not cleaned: no store takes one that leads elsewhere.
func pushedKey(hour, repository, sha256 string) string {
	return strings.Join([]string{pushedDir, hour, repository, sha256}, "/")
}

// pushedHours are the hours in whose folders a file may wait that is still good.
func pushedHours(now time.Time) []string {
	var hours []string
	for _, t := range []time.Time{now, now.Add(-PushedWait), now.Add(pushedSkew)} {
		if hour := t.UTC().Format(hourFormat); !slices.Contains(hours, hour) {
			hours = append(hours, hour)
		}
	}
	return hours
}

// KeepPushed keeps a file of a push until its manifest comes. The caller has made sure
// that its SHA-256 is this one. So what somebody else has put in its place is replaced.
func KeepPushed(ctx context.Context, drop bucket.Store, repository, sha256 string, body bucket.Body, now time.Time) error {
	o := bucket.Object{Key: pushedKey(now.UTC().Format(hourFormat), repository, sha256), Body: body, ContentType: typeUnknown}
	err := drop.Create(ctx, o)
	if errors.Is(err, bucket.ErrConflict) {
		_, err = bucket.Restore(ctx, drop, o, false)
	}
	return err
}

// OpenPushed opens a file that [KeepPushed] has kept. It fails with ErrNotFound if that is
// absent or too old. The drop area is not trusted: whoever reads the file must compare its
// SHA-256.
func OpenPushed(ctx context.Context, drop bucket.Store, repository, sha256 string, now time.Time) (*bucket.Reader, error) {
	var err error
	for _, hour := range pushedHours(now) {
		var r *bucket.Reader
		if r, err = drop.Get(ctx, pushedKey(hour, repository, sha256)); err == nil || !errors.Is(err, bucket.ErrNotFound) {
			return r, err
		}
	}
	return nil, err
}

// RemovePushed removes the files of pushes whose time is over. Their manifest has named
// them, or will not come any more. Of a folder that is not for an hour, or for one that is
// far away, it removes what is old. It calls removed with the size of each. If dry is set,
// it removes nothing.
func RemovePushed(ctx context.Context, drop bucket.Store, now time.Time, dry bool, removed func(size int64)) error {
	for hour, err := range drop.List(ctx, pushedDir, bucket.Children) {
		if err == nil {
			if over := pushedOver(hour.Key, now); over != nil {
				err = removeHour(ctx, drop, hour.Key, over, dry, removed)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// removeHour removes what is over in an hour's folder, and the folder where there are some.
func removeHour(ctx context.Context, drop bucket.Store, hour string, over func(bucket.Entry) bool, dry bool, removed func(size int64)) error {
	var keys []string
	var sizes []int64
	folders := map[string]bool{hour: true}
	for e, err := range drop.List(ctx, hour, bucket.Descendants) {
		if err != nil {
			return err
		}
		if !over(e) {
			continue
		}
		keys, sizes = append(keys, e.Key), append(sizes, e.Size)
		for dir := path.Dir(e.Key); dir != hour && dir != "."; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	if !dry {
		if err := errors.Join(bucket.DeleteAll(ctx, drop, pushedRemovals, keys)...); err != nil {
			return err
		}
	}
	for _, size := range sizes {
		removed(size)
	}
	if disk, ok := drop.(bucket.Folder); ok && !dry {
		for _, dir := range slices.Backward(slices.Sorted(maps.Keys(folders))) { // those within others first
			disk.RemoveEmpty(dir)
		}
	}
	return nil
}

// pushedRemovals is how many files are removed at the same time, where the store cannot
// remove many with one request.
const pushedRemovals = 4

// pushedFar is how far from now an hour may be to come.
const pushedFar = 24 * time.Hour

// pushedOver says which of the files in an hour's folder no shim takes for good any more;
// nil if it takes all.
//
// An hour that is far away, or none, is a stranger's or that of a clock which is wrong. It
// may be the clock of this machine: so the store's says how old such a file is. If this
// one is slow, nothing is old.
func pushedOver(folder string, now time.Time) func(bucket.Entry) bool {
	began, err := time.Parse(hourFormat, path.Base(folder))
	switch {
	case err != nil || began.Sub(now) > pushedFar:
		return func(e bucket.Entry) bool { return now.Sub(e.Modified) > pushedFar }
	case now.Sub(began) > 3*PushedWait:
		return func(bucket.Entry) bool { return true }
	}
	return nil
}
