package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/survey"
)

// TestListManyVersions: where the list of a chart does not look up whether its last versions
// were promoted, it says so.
func TestListManyVersions(t *testing.T) {
	t.Parallel()
	w, files := newTown(t), map[string][]byte{}
	for i := range survey.MaxPromoted {
		version := fmt.Sprintf("1.0.%d", i)
		files["web-"+version+".tgz"] = charttest.Simple("web", version)
	}
	w.drop("dev", files)
	w.done("generate", "--pages=false")
	const note = "whether versions were promoted is shown for the first 100; 'portolan log dev' tells of the others"
	if o := w.done("list", "dev", "web"); o.stderr != "" {
		t.Errorf("it says %s", o.stderr)
	}
	w.drop("dev", map[string][]byte{"web-2.0.0.tgz": charttest.Simple("web", "2.0.0")})
	w.done("generate", "--pages=false")
	if o := w.done("list", "dev", "web"); !strings.Contains(o.stderr, note) {
		t.Errorf("it says %s", o.stderr)
	}
	if o := w.done("list", "dev", "--versions"); o.stderr != "" {
		t.Errorf("of all charts, it says %s", o.stderr)
	}
}
