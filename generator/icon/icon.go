// Package icon makes the icons of charts fit to be shown on pages. Icons are treated
// as untrusted input.
//
// An icon is shown as its author meant it, or not at all. It is
//   - small: what a page would have to hold of it is at most [Max] bytes long;
//   - a PNG, JPEG, GIF or WebP file that is what its type says, by its header, of at
//     most 2048 pixels a side, and not animated. Its bytes stay as they are;
//   - or an SVG file, of which only shapes, gradients, clips, masks and texts are
//     written again. Styles become attributes. There are no scripts, no links or references
//     except to other elements of the file, no images, filters, animations or
//     comments, and no element that is drawn so often that it costs much. A file that
//     needs anything else is refused, except what says nothing about how it looks.
package icon

import (
	"encoding/base64"
	"net/url"
	"path"
	"strings"
)

const (
	// Max is the length in bytes of the longest URL that [URL] returns.
	Max = 8 << 10

	// maxSource bounds what is read, in bytes. Programs for drawing write SVG files
	// that are several times as long as what is needed of them.
	maxSource = 64 << 10
)

// mediaTypes are the types of images, by the ending of a file's name.
var mediaTypes = map[string]string{
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".svg": svgType,
}

// URL returns a data: URL that is safe as the source of an image, for the icon that
// Chart.yaml gives: a data: URL, or the name of a file with this content. It returns ""
// if that is not an icon that can be shown.
func URL(icon string, file []byte) string {
	mediaType, data := mediaTypes[strings.ToLower(path.Ext(icon))], file
	if len(icon) > 5 && strings.EqualFold(icon[:5], "data:") {
		mediaType, data = parseURL(icon[5:])
	}
	if len(data) == 0 || len(data) > maxSource {
		return ""
	}
	if mediaType == svgType {
		data = sanitize(data)
	} else if !isRaster(mediaType, data) {
		return ""
	}
	prefix := "data:" + mediaType + ";base64,"
	if data == nil || len(prefix)+base64.StdEncoding.EncodedLen(len(data)) > Max {
		return ""
	}
	return prefix + base64.StdEncoding.EncodeToString(data)
}

// parseURL returns the type and the content of a data: URL, without its scheme. The
// content is nil if it cannot be read.
func parseURL(s string) (mediaType string, data []byte) {
	if len(s) > 3*maxSource {
		return "", nil
	}
	head, body, ok := strings.Cut(s, ",")
	body, err := url.PathUnescape(body)
	if !ok || err != nil {
		return "", nil
	}
	params := strings.Split(strings.ToLower(head), ";")
	mediaType = strings.TrimSpace(params[0])
	if mediaType == "image/jpg" {
		mediaType = "image/jpeg"
	}
	if strings.TrimSpace(params[len(params)-1]) != "base64" {
		return mediaType, []byte(body)
	}
	body = strings.TrimRight(strings.Join(strings.Fields(body), ""), "=")
	if data, err = base64.RawStdEncoding.DecodeString(body); err != nil {
		return "", nil
	}
	return mediaType, data
}
