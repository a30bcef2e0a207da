package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// What the go command writes into a program, for each way to build one.
func TestVersion(t *testing.T) {
	t.Parallel()
	const commit = "0123456789abcdef0123456789abcdef01234567"
	checkout := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "-trimpath", Value: "true"}, {Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: commit},
			{Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: modified}}
	}
	built := func(version string, settings []debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Path: "github.com/portolan-charts/portolan", Version: version}, Settings: settings}
	}
	tail := runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH + ")"
	for _, c := range []struct {
		name string
		info *debug.BuildInfo
		want string
	}{
		{"go install of a version", built("v1.2.3", nil), "v1.2.3 (" + tail},
		{"go install of a commit", built("v1.2.4-0.20260102030405-0123456789ab", nil), "v1.2.4-0.20260102030405-0123456789ab (" + tail},
		{"a release's checkout", built("v1.2.3", checkout("false")), "v1.2.3 (commit " + commit + ", " + tail},
		{"a commit's checkout", built("v1.2.4-0.20260102030405-0123456789ab", checkout("false")), "v1.2.4-0.20260102030405-0123456789ab (commit " + commit + ", " + tail},
		{"a checkout with changes", built("v1.2.3+dirty", checkout("true")), "v1.2.3+dirty (commit " + commit + ", modified, " + tail},
		{"a folder without history", built("(devel)", nil), "devel (" + tail},
		{"not a module", &debug.BuildInfo{}, "devel (" + tail},
		{"nothing", nil, "devel (" + tail},
	} {
		if got := readBuild(c.info).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	b := readBuild(built("v1.2.3", checkout("true")))
	if b.Commit != commit || b.Time != "2026-01-02T03:04:05Z" || !b.Modified {
		t.Errorf("a checkout with changes: %+v", b)
	}
}
