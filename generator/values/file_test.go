package values

import (
	"context"
	"testing"
)

// A file is parsed once, and says the same as one that is parsed for each question. That
// it was asked too late once does not count.
func TestFileParsedOnce(t *testing.T) {
	text := []byte("a: 1\nimage:\n  repository: r\n  tag: t\n")
	f := New(text)
	late, cancel := context.WithCancel(t.Context())
	cancel()
	if _, note := f.parse(late); note == "" || f.parsed {
		t.Errorf("too late: got %q, parsed %t", note, f.parsed)
	}
	images, complete := Images(t.Context(), f, "1")
	if len(images) != 1 || !complete {
		t.Errorf("got %v, %t", images, complete)
	}
	root := f.root
	if c := Compare(t.Context(), New([]byte("a: 2\n")), f); len(c.Added) != 1 || len(c.Changed) != 1 {
		t.Errorf("compared: %+v", c)
	}
	if r := Describe(t.Context(), f, nil, nil, room); r.Count != 3 || r.Note != "" {
		t.Errorf("described: %+v", r)
	}
	if keys := Keys(t.Context(), f, 100); len(keys) != 2 {
		t.Errorf("keys: %q", keys)
	}
	if f.root != root {
		t.Error("the file was parsed again")
	}
}

// A file whose lines end otherwise has the same table.
func TestFileLineEnds(t *testing.T) {
	f := New([]byte("\ufeffa: 1 # one\r\nb: 2\r\n"))
	Keys(t.Context(), f, 100) // which parses it as it is
	if got, want := describe(f), describe(New([]byte("a: 1 # one\nb: 2\n"))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func describe(f *File) string {
	ref := Describe(context.Background(), f, nil, nil, room)
	text := ref.Note
	for _, g := range ref.Groups {
		for _, row := range g.Rows {
			text += row.Path + " " + row.Anchor + " " + row.Default + " " + row.Text + "\n"
		}
	}
	return text
}
