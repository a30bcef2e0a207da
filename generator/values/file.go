package values

import (
	"context"

	"go.yaml.in/yaml/v3"
)

// A File is a values.yaml. It is parsed at most once, whatever is asked of it. It is not
// safe for concurrent use.
type File struct {
	text   []byte
	parsed bool
	root   *yaml.Node // which nothing changes
	note   string     // see parse
}

// New returns a file with this text, which must not change; nil for a chart without one.
func New(text []byte) *File {
	if text == nil {
		return nil
	}
	return &File{text: text}
}

// late is the note of a file that is not read for want of time.
const late = "was not read, since the page took too long"

// parse reads a file as a mapping; an empty file, or none, is an empty mapping. If it
// cannot be read, note says why, as the rest of a sentence about the file.
func (f *File) parse(ctx context.Context) (root *yaml.Node, note string) {
	switch {
	case ctx.Err() != nil:
		return nil, late
	case f == nil:
		return parse(nil)
	case !f.parsed:
		f.root, f.note = parse(f.text)
		f.parsed = true
	}
	return f.root, f.note
}
