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
	reservedSegments = []string{chartsDir, logDir, snapshotsDir, "api", assetsDir}

	// Endings of the files that portolan writes. By them a web server tells a
	// file from a channel.
	reservedEndings = []string{".tgz", ".prov", ".html", ".yaml", ".json", ".xml", ".svg", ".txt", ".css", ".js"}
)

// CheckChannel returns an error if name cannot be the name of a channel.
func CheckChannel(name string) error {
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
		for _, reserved := range reservedSegments {
			if lower == reserved {
				return fmt.Errorf("channel %q: segment %q is a folder of portolan's own", name, segment)
			}
		}
		for _, ending := range reservedEndings {
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

// Channels finds the channels of a site: the folders that have a log. It does not look
// into portolan's own folders, so the listing does not grow with the number of charts.
func Channels(ctx context.Context, site bucket.Store) ([]string, error) {
	var channels []string
	folders := []string{""}
	for len(folders) > 0 {
		folder := folders[0]
		folders = folders[1:]
		for e, err := range site.List(ctx, folder, bucket.Children) {
			if err != nil {
				return nil, err
			}
			switch {
			case !e.Dir:
			case folder != "" && path.Base(e.Key) == logDir:
				channels = append(channels, folder)
			case CheckChannel(e.Key) == nil:
				folders = append(folders, e.Key)
			}
		}
	}
	slices.Sort(channels)
	return channels, nil
}
