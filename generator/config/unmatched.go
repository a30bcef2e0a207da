package config

import (
	"slices"

	"github.com/portolan-charts/portolan/publisher/pattern"
)

// Unmatched returns the patterns of channels that fit none of these: most
// likely they are misspelt.
func (c *Config) Unmatched(channels []string) []string {
	var patterns []string
	if c == nil {
		return nil
	}
	for _, entry := range c.Channels {
		if !slices.ContainsFunc(channels, func(name string) bool { return pattern.MatchesChannel(entry.Match, name) }) {
			patterns = append(patterns, entry.Match)
		}
	}
	return patterns
}
