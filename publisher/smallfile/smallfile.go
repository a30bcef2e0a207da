// Package smallfile reads the files that people write for portolan.
package smallfile

import (
	"fmt"
	"io"
	"os"

	"github.com/dustin/go-humanize"
)

// Read reads a regular file of at most this many bytes. Anything else, such as
// a pipe, might never end, or never even open.
func Read(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: must be a regular file, not a pipe, device or folder", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > most {
		return nil, fmt.Errorf("%s: larger than %s", path, humanize.IBytes(uint64(most)))
	}
	return b, nil
}
