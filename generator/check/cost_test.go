package check

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// Few bytes of archive can hold many of templates and definitions. Looking for
// their kinds costs little beside unpacking them.
func TestContentsCost(t *testing.T) {
	const size = 90 << 20
	for name, file := range map[string]struct{ path, before, unit, after string }{
		"definition":   {"crds/a.yaml", "", "  - name: v1\n", ""},
		"documents":    {"crds/a.yaml", "", "---\n", ""},
		"definitions":  {"crds/a.yaml", "", "kind: A\n---\n", ""},
		"JSON":         {"crds/a.yaml", `{"spec":{"versions":[`, "{},", "{}]}}"},
		"kinds":        {"templates/a.yaml", "", "kind: A\n", ""},
		"short lines":  {"crds/a.yaml", "", "a\n", ""},
		"nested lines": {"crds/a.yaml", "", "a:\n b:\n  c:\n   d:\n    e:\n     f:\n      name: v\n", ""},
	} {
		archive := charttest.Simple("mychart", "0.1.0", file.path, file.before+strings.Repeat(file.unit, size/len(file.unit))+file.after)
		limits := Options{Limits: MaxLimits()}
		start := time.Now()
		if _, err := Archive(bytes.NewReader(archive), limits); err != nil {
			t.Fatal(name, err)
		}
		alone := time.Since(start)
		start = time.Now()
		c, err := ReadContents(bytes.NewReader(archive), limits)
		if err != nil {
			t.Fatal(name, err)
		}
		if took := time.Since(start); took > 10*alone {
			t.Errorf("%s: %v, and %v without the contents", name, took, alone)
		}
		if len(c.Definitions)+len(c.Kinds) == 0 {
			t.Errorf("%s: the file is not named", name)
		}
	}
}

// What is beyond the bounds is named, so that nothing seems to be missing.
func TestContentsBeyondBounds(t *testing.T) {
	c, err := ReadContents(bytes.NewReader(charttest.Simple("mychart", "0.1.0",
		"crds/a.yaml", crd, "crds/b.yaml", crd+strings.Repeat("# x\n", maxScanned/4), "crds/c.yaml", crd,
		"templates/z.yaml", "kind: A\n")), Options{Limits: MaxLimits()})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range c.Definitions {
		got = append(got, fmt.Sprint(d.File, d.Kind != ""))
	}
	if want := "[crds/a.yamltrue crds/b.yamlfalse crds/c.yamlfalse]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if last := c.Kinds[len(c.Kinds)-1]; last.Path != "templates/z.yaml" || len(last.Kinds) != 0 {
		t.Errorf("got %v of a template beyond the bound", c.Kinds)
	}
}

// A licence costs what it takes to read it once.
func TestLicenseCost(t *testing.T) {
	for name, unit := range map[string]string{
		"words": "a ", "titles": "gnu general public license ", "phrases": "permission is hereby granted free of charge to any person obtaining a ", "no words": ".", "growing": "Ⱥ",
	} {
		text := []byte(strings.Repeat(unit, maxLicense/len(unit)))
		testenv.Cheap(t, name, func() { licenseName(text) })
	}
}
