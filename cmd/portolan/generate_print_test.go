package main

import (
	"testing"

	"github.com/portolan-charts/portolan/generator"
)

// TestSettingsText: versions that are yanked are told from those that the settings hide.
func TestSettingsText(t *testing.T) {
	for _, test := range []struct {
		report generator.ChannelReport
		want   string
	}{
		{generator.ChannelReport{}, "its index lists all versions"},
		{generator.ChannelReport{Older: 2}, "its index lists all versions except 2 older ones"},
		{generator.ChannelReport{Yanked: 1}, "its index lists all versions except 1 that is yanked"},
		{generator.ChannelReport{Older: 2, Yanked: 3, AtRoot: true}, "its index lists all versions except 2 older ones and 3 that are yanked; the site's root shows it as well"},
	} {
		if got := settingsText(test.report); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
