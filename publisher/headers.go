package publisher

import (
	"path"
	"slices"
	"strings"
)

// What objects are served as.
const (
	typeChart = "application/gzip"
	typeJSON  = "application/json"
	typeYAML  = "application/yaml"
	typeText  = "text/plain; charset=utf-8"

	typeUnknown = "application/octet-stream"

	forever     = "public, max-age=31536000, immutable" // a path that is never written again
	revalidated = "public, max-age=60, must-revalidate" // head and pages: short, then a conditional GET
)

// contentType is the media type of a file, by its ending.
func contentType(key string) string {
	switch path.Ext(key) {
	case ".tgz":
		return typeChart
	case ".prov", ".txt":
		return typeText
	case ".yaml":
		return typeYAML
	case ".json":
		return typeJSON
	case ".html":
		return "text/html; charset=utf-8"
	case ".xml":
		return "application/xml"
	case ".svg":
		return "image/svg+xml"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	}
	return typeUnknown
}

// cacheControl is how long clients may keep a file, by where it lies: files that a
// generation refers to never change, head and pages do.
func cacheControl(key string) string {
	segments := strings.Split(key, "/")
	// The channel's name ends at the first of portolan's own folders.
	for i, segment := range segments {
		rest := segments[i+1:]
		switch {
		case segment == chartsDir && len(rest) == 4, // name, version, upload, file
			segment == assetsDir && i == 0 && len(rest) == 1,
			segment == logDir && len(rest) == 1,
			segment == snapshotsDir && len(rest) == 2 && rest[1] == indexFile,
			segment == snapshotsDir && len(rest) == 3 && rest[1] == olderDir && rest[2] == indexFile:
			return forever
		case slices.Contains(ownSegments, segment):
			return revalidated
		}
	}
	return revalidated
}
