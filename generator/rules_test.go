package generator

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var rejected = regexp.MustCompile(`reject\((?:rule, |"([a-z-]+)")`)

// Every rule of the run is used, and whatever rejects an upload says how to mend it.
func TestRules(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "rules.go" {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(b)
	}
	for _, m := range rejected.FindAllStringSubmatch(code.String(), -1) {
		if message, fix := Describe(m[1]); m[1] != "" && (message == "" || fix == "") {
			t.Errorf("the rule %s: message %q, fix %q", m[1], message, fix)
		}
	}
	for name, r := range rules {
		if !strings.Contains(code.String(), `"`+name+`"`) {
			t.Errorf("the rule %s is not used", name)
		}
		if warns := strings.HasPrefix(name, "warn-"); warns && r.fix != "" || r.message == "" {
			t.Errorf("the rule %s: message %q, fix %q", name, r.message, r.fix)
		}
	}
}
