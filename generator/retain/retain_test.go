package retain

import (
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
)

const day = 24 * time.Hour

// TestExpired: what goes, of versions that are written with their age in days.
func TestExpired(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		rule     Rule
		versions string // newest first
		want     string
	}{
		{Rule{}, "2.0.0@900 1.0.0@999", ""},
		{Rule{Newest: 2}, "3.0.0@1 2.0.0@2 1.0.0@3 0.9.0@4", "1.0.0 0.9.0"},
		{Rule{Newest: 9}, "3.0.0@1 2.0.0@2", ""},
		{Rule{Newest: 1}, "2.0.0-rc.2@1 2.0.0-rc.1@2 1.0.0@99 0.9.0@100", "2.0.0-rc.1 0.9.0"},
		{Rule{Prereleases: 30 * day}, "2.0.0-dev.3@29 2.0.0-dev.2@30 2.0.0-dev.1@31 1.0.0@400", "2.0.0-dev.2 2.0.0-dev.1"},
		{Rule{Prereleases: 30 * day}, "2.0.0-dev.2@90 2.0.0-dev.1@91", "2.0.0-dev.1"},
		{Rule{PerMinor: 2}, "1.2.3@1 1.2.2@2 1.2.1@3 1.1.9@4 1.1.8@5 1.1.7@6 0.1.0@7", "1.2.1 1.1.7"},
		{Rule{PerMinor: 1}, "1.2.3@1 nightly@2 weekly@3", ""},
		{Rule{Newest: 1, PerMinor: 1}, "1.2.3@1 1.2.2@2 1.1.9@3 1.1.8@4", "1.2.2 1.1.8"},
		{Rule{Newest: 2, Prereleases: 30 * day}, "2.0.0-c@1 2.0.0-b@2 2.0.0-a@3 1.1.0@40 1.0.0@50 1.0.0-a@60", "1.0.0 1.0.0-a"},
	} {
		var versions []Version
		names := strings.Fields(tt.versions)
		for i, f := range names {
			text, age, _ := strings.Cut(f, "@")
			d, err := time.ParseDuration(age + "h")
			if err != nil {
				t.Fatal(err)
			}
			names[i] = text
			versions = append(versions, Version{check.ParseVersion(text), now.Add(-24 * d)})
		}
		var got []string
		for _, at := range tt.rule.Expired(versions, now) {
			got = append(got, names[at])
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%+v of %s: got %q, want %q", tt.rule, tt.versions, s, tt.want)
		}
	}
}

// TestWords: the rule in words fits the log.
func TestWords(t *testing.T) {
	got := Rule{30 * day, 20, 3}.String()
	if want := "retention keeps prereleases for 30d, the newest 20, 3 of each minor version"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (Rule{Prereleases: 90 * time.Minute}).String(); got != "retention keeps prereleases for 1h30m" {
		t.Errorf("got %q", got)
	}
}
