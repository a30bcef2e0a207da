package gate

import (
	"os"
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
	if used := strings.Count(code.String(), `reject("`); used != len(rules) {
		t.Errorf("%d gates refuse, by %d rules", used, len(rules))
	}
}
