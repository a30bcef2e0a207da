// Package smallfile reads the files that people write for portolan.
package smallfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/dustin/go-humanize"
)

// Read reads a regular file of at most this many bytes. Anything else, such as
// a pipe, might never end, or never even open.
func Read(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, named(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: must be a regular file, not a pipe, device or folder", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, named(path, err)
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

// named leaves out the system call of an error, which tells the person who wrote the file
// nothing.
func named(path string, err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		err = e.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &missing{path}
	}
	return fmt.Errorf("%s: %w", path, err)
}

// missing is the error for a file that does not exist.
type missing struct{ path string }

func (e *missing) Error() string { return e.path + ": no such file" }

// Is lets it be recognised by [fs.ErrNotExist].
func (e *missing) Is(target error) bool { return target == fs.ErrNotExist }
