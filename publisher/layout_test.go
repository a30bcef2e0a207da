package publisher

import (
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

func TestCheckChannel(t *testing.T) {
	long := strings.Repeat("a", maxChannel)
	for name, want := range map[string]string{
		"stable": "", "42/devel": "", "group/app/stable": "", "Stable.v1-x_y": "", "logs": "", "v3": "", "overall/v2.1/tag": "", "v1.yamlx": "", long: "",
		"":             "is empty",
		long + "a":     "longer than 255",
		"a//b":         `segment ""`,
		"/a":           `segment ""`,
		"a/":           `segment ""`,
		"..":           `segment ".."`,
		"a..b":         `segment "a..b"`,
		"a-":           `segment "a-"`,
		".hidden":      `segment ".hidden"`,
		"a b":          `segment "a b"`,
		"ä":            `segment "ä"`,
		"charts":       "folder of portolan's own",
		"a/LOG":        "folder of portolan's own",
		"x/Snapshots":  "folder of portolan's own",
		"api/v1":       "folder of portolan's own",
		"assets":       "folder of portolan's own",
		"all":          `segment "all" is reserved`,
		"team/V2":      `segment "V2" is reserved`,
		"blobs/x":      `segment "blobs" is reserved`,
		"a/Manifests":  `segment "Manifests" is reserved`,
		"referrers":    `segment "referrers" is reserved`,
		"group/tags/x": `segment "tags" is reserved`,
		"v2/log":       "folder of portolan's own",
		"a.tgz":        "ends like a file",
		"x/index.YAML": "ends like a file",
	} {
		err := CheckChannel(name)
		if want == "" && err != nil {
			t.Errorf("%.30q: %v", name, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.30q: got %v, want %q", name, err, want)
		}
	}
}

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
	key := strings.Repeat("a", maxChannel) + "/" + ReleaseURL(chart, version, strings.Repeat("u", 36)) + ".prov"
	if len(key) > 1024 {
		t.Errorf("%d bytes", len(key))
	}
}

func TestAdoptedID(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.UTC)
	entry := bucket.Entry{Key: "inbox/stable/a.tgz", Size: 10, Modified: at, Token: "x"}
	id := adoptedID("stable", &entry, nil)
	if again := adoptedID("stable", &entry, nil); again != id {
		t.Errorf("%s, then %s", id, again)
	}
	parsed, ok := parseID(id)
	if !ok || parsed.Version() != 8 {
		t.Fatalf("%s is not an id", id)
	}
	if got := idTime(parsed); got.After(at) || at.Sub(got) > time.Millisecond/4096+time.Nanosecond {
		t.Errorf("carries %v, want %v", got, at)
	}
	for name, other := range map[string]string{
		"channel":    adoptedID("devel", &entry, nil),
		"provenance": adoptedID("stable", &entry, &bucket.Entry{Key: "p"}),
		"key":        adoptedID("stable", &bucket.Entry{Key: "k", Size: 10, Modified: at, Token: "x"}, nil),
		"size":       adoptedID("stable", &bucket.Entry{Key: entry.Key, Size: 11, Modified: at, Token: "x"}, nil),
		"token":      adoptedID("stable", &bucket.Entry{Key: entry.Key, Size: 10, Modified: at, Token: "y"}, nil),
		"time":       adoptedID("stable", &bucket.Entry{Key: entry.Key, Size: 10, Modified: at.Add(1), Token: "x"}, nil),
	} {
		if other == id {
			t.Errorf("the id does not depend on the %s", name)
		}
	}
}

func TestParseID(t *testing.T) {
	made, err := NewID()
	if err != nil {
		t.Fatal(err)
	}
	for s, want := range map[string]bool{
		made: true, strings.ToUpper(made): false, "{" + made + "}": false, "urn:uuid:" + made: false,
		"": false, "mychart-0.1.0": false,
		"00000000-0000-0000-0000-000000000000": false,
		"8c5e1a3e-5b0e-4f0e-9d5b-0f1c2d3e4f50": false, // version 4 is not made by portolan
	} {
		if _, ok := parseID(s); ok != want {
			t.Errorf("%q: %t, want %t", s, ok, want)
		}
	}
}
