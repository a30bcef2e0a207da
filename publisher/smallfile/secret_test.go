package smallfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if _, err := Secret(file); !errors.Is(err, fs.ErrNotExist) || err.Error() != file+": no such file" {
		t.Errorf("got %v", err)
	}
	for text, want := range map[string]string{
		"s3cret": "s3cret", "s3cret\n": "s3cret", "s3cret\r\n": "s3cret", " s3 cret\t\n": " s3 cret\t",
		"": "", "\n": "", "one\ntwo\n": "", strings.Repeat("x", 64<<10): strings.Repeat("x", 64<<10), strings.Repeat("x", 64<<10+1): "",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Secret(file)
		if got != want || (err == nil) != (want != "") || err != nil && strings.Contains(err.Error(), "two") {
			t.Errorf("%.20q: got %.20q, %v", text, got, err)
		}
	}
}
