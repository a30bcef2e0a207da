package publisher

import (
	"context"
	"errors"
	"path"
	"strconv"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

const fixWay = "move it away: portolan cannot write a record in its place, so the channel cannot be published to"

// checkLogEnd makes sure that there is no record after the last one, nor anything in the
// place of the next one, nor a snapshot of a later generation.
func (v *verifier) checkLogEnd(ctx context.Context) error {
	if v.broken {
		return nil
	}
	l, err := v.listLog(ctx)
	if err != nil {
		return err
	}
	snapshot, err := v.newestSnapshot(ctx)
	if err != nil {
		return err
	}
	if max(l.newest, snapshot) > v.result.Generation { // or they have been written since
		if err := v.readLog(ctx); err != nil || v.broken {
			return err
		}
	}
	for _, key := range l.odd {
		if n := recordNumber(v.name, key); n > v.result.Generation {
			v.fault(key, fixWay, "it is not a file, but has the name of a record")
		}
	}
	n, head := v.result.Generation, 0
	if n == 0 || snapshot > n {
		head = v.headGeneration(ctx)
	}
	v.broken = true
	switch {
	case l.newest > n:
		v.fault(recordKey(v.name, n+1), fixLog, "the record is missing, but there are later ones")
	case head > n:
		v.fault(recordKey(v.name, n+1), fixLog, "head says that it is generation %d, but the log ends at %d", head, n)
	case snapshot > n:
		v.fault(recordKey(v.name, n+1), fixLog, "the record is missing, but there is a snapshot of generation %d", snapshot)
	case n == 0:
		v.fault(v.name, "check the channel's name and the site's URL", "there is no such channel")
	default:
		v.broken = false
	}
	return nil
}

// logList is what lies in a log's folder.
type logList struct {
	newest int      // the highest number of a record
	odd    []string // keys of what is not a file
}

// Odd notes what is neither a file nor a folder.
func (l *logList) Odd(key, _ string) { l.odd = append(l.odd, key) }

// Enter notes a folder, which is not listed.
func (l *logList) Enter(dir string) bool {
	l.odd = append(l.odd, dir)
	return false
}

// Unreadable is never called, since no folder is entered.
func (l *logList) Unreadable(string, error) bool { return false }

// listLog lists the log. Only in a local folder can anything but a file be in a record's
// way.
func (v *verifier) listLog(ctx context.Context) (*logList, error) {
	l, folder := &logList{}, path.Join(v.name, logDir)
	entries := v.site.List(ctx, folder, bucket.Children)
	if disk, ok := v.site.(bucket.Folder); ok {
		entries = disk.Walk(ctx, folder, l)
	}
	for e, err := range entries {
		if errors.Is(err, errors.ErrUnsupported) {
			v.unlisted = true // head shows whether it is ahead
			break
		}
		if err != nil {
			return l, v.unreadable(ctx, folder, err)
		}
		if !e.Dir {
			l.newest = max(l.newest, recordNumber(v.name, e.Key))
		}
	}
	return l, nil
}

// newestSnapshot is the highest number of a folder with a snapshot.
func (v *verifier) newestSnapshot(ctx context.Context) (int, error) {
	newest, folder := 0, path.Join(v.name, snapshotsDir)
	for e, err := range v.site.List(ctx, folder, bucket.Children) {
		if errors.Is(err, errors.ErrUnsupported) {
			break
		}
		if err != nil {
			return newest, v.unreadable(ctx, folder, err)
		}
		if n, _ := strconv.Atoi(path.Base(e.Key)); e.Dir && n > 0 && path.Dir(snapshotKey(v.name, n)) == e.Key {
			newest = max(newest, n)
		}
	}
	return newest, nil
}
