package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
)

// TestUninstallable holds what portolan warns of against both Helms: they render no
// chart that has such a warning, unless it is one about what a cluster refuses, and
// any chart that only looks like these.
func TestUninstallable(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	h3, h4 := newHelm(t, "helm3"), newHelm(t, "helm4")
	for name, b := range charttest.Uninstallable() {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(folder, strings.ReplaceAll(name, " ", "-")+".tgz")
			write(t, file, charttest.Simple("mychart", "0.1.0", b.Files...))
			renders := b.Rule == "" || b.Renders
			for _, h := range []*helm{h3, h4} {
				o := process(t, h.dir, h.env, h.path, "template", "mine", file)
				library := strings.Contains(o.stderr, "not installable") // as it is meant to be
				if got := o.code == 0 || library; got != renders {
					t.Errorf("%s: renders: %t, want %t: %s", h.path, got, renders, o.stderr)
				}
			}
		})
	}
}
