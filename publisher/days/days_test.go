package days

import (
	"regexp"
	"testing"
	"time"
)

// TestParse: days, and all that Go takes for a time; the pattern agrees.
func TestParse(t *testing.T) {
	pattern := regexp.MustCompile(Pattern)
	for s, want := range map[string]time.Duration{
		"30d": 720 * time.Hour, "0d": 0, "72h": 72 * time.Hour, "1h30m": 90 * time.Minute, "106751d": 106751 * 24 * time.Hour,
	} {
		if got, err := Parse(s); err != nil || got != want || !pattern.MatchString(s) {
			t.Errorf("%s: got %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "d", "-1d", "1.5d", "30 d", "1d12h", "106752d", "99999999999999999999d", "30"} {
		if got, err := Parse(s); err == nil {
			t.Errorf("%q: got %v", s, got)
		}
	}
}
