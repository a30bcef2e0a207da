package publisher

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// HasChannel reports whether the site has the channel.
func HasChannel(ctx context.Context, site bucket.Store, name string) (bool, error) {
	return (&Channel{Name: name, site: site}).exists(ctx, 1)
}

// Channels finds the channels of a site: the folders that have a log, also those with
// names that were reserved later. It does not look into portolan's own folders, so the
// listing does not grow with the number of charts.
func Channels(ctx context.Context, site bucket.Store) ([]string, error) {
	channels, _, err := (&channelWalk{site: site, enter: mayHoldChannels}).from(ctx, "")
	return channels, err
}

// RootFolders returns the folders in the site's root that may be channels, or hold some.
func RootFolders(ctx context.Context, site bucket.Store) ([]string, error) {
	var folders []string
	for e, err := range site.List(ctx, "", bucket.Children) {
		if err != nil {
			return nil, err
		}
		if e.Dir && mayHoldChannels(e.Key) {
			folders = append(folders, e.Key)
		}
	}
	return folders, nil
}

func mayHoldChannels(folder string) bool { return channelname.CheckOld(folder) == nil }

// channelWalk looks for channels in folders of a site.
type channelWalk struct {
	site   bucket.Store
	enter  func(folder string) bool // whether to look into a folder
	closed bool                     // pass over what may not be read
	heads  bool                     // find those that have lost their log as well
	charts bool                     // find those with charts, be they published or not, instead of those with a log
}

// from finds the channels in these folders and in those below them that it may enter. One
// that has an index and snapshots, or the index of a channel, but no log, has lost it.
func (w *channelWalk) from(ctx context.Context, folders ...string) (channels, lost []string, err error) {
	for len(folders) > 0 {
		folder := folders[0]
		folders = folders[1:]
		has := map[string]bool{}
		for e, err := range w.site.List(ctx, folder, bucket.Children) {
			if w.closed && unreadable(err) {
				break
			}
			if err != nil {
				return nil, nil, err
			}
			has[path.Base(e.Key)] = true
			switch {
			case !e.Dir:
			case folder != "" && path.Base(e.Key) == w.mark():
				channels = append(channels, folder)
			case w.enter(e.Key):
				folders = append(folders, e.Key)
			}
		}
		if isRepository(folder, has) {
			// Beside it lie the repositories of other charts.
			beside := path.Dir(folder) + "/"
			folders = slices.DeleteFunc(folders, func(f string) bool { return strings.HasPrefix(f, beside) })
			continue
		}
		if !w.heads || folder == "" || !has[indexFile] || has[logDir] {
			continue
		}
		gone := has[snapshotsDir]
		if !gone && channelname.Reserved(folder) == nil {
			var err error
			if gone, err = hasOwnHead(ctx, w.site, folder); err != nil {
				return nil, nil, err
			}
		}
		if gone {
			lost = append(lost, folder)
		}
	}
	slices.Sort(channels)
	channels, err = w.withRecords(ctx, channels)
	return channels, lost, err
}

// mark is the folder that makes a channel of the one that it lies in.
func (w *channelWalk) mark() string {
	if w.charts {
		return chartsDir
	}
	return logDir
}

// isRepository reports whether a folder, with these names in it, is a chart's in the
// registry. A channel may have been called v2 before the name was reserved.
func isRepository(folder string, has map[string]bool) bool {
	return strings.HasPrefix(folder, registry.Root+"/") && has["blobs"] && has["manifests"] && !has[logDir]
}

// hasOwnHead reports whether the first line of a folder's index says that it is a channel's
// head. An index for the site's root is not one, and what may not be read says nothing.
func hasOwnHead(ctx context.Context, site bucket.Store, folder string) (bool, error) {
	r, err := site.Get(ctx, headKey(folder))
	if errors.Is(err, bucket.ErrNotFound) || bucket.Barred(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer r.Close()
	line, err := bufio.NewReaderSize(r, maxHeader).ReadSlice('\n')
	if err != nil {
		return false, ctx.Err() // it has no such line
	}
	header, err := decodeHeader(strings.TrimSuffix(string(line), "\n"))
	if err != nil || header.Annotations[channelKey] != "" {
		return false, nil
	}
	_, err = header.generation()
	return err == nil, nil
}

// withRecords leaves out the folders of reserved names that have no record: their log
// is not that of a channel.
func (w *channelWalk) withRecords(ctx context.Context, channels []string) ([]string, error) {
	var kept []string
	for _, name := range channels {
		if channelname.Reserved(name) != nil {
			ours, err := HasChannel(ctx, w.site, name)
			if err != nil && !(w.closed && unreadable(err)) {
				return nil, err
			}
			if !ours {
				continue
			}
		}
		kept = append(kept, name)
	}
	return kept, nil
}

// unreadable reports whether an error means that a folder may not be read.
func unreadable(err error) bool { return bucket.Denied(err) || errors.Is(err, fs.ErrPermission) }
