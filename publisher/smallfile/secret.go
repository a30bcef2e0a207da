package smallfile

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// maxSecret is far more than tokens of all kinds have, in bytes.
const maxSecret = 64 << 10

// Secret reads a file of one line. It may be a pipe, as a shell makes one of a program's
// output.
func Secret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", named(path, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	secret := strings.TrimRight(string(b), "\r\n")
	switch {
	case err != nil:
		return "", named(path, err)
	case secret == "" || len(b) > maxSecret || strings.ContainsAny(secret, "\r\n"):
		return "", fmt.Errorf("%s: must hold the secret on one line, and nothing else", path)
	}
	return secret, nil
}
