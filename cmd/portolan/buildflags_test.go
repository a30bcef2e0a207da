package main

import (
	"regexp"
	"strings"
	"testing"
)

// Whatever builds portolan builds the same, with the flags of the Makefile.
func TestBuildFlags(t *testing.T) {
	b := regexp.MustCompile(`(?m)^BUILD = (CGO_ENABLED=0) go build (.*)$`).FindStringSubmatch(string(read(t, "../../Makefile")))
	if b == nil {
		t.Fatal("the Makefile does not say how portolan is built")
	}
	static, flags := b[1], b[2]
	for _, file := range []string{"Containerfile", "portolan.sh", "gitlab/portolan.yml", "gitlab/templates/generate.yml"} {
		text := strings.ReplaceAll(string(read(t, "../../ci/"+file)), "\\\n", "")
		builds := regexp.MustCompile(`(?m)^.*\bgo (?:build|install)\b.* "?(?:\./|github.com/portolan-charts/portolan/)cmd/portolan\b.*$`).FindAllString(text, -1)
		if len(builds) == 0 {
			t.Errorf("ci/%s does not build portolan in a way that this test knows", file)
		}
		for _, line := range builds {
			if !strings.Contains(line, static+" go ") || !strings.Contains(line, " "+flags+" ") {
				t.Errorf("ci/%s builds portolan with other flags than %s and %s: %s", file, static, flags, strings.TrimSpace(line))
			}
		}
	}
}
