// Package pattern says which channels and charts a pattern is for.
//
// In a pattern of channels, * stands for one segment or a part of it, and ** for
// any number of segments. In a pattern of charts, * stands for any text.
package pattern

import (
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// CheckChannels says what is wrong with a pattern of channels. It refuses those
// that can never match, too: a rule that silently applies to nothing is worse
// than none.
func CheckChannels(pattern string) error {
	switch {
	case pattern == "", !doublestar.ValidatePattern(pattern):
		return errors.New("is not a valid pattern of channels; write one such as stable or team-a/**")
	case strings.HasPrefix(pattern, "/"), strings.HasSuffix(pattern, "/"), strings.Contains(pattern, "//"):
		return errors.New("matches no channel: their names neither begin nor end with a slash, nor have empty segments")
	}
	return nil
}

// MatchesChannel reports whether the pattern is for the channel.
func MatchesChannel(pattern, channel string) bool {
	ok, err := doublestar.Match(pattern, channel)
	return err == nil && ok
}

// CheckCharts says what is wrong with a pattern of charts.
func CheckCharts(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
		return errors.New("is not a valid pattern of chart names; write one such as team-a-*")
	}
	return nil
}

// MatchesChart reports whether one of the patterns is for the chart. No patterns
// at all are for every chart.
func MatchesChart(patterns []string, chart string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, chart)
		return err == nil && ok
	})
}
