package publisher_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

func openStore(t *testing.T, url string) bucket.Store {
	t.Helper()
	s, err := bucket.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// writeFile writes as another program does.
func writeFile(t *testing.T, content string, elem ...string) {
	t.Helper()
	name := filepath.Join(elem...)
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}
