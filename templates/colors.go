package templates

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
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

var colorRE = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`) })

// CheckColor returns an error if s is not a colour. This keeps everything else out
// of the stylesheet.
func CheckColor(s string) error {
	if !colorRE().MatchString(s) {
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

// css returns the rule to add at the end of the stylesheet.
func (c Colors) css() string {
	var b strings.Builder
	for _, of := range [][2]string{
		{"accent-light", c.Accent}, {"accent-dark", c.AccentDark}, {"bg-light", c.Background}, {"bg-dark", c.BackgroundDark},
	} {
		if of[1] != "" {
			fmt.Fprintf(&b, " --%s: %s;", of[0], of[1])
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return ":root {" + b.String() + " }\n"
}
