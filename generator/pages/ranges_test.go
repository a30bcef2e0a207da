package pages

import (
	"strings"
	"testing"
)

func TestLowest(t *testing.T) {
	for in, want := range map[string]string{
		">=1.25.0-0": "1.25.0", ">= 1.25": "1.25.0", "^1.2.3": "1.2.3", "~1.2": "1.2.0", "~> 1.2": "1.2.0", "1.2.x": "1.2.0", "17.x.x": "17.0.0", "*": "0.0.0", "v1.22": "1.22.0", "=1.2.3": "1.2.3",
		">=1.20.0 <1.30.0": "1.20.0", ">=1.20,<1.30": "1.20.0", "1.2 - 2.3.4": "1.2.0", ">=1.22 || >=1.20 <1.21": "1.20.0", ">=1.2 >=1.4": "1.4.0", ">=1.25.0-gke.1": "1.25.0", "!=1.3 >=1.2": "1.2.0",
		"": "", "<2": "", ">1.2": "", "latest": "", ">=1.2 || x y": "", ">=1.2 and more": "", ">=": "", strings.Repeat(">=1.2 ", 100): "", "99999999999.0": "",
	} {
		got := ""
		if v := lowest(in); v != nil {
			got = v.String()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	for _, tt := range []struct {
		before, after string
		want          bool
	}{{"1.x", "2.x", true}, {"^1.2", "1.9.0", false}, {"2.0.0", "1.0.0", true}, {"1.0.0", "", false}, {"latest", "2.0", false}} {
		if got := otherMajor(tt.before, tt.after); got != tt.want {
			t.Errorf("%s, %s: got %v", tt.before, tt.after, got)
		}
	}
}
