package droparea

import (
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

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
