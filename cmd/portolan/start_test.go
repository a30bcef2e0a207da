package main

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// maxInit is how many bytes a package of ours may allocate before main.
const maxInit = 16 << 10

// Every command waits for what is done before main: what a package can make later, it
// makes when it is first needed.
func TestStart(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("portolan", "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace strings.Builder
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	// The tests of this package are part of that program.
	inits := regexp.MustCompile(`(?m)^init github\.com/portolan-charts/portolan/((?:generator|publisher|templates)\S*) @.* (\d+) bytes, \d+ allocs$`).FindAllStringSubmatch(trace.String(), -1)
	if len(inits) < 5 {
		t.Fatalf("only %d packages in\n%s", len(inits), &trace)
	}
	for _, m := range inits {
		if n, err := strconv.Atoi(m[2]); err != nil || n > maxInit {
			t.Errorf("%s allocates %s bytes before main; %d are allowed", m[1], m[2], maxInit)
		}
	}
}
