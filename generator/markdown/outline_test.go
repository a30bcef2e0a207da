package markdown

import (
	"fmt"
	"strings"
	"testing"
)

// outlineOf returns a README's contents as text: level, anchor and text.
func outlineOf(src, chart string) string {
	_, contents := Parse(ctx, []byte(src)).Render(ctx, Options{Chart: chart})
	var all []string
	for _, h := range contents {
		all = append(all, fmt.Sprintf("%d %s %s", h.Level, h.Anchor, h.Text))
	}
	return strings.Join(all, "|")
}

func TestContents(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"none", "text", ""},
		{"below the chart's name", "# Web App\n## Install\n### From source\n## Values\n", "1 readme-install Install|2 readme-from-source From source|1 readme-values Values"},
		{"name in other words", "# The Web-App Helm Chart\n## A\n## B\n", "1 readme-a A|1 readme-b B"},
		{"name again", "# web-app\n## web-app\n## B\n", "1 readme-web-app-1 web-app|1 readme-b B"},
		{"one besides the name", "# web-app\n## A\n", ""},
		{"another title", "# About web-app\n## A\n", "1 readme-about-web-app About web-app|2 readme-a A"},
		{"levels skipped", "#### A\n###### B\n", "1 readme-a A|2 readme-b B"},
		{"marks", "## A *b* `c` [d](http://e) <br> &lt;f&gt;\n# Z\n", "1 readme-a-b-c-d--f A b c d <f>|1 readme-z Z"},
		{"in other elements", "> # A\n\n<details>\n\n# B\n\n</details>\n", "1 readme-a A|1 readme-b B"},
		{"long", "# Z\n# " + strings.Repeat("ab ", 40), "1 readme-z Z|1 readme-" + strings.TrimSuffix(strings.Repeat("ab-", 40), "-") + " " + strings.TrimSpace(strings.Repeat("ab ", 27)) + "…"},
	} {
		if got := outlineOf(tt.in, "web-app"); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	parts := strings.Repeat("# A\n## B\n### C\n", 25)
	if got := outlineOf(parts, ""); strings.Count(got, "|") != 49 || strings.Contains(got, "|3 ") {
		t.Errorf("of three levels with 25 headings each, got %s", got)
	}
	if got := outlineOf(strings.Repeat("# A\n", 1000), ""); strings.Count(got, "|") != maxHeadings-1 {
		t.Errorf("of 1000 headings, got %d", strings.Count(got, "|")+1)
	}
}
