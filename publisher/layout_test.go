package publisher

import (
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/channelname"
)

func TestReleaseURL(t *testing.T) {
	url := ReleaseURL("my-chart", "1.0.0+b.1", "0198")
	if want := "charts/my-chart/1.0.0+b.1/0198/my-chart-1.0.0+b.1.tgz"; url != want {
		t.Errorf("got %s, want %s", url, want)
	}
	if upload, ok := parseReleaseURL(url); !ok || upload != "0198" {
		t.Errorf("parsed as %q, %t", upload, ok)
	}
	for _, bad := range []string{"", "x", "charts/a/1/u/b-1.tgz", "charts/a/1/u/a-1.tgz/x", "https://h/a-1.tgz", "chart/a/1/u/a-1.tgz"} {
		if _, ok := parseReleaseURL(bad); ok {
			t.Errorf("%q was parsed", bad)
		}
	}
}

// TestKeyLength proves that the longest names fit a key.
func TestKeyLength(t *testing.T) {
	chart, version := strings.Repeat("c", 200), strings.Repeat("1", 40)
	key := strings.Repeat("a", channelname.MaxLength) + "/" + ReleaseURL(chart, version, strings.Repeat("u", 36)) + ".prov"
	if len(key) > 1024 {
		t.Errorf("%d bytes", len(key))
	}
}
