package main

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
)

// TestMultiply checks that versions of real charts are charts, and that they differ from
// these in Chart.yaml alone.
func TestMultiply(t *testing.T) {
	b := &bench{charts: filepath.Join("..", "..", fewCharts)}
	folder := t.TempDir()
	if err := b.multiply(t.Context(), folder, 30); err != nil {
		t.Fatal(err)
	}
	originals, versions := readAll(t, b.charts), readAll(t, folder)
	if len(versions) != 30 {
		t.Errorf("%d archives", len(versions))
	}
	for file, v := range versions {
		if got := check.FileName(v.Metadata.Name, v.Metadata.Version); got != file {
			t.Errorf("%s holds %s", file, got)
		}
		if !slices.ContainsFunc(slices.Collect(maps.Values(originals)), func(o *check.Chart) bool {
			return o.Metadata.Name == v.Metadata.Name && slices.Equal(apartFromMetadata(o), apartFromMetadata(v))
		}) {
			t.Errorf("%s has other files than any chart in %s", file, b.charts)
		}
	}
}

// readAll returns the charts in a folder, by the names of their files.
func readAll(t *testing.T, folder string) map[string]*check.Chart {
	charts := map[string]*check.Chart{}
	files, err := filepath.Glob(filepath.Join(folder, "*.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if charts[filepath.Base(file)], err = check.Archive(bytes.NewReader(data), check.Options{}); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	return charts
}

func apartFromMetadata(c *check.Chart) []check.File {
	return slices.DeleteFunc(slices.Clone(c.Files), func(f check.File) bool { return f.Path == "Chart.yaml" })
}

// TestRow checks what a row says of medians and ratios.
func TestRow(t *testing.T) {
	s := &series{costs: map[string][]cost{
		"ours": {{Wall: 2 * time.Second, CPU: time.Second, Peak: 90 * mb}, {Wall: 3 * time.Second, CPU: time.Second, Peak: 95 * mb}, {Wall: 9 * time.Second, CPU: time.Second, Peak: 99 * mb}},
		"peer": {{Wall: 4 * time.Second, CPU: 2 * time.Second}, {Wall: 4 * time.Second, CPU: 2 * time.Second}, {Wall: 10 * time.Second, CPU: 2 * time.Second}},
	}}
	r := s.row("work", "ours", "peer", goal{cpu: 0.5, wall: 0.7, took: 3 * time.Second, peak: 94 * mb})
	r.rounds = 3
	var out strings.Builder
	printTable(&out, []row{r, {work: "more"}})
	line := strings.Split(strings.TrimSpace(out.String()), "\n")
	want := "| work | 3      | CPU ≤ 0.50×, wall ≤ 0.70×, ≤ 3.0 s, ≤ 94 MB | 3.0 s, CPU 1.0 s, 95 MB | CPU 0.50×, wall 0.75× of peer: 4.0 s, CPU 2.0 s | missed: wall ≤ 0.70×, ≤ 94 MB |"
	if len(line) != 4 || line[2] != want {
		t.Errorf("got:\n%s\nwant in line 3:\n%s", out.String(), want)
	}
}

// TestRounds checks that rounds are repeated while there is time, and that each part has
// at least one.
func TestRounds(t *testing.T) {
	var order []string
	of := func(name string, share time.Duration) part {
		return part{name, share, 5, func(*bench, context.Context, *series) (*trial, error) {
			return &trial{
				round: func(context.Context) error { order = append(order, name); return nil },
				rows:  func() []row { return []row{{work: name}} },
			}, nil
		}}
	}
	parts := []part{of("short", time.Second), of("long", time.Minute)}
	for _, c := range []struct {
		name  string
		end   time.Duration
		quick bool
		want  int
	}{{"in time", time.Hour, false, 5}, {"late", -time.Hour, false, 1}, {"quick", time.Hour, true, 1}} {
		order = nil
		b := &bench{folder: t.TempDir(), quick: c.quick}
		rows, err := b.measure(t.Context(), parts, time.Now().Add(c.end))
		if err != nil || len(rows) != 2 || rows[0].work != "short" || rows[0].rounds != c.want || rows[1].rounds != c.want {
			t.Errorf("%s: %v, %v", c.name, rows, err)
		}
		if len(order) != 2*c.want || order[0] != "long" {
			t.Errorf("%s: %v", c.name, order)
		}
	}
}
