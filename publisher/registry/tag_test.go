package registry

import (
	"strings"
	"testing"
)

// TestTags: a tag is a version without +, and tells the version.
func TestTags(t *testing.T) {
	for version, tag := range map[string]string{"1.0.0": "1.0.0", "v1.0.0-rc.1+build.5": "v1.0.0-rc.1_build.5", "1.2+a-b": "1.2_a-b"} {
		if Tag(version) != tag || Version(tag) != version || !validTag(tag) {
			t.Errorf("%s: got %s, and back %s", version, Tag(version), Version(tag))
		}
	}
}

// TestLimits: what the names of a registry cannot be is told, and no more.
func TestLimits(t *testing.T) {
	long := strings.Repeat("a", 150)
	for _, test := range []struct {
		channel, chart, version string
		want                    string // part of the error; "" for none
	}{
		{"stable", "mychart", "1.0.0", ""},
		{"stable", "my.chart_1-x", "v1.0.0-rc.1+b", ""},
		{"Stable", "mychart", "1.0.0", "have no capitals"},
		{"stable", "myChart", "1.0.0", "has capitals"},
		{long, strings.Repeat("b", 49), "1.0.0", ""},
		{long, strings.Repeat("b", 50), "1.0.0", "201 bytes"},
		{long + "/" + long, "b", "1.0.0", "may have 200 bytes"},
		{"stable", "b", "1.0.0-" + strings.Repeat("c", 122), ""},
		{"stable", "b", "1.0.0-" + strings.Repeat("c", 123), "129 characters"},
	} {
		err := CheckChannel(test.channel)
		if err == nil {
			err = CheckVersion(test.channel, test.chart, test.version)
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.20s %.20s %.20s: got %v, want %q", test.channel, test.chart, test.version, err, test.want)
		}
	}
}
