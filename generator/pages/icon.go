package pages

import (
	"html/template"

	"github.com/portolan-charts/portolan/generator/icon"
)

// smallIcon bounds the icon on the pages of a version besides its overview, in bytes.
// Lists show no icons: those of two hundred charts would take more than the list, and
// most charts have theirs on another host, from which pages load nothing.
const smallIcon = 2 << 10

// iconOf returns a chart's icon as the source of an image. The icon is a data: URL, or a
// file with this name and content. If it is not safe, or too large, the source is "".
func iconOf(name string, file []byte) template.URL {
	return template.URL(icon.URL(name, file)) // which makes it safe
}
