package publisher

import (
	"net/http"
	"path"
	"strings"

	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// What objects are served as.
const (
	typeChart = "application/gzip"
	typeJSON  = "application/json"
	typeYAML  = "application/yaml"
	typeText  = "text/plain; charset=utf-8"

	typeUnknown = "application/octet-stream"

	typeHTML = "text/html; charset=utf-8"
	typeSVG  = "image/svg+xml"
	typeXML  = "application/xml"

	forever     = "public, max-age=31536000, immutable" // a path that is never written again
	revalidated = "public, max-age=60, must-revalidate" // head and pages: short, then a conditional GET
)

// contentType is the media type of a file: in the registry by where it lies, elsewhere by
// its ending.
func contentType(key string) string {
	if kind, ok := registry.ContentType(key); ok {
		return kind
	}
	if key == registryRoot {
		return typeJSON
	}
	switch path.Ext(key) {
	case ".tgz":
		return typeChart
	case ".prov", ".txt", ".asc":
		return typeText
	case ".yaml":
		return typeYAML
	case ".json":
		return typeJSON
	case ".html":
		return typeHTML
	case ".xml":
		return typeXML
	case ".svg":
		return typeSVG
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	}
	return typeUnknown
}

const (
	// pagePolicy is what a page may load and do: what templates/page.html says of
	// itself, and for a site's own templates as well. Only a header can say that
	// no other site may show it in a frame.
	pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

	// imagePolicy is for images and feeds, which a browser would run like a page if they
	// are opened by themselves.
	imagePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)

// policy is the Content-Security-Policy of a file, by its media type; "" for those that
// browsers do not run.
func policy(contentType string) string {
	switch contentType {
	case typeHTML:
		return pagePolicy
	case typeSVG, typeXML:
		return imagePolicy
	}
	return ""
}

// setType says what the file of an answer is, and what browsers may do with it.
func setType(h http.Header, key string) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Type", contentType(key))
	if p := policy(contentType(key)); p != "" {
		h.Set("Content-Security-Policy", p)
	}
}

// cacheControl is how long clients may keep a file, by where it lies: files that a
// generation refers to never change, head and pages do.
func cacheControl(key string) string {
	if k, ok := registry.ParseKey(key); ok && !k.Replaceable() {
		return forever
	}
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
		case channelname.IsOwnFolder(segment):
			return revalidated
		}
	}
	return revalidated
}
