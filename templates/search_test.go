package templates

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// TestSearchScript runs the tests of search.js, which are in JavaScript.
func TestSearchScript(t *testing.T) {
	source, err := embedded.ReadFile(searchFile)
	if err != nil {
		t.Fatal(err)
	}
	module := filepath.Join(t.TempDir(), "search.mjs")
	if err := os.WriteFile(module, source, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(testenv.Context(t), testenv.Program(t, "node"), "--test-reporter=spec", "testdata/search.test.mjs", module).CombinedOutput()
	if err != nil {
		t.Errorf("node: %v\n%s", err, out)
	}
}
