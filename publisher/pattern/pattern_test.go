package pattern

import "testing"

func TestChannels(t *testing.T) {
	for pattern, ok := range map[string]bool{"stable": true, "team-a/**": true, "{a,b}/*": true, "": false, "a[": false, "/a": false, "a/": false, "a//b": false} {
		if err := CheckChannels(pattern); (err == nil) != ok {
			t.Errorf("%q: %v", pattern, err)
		}
	}
	for _, c := range []struct {
		pattern, channel string
		want             bool
	}{{"*", "a", true}, {"*", "a/b", false}, {"**", "a/b", true}, {"a/**", "a/b/c", true}, {"a/**", "b", false}, {"a[", "a[", false}} {
		if got := MatchesChannel(c.pattern, c.channel); got != c.want {
			t.Errorf("%q, %q: got %v", c.pattern, c.channel, got)
		}
	}
}

func TestCharts(t *testing.T) {
	for pattern, ok := range map[string]bool{"web-*": true, "db": true, "": false, "[": false} {
		if err := CheckCharts(pattern); (err == nil) != ok {
			t.Errorf("%q: %v", pattern, err)
		}
	}
	patterns := []string{"web-*", "db", "["}
	if !MatchesChart(patterns, "web-1") || !MatchesChart(patterns, "db") || MatchesChart(patterns, "[") || MatchesChart(patterns, "x") || !MatchesChart(nil, "x") {
		t.Error("the wrong charts match")
	}
}
