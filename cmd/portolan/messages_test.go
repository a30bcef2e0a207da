package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// TestMessagesGolden has the wording of what portolan says of mistakes in its
// command line, its environment and the files that these name. Other tests look
// at the names, values and exit codes in it, and leave the words alone.
func TestMessagesGolden(t *testing.T) {
	golden, err := filepath.Abs("testdata/messages.txtar")
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(read(t, golden))
	t.Chdir(t.TempDir())
	write(t, "web-1.0.0.tgz", charttest.Simple("web", "1.0.0"))
	for _, f := range archive.Files {
		write(t, f.Name, f.Data)
		if err := os.Chmod(f.Name, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var got bytes.Buffer
	for line := range strings.Lines(string(archive.Comment)) {
		switch command, isCommand := strings.CutPrefix(line, "$ "); {
		case isCommand:
			got.WriteString(line + complaintOf(t, shellWords(command)))
		case line == "\n" || strings.HasPrefix(line, "#"):
			got.WriteString(line)
		}
	}
	archive.Comment = got.Bytes()
	if b := txtar.Format(archive); !bytes.Equal(b, testenv.Golden(t, golden, b)) {
		t.Errorf("portolan says something else than testdata/messages.txtar; run 'make golden', and read the diff:\n%s", b)
	}
}

// complaintOf runs a command, with variables before it, and returns what it says
// on standard error, and its exit code.
func complaintOf(t *testing.T, words []string) string {
	t.Helper()
	for ; strings.HasPrefix(words[0], "PORTOLAN_"); words = words[1:] {
		name, value, _ := strings.Cut(words[0], "=")
		t.Setenv(name, value)
		defer os.Unsetenv(name)
	}
	code, stdout, stderr := runIn(t, t.Context(), words[1:]...)
	if stdout != "" {
		t.Errorf("%q prints %s", words, stdout)
	}
	for _, secret := range []string{"s3cret", "glptt"} {
		if strings.Contains(stderr, secret) {
			t.Errorf("%q prints the secret: %s", words, stderr)
		}
	}
	for _, folder := range []string{"drop", "site"} {
		if _, err := os.Stat(folder); err == nil && code == exitUsage {
			t.Errorf("%q makes the folder %s", words, folder)
		}
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%sexit code %d\n", stderr, code)
}

// shellWords are the words of a line, in which single quotes may stand around spaces.
func shellWords(line string) (words []string) {
	word, quoted, begun := "", false, false
	for _, r := range strings.TrimSpace(line) + " " {
		switch {
		case r == '\'':
			quoted, begun = !quoted, true
		case r == ' ' && !quoted:
			if begun {
				words = append(words, word)
			}
			word, begun = "", false
		default:
			word, begun = word+string(r), true
		}
	}
	return words
}
