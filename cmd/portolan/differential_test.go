package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
)

// TestDifferential gives archives to portolan and to both clients: what
// portolan accepts, each of them renders, and what it refuses here is what one
// of them cannot render.
func TestDifferential(t *testing.T) {
	t.Parallel()
	const base = "apiVersion: v2\nname: web\nversion: 1.0.0\n"
	cases := []struct {
		name   string
		rule   string // "" if it is accepted
		refuse string // the clients that refuse it
		files  []string
	}{
		{"infinite description", "yaml-number", "helm4", []string{"Chart.yaml", base + "description: .inf\n"}},
		{"infinite annotation", "yaml-number", "helm4", []string{"Chart.yaml", base + "annotations: {a: -.Inf}\n"}},
		{"no number as keyword", "yaml-number", "helm4", []string{"Chart.yaml", base + "keywords: [.nan]\n"}},
		{"no number as maintainer", "yaml-number", "helm4", []string{"Chart.yaml", base + "maintainers: [{name: .NAN}]\n"}},
		{"tagged number", "yaml-number", "helm4", []string{"Chart.yaml", base + "home: !!float '.inf'\n"}},
		{"unknown key", "chart-yaml", "helm3 helm4", []string{"Chart.yaml", base + "foo: .inf\n"}},
		{"infinite value", "yaml", "helm3 helm4", []string{"values.yaml", "a: .inf\n"}},
		{"quoted", "", "", []string{"Chart.yaml", base + "description: '.inf'\nhome: !!str .inf\n"}},
		{"key", "", "", []string{"Chart.yaml", base + "annotations: {.inf: a}\n.nan: b\n"}},
		{"too large to be a number", "", "", []string{"Chart.yaml", base + "description: 1e999\n"}},
		{"subchart", "", "", []string{"charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\ndescription: .inf\n"}},
		{"lock", "", "", []string{"Chart.lock", "digest: .inf\n"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newTown(t)
			file := filepath.Join(w.folder, "web-1.0.0.tgz")
			write(t, file, charttest.Simple("web", "1.0.0", c.files...))
			var result struct{ Uploads []dropped }
			o := w.run([]int{exitDone, exitRejected}, "drop", "--output", "json", "stable", file)
			decode(t, o.stdout, &result)
			if got := result.Uploads[0].Rule; got != c.rule {
				t.Errorf("portolan: got rule %q, want %q: %s", got, c.rule, result.Uploads[0].Message)
			}
			var refuse []string
			for _, client := range clients {
				h := newHelm(t, client)
				if process(t, h.dir, h.env, h.path, "template", "mine", file).code != 0 {
					refuse = append(refuse, client)
				}
			}
			if got := strings.Join(refuse, " "); got != c.refuse {
				t.Errorf("refused by %q, want %q", got, c.refuse)
			}
		})
	}
}
