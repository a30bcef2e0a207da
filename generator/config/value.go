package config

import (
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/bmatcuk/doublestar/v4"
	"github.com/dustin/go-humanize"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/templates"
)

// Duration is a time span in the configuration, written like 90m or 24h.
type Duration time.Duration

// UnmarshalText reads a time span.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < time.Second || v > 365*24*time.Hour {
		return errors.New("must be a time from 1s to 8760h, such as 90m or 24h")
	}
	*d = Duration(v)
	return nil
}

// Size is a number of bytes in the configuration, written like 20MiB.
type Size int64

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	v, err := humanize.ParseBytes(string(text))
	if err != nil || v == 0 || v > math.MaxInt64 {
		return errors.New("must be a size above zero, such as 512KiB or 20MiB")
	}
	*s = Size(v)
	return nil
}

// checkValue says what is wrong with a text of the kind that a field's check
// tag names.
func checkValue(kind, s string) error {
	switch kind {
	case "":
		return nil
	case "baseURL":
		return CheckBaseURL(s)
	case "link":
		return checkLink(s)
	case "color":
		return templates.CheckColor(s)
	case "channelPattern":
		return checkChannelPattern(s)
	case "chartPattern":
		if _, err := path.Match(s, ""); err != nil || s == "" {
			return errors.New("is not a pattern of chart names")
		}
		return nil
	case "chartField":
		known := check.Fields()
		if !slices.Contains(known, s) {
			return fmt.Errorf("is not a field of Chart.yaml%s", didYouMean(s, known))
		}
		return nil
	}
	panic("config: no check is called " + kind)
}

// checkChannelPattern refuses, besides what is no pattern, what can never fit:
// a policy that silently applies to nothing is worse than none.
func checkChannelPattern(s string) error {
	switch {
	case !doublestar.ValidatePattern(s):
		return errors.New("is not a pattern of channel names")
	case strings.HasPrefix(s, "/"), strings.HasSuffix(s, "/"), strings.Contains(s, "//"), s == "":
		return errors.New("fits no channel: their names neither begin nor end with a slash, nor have empty segments")
	}
	return nil
}

// didYouMean names the nearest of the known words, if one is near.
func didYouMean(word string, known []string) string {
	if best := Nearest(word, known); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return ""
}

// Nearest returns the known word that was probably meant; "" if none is near.
// Of equally near ones it prefers one with the same first letter, which people
// rarely miss.
func Nearest(word string, known []string) string {
	best, least := "", 2*(len(word)/3+2)
	for _, k := range slices.Sorted(slices.Values(known)) {
		distance := 2 * levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(k))
		if word == "" || k[0] != word[0] {
			distance++
		}
		if distance < least {
			best, least = k, distance
		}
	}
	return best
}
