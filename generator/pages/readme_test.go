package pages_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
)

// An overview has the README's contents, and leaves out what the page of values says,
// which has what only the README says.
func TestReadmes(t *testing.T) {
	values, readme := "", "# web\n\n## Install\n\nText.\n\n## Values\n\n| Key | Type | Default | Description |\n|--|--|--|--|\n"
	for i := range 60 {
		if i%2 == 0 {
			values += fmt.Sprintf("# -- Text of %d\n", i)
		}
		values += fmt.Sprintf("key%d: %d\n", i, i)
		readme += fmt.Sprintf("| key%d | int | `%d` | Text of %d |\n", i, i, i)
	}
	w := newTown(t, published)
	w.upload("stable", charttest.Simple("web", "1.0.0", "values.yaml", values, "README.md", readme), nil)
	w.run()
	site := w.mem.Snapshot()
	for page, url := range map[string]string{"index.html": "1.0.0/values.html", "1.0.0/index.html": "values.html"} {
		got := string(site["stable/charts/web/"+page])
		if want := `<p>The chart&#39;s 60 values are on the page <a href="` + url + `">Values</a>.</p>`; !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", page, want)
		}
		if strings.Contains(got, "Text of") {
			t.Errorf("%s has texts of values", page)
		}
		for _, anchor := range []string{"readme-install", "readme-values"} {
			if !strings.Contains(got, `href="#`+anchor+`"`) || !strings.Contains(got, ` id="`+anchor+`"`) {
				t.Errorf("%s has no contents with %s", page, anchor)
			}
		}
		if strings.Contains(got, `href="#readme-web"`) {
			t.Errorf("%s has its title in the contents", page)
		}
	}
	table := string(site["stable/charts/web/1.0.0/values.html"])
	for i := range 60 {
		if !strings.Contains(table, fmt.Sprintf("Text of %d", i)) {
			t.Errorf("values.html lacks the text of %d", i)
		}
	}
}
