package pages_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
)

// The pages of a version show its icon if that is in the chart, and small.
func TestIcons(t *testing.T) {
	drawing := func(shapes int) string {
		return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">` + strings.Repeat(`<path d="M0 0h9v9z"/>`, shapes) + `</svg>`
	}
	all, overview, none := []string{"index.html", "values.html", "templates.html", "changes.html"}, []string{"index.html"}, []string(nil)
	w := newTown(t, published)
	charts := []struct {
		name, icon string
		files      []string
		want       []string
	}{
		{"data", "data:image/svg+xml," + drawing(1), nil, all},
		{"larger", "data:image/svg+xml," + drawing(100), nil, overview},
		{"largest", "data:image/svg+xml," + drawing(400), nil, none},
		{"file", "img/icon.svg", []string{"img/icon.svg", drawing(1)}, all},
		{"missing", "icon.svg", nil, none},
		{"elsewhere", "https://example.com/icon.svg", []string{"icon.svg", drawing(1)}, none},
		{"script", "icon.svg", []string{"icon.svg", strings.Replace(drawing(1), "<path", "<script>alert(1)</script><path", 1)}, none},
	}
	for _, c := range charts {
		about := fmt.Sprintf("apiVersion: v2\nname: %s\nversion: 1.0.0\nicon: '%s'\n", c.name, c.icon)
		w.upload("stable", charttest.Simple(c.name, "1.0.0", append([]string{"Chart.yaml", about}, c.files...)...), nil)
	}
	w.run()
	site := w.mem.Snapshot()
	for _, c := range charts {
		for _, file := range all {
			page := string(site["stable/charts/"+c.name+"/1.0.0/"+file])
			shown := strings.Count(page, `src="data:image/svg&#43;xml;base64,`) + strings.Count(page, `src="data:image/svg+xml;base64,`)
			if want := slices.Contains(c.want, file); (shown == 1) != want || shown > 1 {
				t.Errorf("%s: %s shows %d icons, want it: %v", c.name, file, shown, want)
			}
		}
		link := `<a href="https://example.com/icon.svg"`
		if page := string(site["stable/charts/"+c.name+"/index.html"]); strings.Contains(page, link) != (c.name == "elsewhere") {
			t.Errorf("%s: the overview links to the icon: %v", c.name, strings.Contains(page, link))
		}
	}
}
