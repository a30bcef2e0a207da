package publisher

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// maxChannel is the longest channel name, in bytes. It leaves room for chart,
// version and upload in a key of at most 1,024.
const maxChannel = 255

var (
	segmentRE = regexp.MustCompile(`^[a-zA-Z0-9]+([._-][a-zA-Z0-9]+)*$`)

	// Names of portolan's own folders, which no segment of a channel may have.
	ownSegments = []string{chartsDir, logDir, snapshotsDir, "api", assetsDir}

	// Endings of the files that portolan writes. By them a web server tells a
	// file from a channel.
	ownEndings = []string{".tgz", ".prov", ".html", ".yaml", ".json", ".xml", ".svg", ".txt", ".css", ".js"}
)

// CheckChannel returns an error if name cannot be the name of a channel. The error is a
// [*ReservedError] if it could be one in the past.
func CheckChannel(name string) error {
	if err := CheckOldChannel(name); err != nil {
		return err
	}
	if segment := reservedSegment(name); segment != "" {
		return &ReservedError{Channel: name, Segment: segment}
	}
	return nil
}

// CheckOldChannel is [CheckChannel] for a channel that may be on the site already: it
// allows names that were reserved later.
func CheckOldChannel(name string) error {
	if name == "" {
		return fmt.Errorf("channel name is empty")
	}
	if len(name) > maxChannel {
		return fmt.Errorf("channel %.40q… is longer than %d characters", name, maxChannel)
	}
	for segment := range strings.SplitSeq(name, "/") {
		if !segmentRE.MatchString(segment) {
			return fmt.Errorf("channel %q: segment %q must be letters and digits, joined by single '.', '-' or '_'", name, segment)
		}
		lower := strings.ToLower(segment)
		if slices.Contains(ownSegments, lower) {
			return fmt.Errorf("channel %q: segment %q is a folder of portolan's own", name, segment)
		}
		for _, ending := range ownEndings {
			if strings.HasSuffix(lower, ending) {
				return fmt.Errorf("channel %q: segment %q ends like a file that portolan writes (%s)", name, segment, ending)
			}
		}
	}
	return nil
}

// HasChannel reports whether the site has the channel.
func HasChannel(ctx context.Context, site bucket.Store, name string) (bool, error) {
	return (&Channel{Name: name, site: site}).exists(ctx, 1)
}

// Channels finds the channels of a site: the folders that have a log, also those with
// names that were reserved later. It does not look into portolan's own folders, so the
// listing does not grow with the number of charts.
func Channels(ctx context.Context, site bucket.Store) ([]string, error) {
	channels, _, err := walkChannels(ctx, site, func(folder string) bool { return CheckOldChannel(folder) == nil })
	return channels, err
}

// walkChannels finds the channels in the root and in the folders that it may enter. Those
// that have an index and snapshots, but no log, have lost it.
func walkChannels(ctx context.Context, site bucket.Store, enter func(folder string) bool) (channels, lost []string, err error) {
	folders := []string{""}
	for len(folders) > 0 {
		folder := folders[0]
		folders = folders[1:]
		has := map[string]bool{}
		for e, err := range site.List(ctx, folder, bucket.Children) {
			if err != nil {
				return nil, nil, err
			}
			has[path.Base(e.Key)] = true
			switch {
			case !e.Dir:
			case folder != "" && path.Base(e.Key) == logDir:
				channels = append(channels, folder)
			case enter(e.Key):
				folders = append(folders, e.Key)
			}
		}
		if folder != "" && has[indexFile] && has[snapshotsDir] && !has[logDir] {
			lost = append(lost, folder)
		}
	}
	slices.Sort(channels)
	channels, err = withRecords(ctx, site, channels)
	return channels, lost, err
}

// withRecords leaves out the folders of reserved names that have no record: their log
// is not that of a channel.
func withRecords(ctx context.Context, site bucket.Store, channels []string) ([]string, error) {
	var kept []string
	for _, name := range channels {
		if reservedSegment(name) != "" {
			if ours, err := HasChannel(ctx, site, name); err != nil {
				return nil, err
			} else if !ours {
				continue
			}
		}
		kept = append(kept, name)
	}
	return kept, nil
}
