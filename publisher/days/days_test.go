package days

import (
	"regexp"
	"testing"
	"time"
)

// TestParse: days, and all that Go takes for a time; the pattern agrees. What is written is
// read as the same.
func TestParse(t *testing.T) {
	pattern := regexp.MustCompile(Pattern)
	for s, want := range map[string]time.Duration{
		"30d": 720 * time.Hour, "0d": 0, "72h": 72 * time.Hour, "1h30m": 90 * time.Minute, "106751d": 106751 * 24 * time.Hour,
	} {
		if got, err := Parse(s); err != nil || got != want || !pattern.MatchString(s) {
			t.Errorf("%s: got %v, %v", s, got, err)
		}
	}
	for d, want := range map[time.Duration]string{72 * time.Hour: "3d", 36 * time.Hour: "36h", 90 * time.Minute: "1h30m", 10 * time.Second: "10s", time.Hour + time.Second: "1h0m1s", 20 * time.Minute: "20m", 0: "0s"} {
		got := Format(d)
		if again, err := Parse(got); got != want || again != d || err != nil {
			t.Errorf("%d: got %s, which is %v, %v", d, got, again, err)
		}
	}
	for _, s := range []string{"", "d", "-1d", "1.5d", "30 d", "1d12h", "106752d", "99999999999999999999d", "30"} {
		if got, err := Parse(s); err == nil {
			t.Errorf("%q: got %v", s, got)
		}
	}
}
