package publisher

import (
	"fmt"
	"path"
	"strings"
)

// The folders and files of a channel, as README.md draws them.
const (
	chartsDir    = "charts"
	logDir       = "log"
	snapshotsDir = "snapshots"
	allDir       = "all"
	assetsDir    = "assets" // of the whole site; a file's name has a hash of its content in it
	indexFile    = "index.yaml"
	releaseFile  = "release.json" // describes the chart that it lies beside
	chartExt     = ".tgz"
)

func headKey(channel string) string { return path.Join(channel, indexFile) }

func recordKey(channel string, generation int) string {
	return path.Join(channel, logDir, fmt.Sprintf("%08d.json", generation))
}

// snapshotUp leads from a snapshot's folder back to the channel's, and so to the charts:
// clients resolve a URL against the folder of the index that they read.
const snapshotUp = "../../"

func snapshotKey(channel string, generation int) string {
	return path.Join(channel, snapshotsDir, fmt.Sprintf("%08d", generation), indexFile)
}

// ReleaseURL is where a chart archive lies, relative to its channel, and so to the index
// that names it. The path belongs to one upload and is never reused.
func ReleaseURL(chart, version, upload string) string {
	return path.Join(chartsDir, chart, version, upload, chart+"-"+version+chartExt)
}

// UploadOf is the upload whose archive lies at url in a channel; false if portolan puts
// nothing there.
func UploadOf(url string) (upload string, ok bool) { return parseReleaseURL(url) }

// parseReleaseURL is the inverse of [ReleaseURL], as far as the upload's id.
func parseReleaseURL(url string) (upload string, ok bool) {
	parts := strings.Split(url, "/")
	if len(parts) != 5 || parts[0] != chartsDir || url != ReleaseURL(parts[1], parts[2], parts[3]) {
		return "", false
	}
	return parts[3], true
}

// releaseVersion is the version whose archive lies at a URL that [ReleaseURL] makes.
func releaseVersion(url string) version {
	folder := path.Dir(path.Dir(url))
	return version{path.Base(path.Dir(folder)), path.Base(folder)}
}
