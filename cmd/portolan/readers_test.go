package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// TestIndexReaders has the index, and the index of a snapshot, read by the Helms from
// 3.4 on that read it in different ways, and as Argo CD does: all find every version,
// newest first.
func TestIndexReaders(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	const full = `apiVersion: v2
name: web
version: 1.1.0
appVersion: "010"
description: "A chart: with # everything"
home: https://example.com
icon: https://example.com/icon.png
type: application
kubeVersion: ">=1.20.0-0"
deprecated: true
keywords: [a, "yes", "1.10"]
sources: [https://example.com/source]
maintainers: [{name: Ana, email: ana@example.com, url: https://example.com/ana}]
annotations: {artifacthub.io/changes: "- kind: added\n  description: x\n", n: "1"}
dependencies:
- {name: db, version: ^1.0.0, repository: https://example.com, condition: db.enabled, tags: [t], alias: store, import-values: [x, {child: a, parent: b}]}
`
	w.drop("stable", map[string][]byte{
		"web-1.0.0.tgz": charttest.Simple("web", "1.0.0"),
		"web-1.1.0.tgz": charttest.Simple("web", "1.1.0", "Chart.yaml", full),
		"api-1.0.0.tgz": charttest.Simple("api", "1.0.0+build.1"),
	})
	w.done("generate")
	for _, tool := range []string{"helm3.4-index", "helm3.5-index", "helm3.8-index", "helm3.12-index", "helm3.13-index", "argocd-index"} {
		path := testenv.Tool(t, tool)
		for _, index := range []string{"stable/index.yaml", "stable/snapshots/00000001/index.yaml"} {
			o := process(t, w.folder, plainEnv(), path, filepath.Join(w.folder, "site", filepath.FromSlash(index)))
			var got []string
			for line := range strings.Lines(o.stdout) {
				got = append(got, strings.Join(strings.Fields(line)[:2], " "))
			}
			if want := "api 1.0.0+build.1, web 1.1.0, web 1.0.0"; o.code != 0 || strings.Join(got, ", ") != want {
				t.Errorf("%s, %s: exit code %d, got %q, want %q\n%s", tool, index, o.code, got, want, o.stderr)
			}
		}
	}
}
