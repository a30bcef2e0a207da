package generator_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
)

// listed are the versions of a chart in an index, in its order.
func (w *world) listed(key, chart string) []string {
	w.t.Helper()
	x, err := w.judge.index(w.site.Snapshot()[key])
	if err != nil {
		w.t.Fatal(err)
	}
	var versions []string
	for _, e := range x.Entries[chart] {
		versions = append(versions, e.Version)
	}
	return versions
}

func build(n int, more ...string) []byte {
	return charttest.Simple("app", fmt.Sprintf("1.0.0+build.%d", n), more...)
}

func builds(numbers ...int) []string {
	var versions []string
	for _, n := range numbers {
		versions = append(versions, fmt.Sprintf("1.0.0+build.%d", n))
	}
	return versions
}

// Versions that differ in build metadata alone: the latest arrival comes first,
// in whatever runs they are decided, and what is there never moves.
func TestEqualPrecedence(t *testing.T) {
	w := newWorld(t)
	w.pages = newPages(t)
	var all []int
	for n := 1; n <= 14; n++ {
		w.mustUpload("stable", id(n), build(n), nil)
		all = append(all, n)
	}
	w.clock = w.clock.Add(time.Minute)
	report := w.mustRun()
	slices.Reverse(all)
	if got := w.listed("stable/index.yaml", "app"); !slices.Equal(got, builds(all...)) {
		t.Errorf("fourteen in one run: %q", got)
	}
	warned := report.Channels[0].Receipts[13].Warnings
	if len(warned) != 1 || !strings.Contains(warned[0].Message, "1.0.0+build.13, 1.0.0+build.12, 1.0.0+build.11 and 10 more") {
		t.Errorf("the last one is warned of %v", warned)
	}
	for _, step := range []struct {
		upload []byte
		want   []int
	}{
		{build(20), append([]int{20}, all...)},
		{build(15), append([]int{15, 20}, all...)}, // the latest, not the highest
		{build(20), append([]int{15, 20}, all...)}, // the same once more
		{build(15, "README.md", "other"), append([]int{15, 20}, all...)},
		{build(20, "README.md", "other"), append([]int{15, 20}, all...)}, // a line once placed never moves
		{build(7, "README.md", "other"), append([]int{15, 20}, all...)},
	} {
		w.publish("stable", 100+len(w.promises), step.upload)
		if got := w.listed("stable/index.yaml", "app"); !slices.Equal(got, builds(step.want...)) {
			t.Errorf("got %q, want %v first", got, step.want[:2])
		}
	}
	w.publish("stable", 200, charttest.Simple("app", "v1.0.0"), charttest.Simple("app", "1.0.1-rc.1"))
	if got := w.listed("stable/index.yaml", "app")[:3]; fmt.Sprint(got) != "[1.0.1-rc.1 v1.0.0 1.0.0+build.15]" {
		t.Errorf("another spelling: %q", got)
	}
	var doc struct{ Version string }
	if err := json.Unmarshal(w.site.Snapshot()["stable/api/charts/app.json"], &doc); err != nil || doc.Version != "v1.0.0" {
		t.Errorf("the chart's newest version is %q, %v", doc.Version, err)
	}
	if badge := string(w.site.Snapshot()["stable/charts/app/badge.svg"]); !strings.Contains(badge, "v1.0.0") {
		t.Errorf("the badge does not show the newest version: %s", badge)
	}
}

// New content for a version stands where the old content stood, also beside new
// versions and in an index whose order is not that of arrival.
func TestReplacedKeepsPlace(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, build(2), build(1))
	w.publish("stable", 10, build(10), charttest.Simple("app", "1.0.0"), build(9))
	w.publish("stable", 20, charttest.Simple("app", "v1.0.0"))
	before := w.listed("stable/index.yaml", "app")
	w.publish("stable", 30, build(1, "README.md", "new"))
	if got := w.listed("stable/index.yaml", "app"); !slices.Equal(got, before) {
		t.Errorf("replaced alone: %q, want %q", got, before)
	}
	w.publish("stable", 40, build(2, "README.md", "new"), build(3), charttest.Simple("app", "1.0.0", "README.md", "new"),
		build(3, "README.md", "new"), charttest.Simple("app", "1.1.0"))
	want := append([]string{"1.1.0", "1.0.0+build.3"}, before...)
	if got := w.listed("stable/index.yaml", "app"); !slices.Equal(got, want) {
		t.Errorf("replaced beside new ones: %q, want %q", got, want)
	}
}

// A signature that comes later leaves its version where it is, and keep counts in
// the index's order.
func TestEqualPrecedenceKept(t *testing.T) {
	w := newWorld(t)
	w.keep(2)
	w.older = 2
	w.publish("stable", 1, build(1), build(2), build(3))
	w.publish("stable", 10, build(0))
	if got := w.listed("stable/index.yaml", "app"); !slices.Equal(got, builds(0, 3)) {
		t.Errorf("head lists %q", got)
	}
	if got := w.listed("stable/snapshots/00000002/older/index.yaml", "app"); !slices.Equal(got, builds(2, 1)) {
		t.Errorf("the older index lists %q", got)
	}
	w.mustUpload("stable", id(20), build(3), signer.Sign("app-1.0.0+build.3.tgz", build(3)))
	w.clock = w.clock.Add(time.Minute)
	w.mustRun()
	if got := w.listed("stable/index.yaml", "app"); !slices.Equal(got, builds(0, 3)) {
		t.Errorf("signed, head lists %q", got)
	}
	before := w.site.Snapshot()
	if _, err := publisher.Rebuild(t.Context(), w.site.Handle("rebuild"), "stable", publisher.RebuildOptions{Workers: 1}); err != nil {
		t.Fatal(err)
	}
	for key, b := range before {
		if string(w.site.Snapshot()[key]) != string(b) {
			t.Errorf("a rebuild changes %s", key)
		}
	}
}

// Imports have the order of their dates; those with equal dates, as in an old
// index that was written again, that of their numbers.
func TestEqualPrecedenceImported(t *testing.T) {
	w := newWorld(t)
	const date = "2020-05-06T07:08:09Z"
	for i, n := range rand.New(rand.NewPCG(1, 1)).Perm(12) {
		w.imported(id(i+1), date, build(n), nil)
	}
	w.imported(id(50), "2021-01-01T00:00:00Z", charttest.Simple("app", "1.0.0+a"), nil)
	w.imported(id(51), "2019-01-01T00:00:00Z", charttest.Simple("app", "1.0.0+z"), nil)
	w.mustUpload("stable", id(52), charttest.Simple("app", "1.0.0"), nil)
	w.clock = w.clock.Add(time.Minute)
	w.mustRun()
	want := slices.Concat([]string{"1.0.0", "1.0.0+a"}, builds(11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), []string{"1.0.0+z"})
	if got := w.listed("stable/index.yaml", "app"); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Many versions of equal precedence, or many prereleases of which few are shown,
// cost as much as they are many.
func TestManyVersionsCost(t *testing.T) {
	for name, format := range map[string]string{"builds": "1.0.0+%d", "prereleases": "1.0.%d-rc"} {
		w := newWorld(t)
		w.quiet = true
		w.keep(3)
		for n := range 3000 {
			w.mustUpload("stable", id(n+1), charttest.Simple("app", fmt.Sprintf(format, n)), nil)
		}
		w.clock = w.clock.Add(time.Minute)
		start := time.Now()
		if _, err := w.run("many"); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %v", name, time.Since(start))
		if got := w.listed("stable/index.yaml", "app"); len(got) != 3 {
			t.Errorf("%s: head lists %q", name, got)
		}
	}
}
