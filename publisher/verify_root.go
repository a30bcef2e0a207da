package publisher

import (
	"context"
	"errors"
	"fmt"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// fixRoot says how the index in the site's root becomes what the log says, or the reverse.
func (v *verifier) fixRoot() string {
	return fmt.Sprintf("'portolan generate --channel %s' writes it again if portolan.yaml says 'rootChannel: %s', and otherwise notes in the log that the site's root does not show the channel; "+
		"add --replace-root to take the place of another file", v.name, v.name)
}

// checkRoot compares the index in the site's root with the log, if it shows the channel or
// the log says so. It is written before head, so it may be newer than that, but not older;
// a generation that was committed a moment ago gets some time to reach it.
func (v *verifier) checkRoot(ctx context.Context) error {
	header, err := v.index.Header()
	listed := err == nil && header.Root // the log says that it shows the channel
	switch {
	case v.broken || !listed && v.atRoot != v.name:
		return nil
	case v.rootErr != nil:
		return v.unreadable(ctx, rootKey, v.rootErr)
	case v.atRoot != v.name && v.atRoot != "":
		return nil // it was given to another channel, which is verified for itself
	}
	committed := v.shown
	for look, pause := 1, firstLook; ; look, pause = look+1, 2*pause {
		file, err := readIndex(ctx, v.site, rootKey)
		if err != nil && !errors.Is(err, bucket.ErrNotFound) {
			return v.unreadable(ctx, rootKey, err)
		}
		if err := v.readLog(ctx); err != nil { // after the file, which is written after its record
			return err
		}
		covered, seen, err := v.rootCovers(file)
		if err != nil || covered >= committed {
			return err
		}
		recent := covered >= 0 && v.Now().Sub(v.snapshots[covered].time) < moment
		if recent && v.unlisted {
			return nil // it may come from a cache
		}
		if !recent || look == looks {
			v.fault(rootKey, v.fixRoot(), "%s", seen)
			return nil
		}
		if err := v.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// rootCovers returns how many of the snapshots the index in the site's root covers, as
// generationsIn does, and what is wrong with it if these are too few. If there is no such
// file, it may have been asked for a moment ago.
func (v *verifier) rootCovers(file *indexText) (covered int, seen string, err error) {
	if file == nil {
		return len(v.snapshots) - 1, fmt.Sprintf("it is missing, but the log says that it shows channel %s", v.name), nil
	}
	sum := sumLater(file.text)
	index, err := parseIndex(file.text)
	if err != nil {
		return -1, fmt.Sprintf("portolan did not write it, but the log says that it shows channel %s", v.name), nil
	}
	covered, right, err := v.provesRoot(index, sum())
	if err != nil {
		return 0, "", err
	}
	if !right {
		return -1, fmt.Sprintf("its %d bytes with the SHA-256 %s are not those of any generation in the log of channel %s", len(file.text), sum(), v.name), nil
	}
	newest := v.snapshots[len(v.snapshots)-1].generation
	return covered, fmt.Sprintf("it is generation %d of channel %s, but generation %d is committed", v.snapshots[covered-1].generation, v.name, newest), nil
}

// provesRoot finds the generation whose head an index in the site's root shows, and
// reports whether its SHA-256 is the right one for that.
func (v *verifier) provesRoot(x *Index, sum string) (covered int, right bool, err error) {
	head, err := x.fromRoot(v.name)
	if err != nil {
		return 0, false, nil
	}
	headSum, _, err := head.sum("")
	if err != nil {
		return 0, false, err
	}
	again, _, err := head.atRoot(v.name).sum(v.name + "/")
	covered = v.generationsIn(headSum)
	return covered, covered > 0 && again == sum, err
}
