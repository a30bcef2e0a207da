package gate

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRules: every rule is used, and says what is wrong and how to mend it.
func TestRules(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(b)
	}
	for rule := range rules {
		if message, fix := Describe(rule); message == "" || fix == "" {
			t.Errorf("%s: message %q, fix %q", rule, message, fix)
		}
		if !strings.Contains(code.String(), `reject("`+rule+`"`) {
			t.Errorf("no gate refuses by %s", rule)
		}
	}
	for _, by := range regexp.MustCompile(`reject\("([^"]*)"`).FindAllStringSubmatch(code.String(), -1) {
		if _, ok := rules[by[1]]; !ok {
			t.Errorf("%s is not among the rules", by[1])
		}
	}
}
