package publisher

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// What objects are served as.
const (
	typeChart = "application/gzip"
	typeJSON  = "application/json"
	typeYAML  = "application/yaml"
	typeText  = "text/plain; charset=utf-8"

	forever     = "public, max-age=31536000, immutable" // a path that is never written again
	revalidated = "public, max-age=60, must-revalidate" // head and pages: short, then a conditional GET
)

// The folders and files of a channel, as README.md draws them.
const (
	chartsDir    = "charts"
	logDir       = "log"
	snapshotsDir = "snapshots"
	assetsDir    = "assets" // of the whole site; a file's name has a hash of its content in it
	indexFile    = "index.yaml"
	releaseFile  = "release.json" // describes the chart that it lies beside
)

// The folders of the drop area.
const (
	inboxDir    = "inbox"
	receiptsDir = "receipts"
	rejectedDir = "rejected"
)

// File name endings of uploads.
const (
	chartExt   = ".tgz"
	provExt    = ".tgz.prov"
	requestExt = ".json"
)

// maxChannel is the longest channel name, in bytes. It leaves room for chart,
// version and upload in a key of at most 1,024.
const maxChannel = 255

var (
	segmentRE = regexp.MustCompile(`^[a-zA-Z0-9]+([._-][a-zA-Z0-9]+)*$`)

	// Folders of portolan's own, which no segment of a channel may be called.
	reservedSegments = []string{chartsDir, logDir, snapshotsDir, "api", assetsDir}

	// Endings of the files that portolan writes, by which a web server tells
	// a file from a channel.
	reservedEndings = []string{".tgz", ".prov", ".html", ".yaml", ".json", ".xml", ".svg", ".txt", ".css", ".js"}
)

// CheckChannel says why name cannot be the name of a channel, or nil.
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

func headKey(channel string) string { return path.Join(channel, indexFile) }

func recordKey(channel string, generation int) string {
	return path.Join(channel, logDir, fmt.Sprintf("%08d.json", generation))
}

// snapshotUp leads from a snapshot's folder back to the channel's, and so to the
// charts: clients resolve a URL against the folder of the index they read.
const snapshotUp = "../../"

func snapshotKey(channel string, generation int) string {
	return path.Join(channel, snapshotsDir, fmt.Sprintf("%08d", generation), indexFile)
}

// ReleaseURL is where a chart archive lies, relative to its channel and so to
// the index that names it. The path belongs to one upload and is never reused.
func ReleaseURL(chart, version, upload string) string {
	return path.Join(chartsDir, chart, version, upload, chart+"-"+version+chartExt)
}

// parseReleaseURL is the inverse of [ReleaseURL], as far as the upload's id.
func parseReleaseURL(url string) (upload string, ok bool) {
	parts := strings.Split(url, "/")
	if len(parts) != 5 || parts[0] != chartsDir || url != ReleaseURL(parts[1], parts[2], parts[3]) {
		return "", false
	}
	return parts[3], true
}

func receiptKey(id string) string { return path.Join(receiptsDir, id+".json") }

func rejectedKey(channel, id, ext string) string {
	return path.Join(rejectedDir, channel, id+ext)
}

func inboxKey(channel, id, ext string) string {
	return path.Join(inboxDir, channel, id+ext)
}
