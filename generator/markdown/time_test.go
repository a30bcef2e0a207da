package markdown

import (
	"context"
	"strings"
	"testing"
)

var ctx = context.Background()

// Once there is no more time, a README is shown as plain text, wherever in the
// work that happens.
func TestNoTime(t *testing.T) {
	for name, src := range map[string]string{
		"paragraphs": strings.Repeat("a *b*\n\n", 2000),
		"one":        "# A\n",
		"quotes":     strings.Repeat("> > > a\n", 8000),
	} {
		for after := range 3 {
			late := &countdown{Context: ctx, left: after}
			text := rendered(late, []byte(src))
			if !strings.HasPrefix(string(text.HTML), "<pre") || !strings.Contains(text.Note, "took too long") {
				t.Errorf("%s, late at look %d: got note %q, %.40s", name, after, text.Note, text.HTML)
			}
		}
	}
}

// A countdown is a context that is done when it has been looked at often enough.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.DeadlineExceeded
	}
	return nil
}
