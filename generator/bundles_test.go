package generator_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
)

// umbrella is a chart that depends on alpha, with files that are pairs of names and content.
func umbrella(name, constraint string, files ...string) []byte {
	chart := fmt.Sprintf("apiVersion: v2\nname: %s\nversion: 0.1.0\ndependencies: [{name: alpha, version: %q, repository: \"https://example.com\"}]\n", name, constraint)
	return charttest.Simple(name, "0.1.0", append([]string{"Chart.yaml", chart}, files...)...)
}

// TestTakeDownBundles: a takedown names the charts of all channels that may hold the version
// in charts/: those that depend on it and have its folder or its archive, and no others. A
// dry run names the same.
func TestTakeDownBundles(t *testing.T) {
	w := newWorld(t)
	folder := func(version string) []string {
		return []string{"charts/alpha/Chart.yaml", "apiVersion: v2\nname: alpha\nversion: " + version + "\n"}
	}
	archive := func(version string) []string {
		return []string{"charts/alpha-" + version + ".tgz", string(alphaAt(version))}
	}
	w.publish("stable", 1, alphaAt("1.0.0"),
		umbrella("folder", "1.x", folder("1.0.0")...),
		umbrella("archive", ">=1.0.0", archive("1.0.0")...),
		umbrella("range", "see README", folder("1.0.0")...),
		umbrella("later", ">=1.0.0", archive("1.0.1")...),
		umbrella("other-range", "2.x", folder("2.0.0")...),
		umbrella("outside", "1.x"),
		charttest.Simple("undeclared", "0.1.0", folder("1.0.0")...),
	)
	w.publish("dev/team", 20, umbrella("elsewhere", "~1.0", archive("1.0.0")...))
	want := []generator.Bundle{
		{Channel: "dev/team", Chart: "elsewhere", Version: "0.1.0", File: "charts/alpha-1.0.0.tgz"},
		{Channel: "stable", Chart: "archive", Version: "0.1.0", File: "charts/alpha-1.0.0.tgz"},
		{Channel: "stable", Chart: "folder", Version: "0.1.0", File: "charts/alpha"},
		{Channel: "stable", Chart: "range", Version: "0.1.0", File: "charts/alpha"},
	}
	for _, dry := range []bool{true, false} {
		r, err := generator.TakeDown(t.Context(), w.site.Handle("takedown"), publisher.TakeDownOptions{
			Channel: "stable", Chart: "alpha", Version: "1.0.0", Reason: "leaked", DryRun: dry, Now: w.now,
		})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(r.Bundles, want) || r.Unseen != 0 {
			t.Errorf("dry run %t: %+v, and %d unseen; want %+v", dry, r.Bundles, r.Unseen, want)
		}
	}
	found, unseen, err := generator.FindBundles(t.Context(), w.site.Handle("takedown"), "alpha", "1.0.0", 2)
	if err != nil || !slices.Equal(found, want[:2]) || unseen != 4 {
		t.Errorf("of two: %+v, %d unseen, %v", found, unseen, err)
	}
	release := ""
	for key := range w.site.Snapshot() {
		if strings.HasPrefix(key, "stable/charts/folder/") && path.Base(key) == "release.json" {
			release = key
		}
	}
	if err := w.site.Handle("test").Delete(t.Context(), release, ""); err != nil {
		t.Fatal(err)
	}
	found, unseen, err = generator.FindBundles(t.Context(), w.site.Handle("takedown"), "alpha", "1.0.0", 10)
	if err != nil || len(found) != 3 || unseen != 1 {
		t.Errorf("without a description: %+v, %d unseen, %v", found, unseen, err)
	}
}
