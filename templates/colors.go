package templates

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Colors replace colours of portolan's palette; "" keeps portolan's. Each is a #
// and three or six hex digits. Text in the accent colour stands on the
// background, so the two need enough contrast.
type Colors struct {
	Accent         string // links and marks, on a light background
	AccentDark     string // links and marks, on a dark background
	Background     string // light
	BackgroundDark string // dark
}

var colorRE = regexp.MustCompile(`^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`)

// CheckColor returns an error if s is not a colour. This keeps everything else out
// of the stylesheet.
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

// css returns the rules to add at the end of the stylesheet.
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

// declarations returns declarations of the custom properties that have a value.
func declarations(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fmt.Fprintf(&b, " --%s: %s;", pairs[i], pairs[i+1])
		}
	}
	return b.String()
}
