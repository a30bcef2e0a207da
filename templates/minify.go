package templates

import (
	"bytes"
	"fmt"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/js"
)

// minifiers make scripts and stylesheets shorter without changing what they do.
var minifiers = map[string]minify.Minifier{".js": &js.Minifier{}, ".css": &css.Minifier{}}

// minified returns an asset as browsers get it: portolan's own without comments and
// with short names, and a user's as it is.
func minified(file source, ext string) ([]byte, error) {
	if !file.own {
		return file.content, nil
	}
	var b bytes.Buffer
	if err := minifiers[ext].Minify(minify.New(), &b, bytes.NewReader(file.content), nil); err != nil {
		return nil, fmt.Errorf("templates: %s: %w", file.name, err)
	}
	return b.Bytes(), nil
}
