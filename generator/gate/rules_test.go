package gate

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestRules: every rule is used, and says what is wrong and how to mend it.
func TestRules(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	for _, file := range []string{"gate.go", "dependencies.go"} {
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
