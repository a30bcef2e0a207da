package templates

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Colors are the colours of a palette that are not portolan's own; "" leaves one
// as it is. Each is three or six hex digits after a #. Text of the accent's
// colour stands on the background, so the two should differ enough to be read.
type Colors struct {
	Accent         string // links and marks, on a light background
	AccentDark     string // links and marks, on a dark background
	Background     string // light
	BackgroundDark string // dark
}

var colorRE = regexp.MustCompile(`^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`)

// CheckColor says why s is no colour, which keeps everything else out of the
// stylesheet.
func CheckColor(s string) error {
	if !colorRE.MatchString(s) {
		return errors.New("must be a colour such as #0b6477")
	}
	return nil
}

func (c Colors) check() error {
	for _, s := range []string{c.Accent, c.AccentDark, c.Background, c.BackgroundDark} {
		if s == "" {
			continue
		}
		if err := CheckColor(s); err != nil {
			return fmt.Errorf("colour %q %w", s, err)
		}
	}
	return nil
}

// css are the rules that follow the stylesheet's own.
func (c Colors) css() string {
	light := declarations("accent", c.Accent, "bg", c.Background)
	dark := declarations("accent", c.AccentDark, "bg", c.BackgroundDark)
	var b strings.Builder
	if light != "" {
		fmt.Fprintf(&b, ":root, :root[data-theme=\"light\"] {%s}\n", light)
	}
	if dark != "" {
		fmt.Fprintf(&b, "@media (prefers-color-scheme: dark) { :root:not([data-theme=\"light\"]) {%s} }\n:root[data-theme=\"dark\"] {%[1]s}\n", dark)
	}
	return b.String()
}

// declarations sets those custom properties that have a value.
func declarations(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fmt.Fprintf(&b, " --%s: %s;", pairs[i], pairs[i+1])
		}
	}
	return b.String()
}
