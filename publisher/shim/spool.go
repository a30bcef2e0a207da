package shim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// inMemory is how many bytes of a file are kept in memory before it goes to
// disk: most charts fit.
const inMemory = 64 << 10

// spool holds a file while it is being checked: in memory if it is small, and
// otherwise on disk, so that memory does not grow with what is uploaded.
type spool struct {
	memory []byte
	file   *os.File // nil as long as all is in memory
	size   int64
}

var errSpool = errors.New("cannot keep the upload on this server's disk")

// fill reads r to its end, or until there is one byte more than the limit.
func (s *spool) fill(r io.Reader, limit int64) error {
	r = io.LimitReader(r, limit+1)
	var b bytes.Buffer
	n, err := io.CopyN(&b, r, inMemory)
	s.memory, s.size = b.Bytes(), n
	if err == io.EOF {
		return nil
	}
	if err != nil {
		return err
	}
	return s.spill(r)
}

// spill moves what is in memory to disk, and the rest after it. The file has no
// name there, so that nothing is left of it whatever happens.
func (s *spool) spill(r io.Reader) error {
	file, err := os.CreateTemp("", "portolan-upload-*")
	if err != nil {
		return fmt.Errorf("%w: %v", errSpool, err)
	}
	s.file = file
	_ = os.Remove(file.Name()) // Windows only lets it go when it is closed
	if _, err := file.Write(s.memory); err != nil {
		return fmt.Errorf("%w: %v", errSpool, err)
	}
	s.memory = nil
	n, err := io.Copy(diskWriter{file}, r)
	s.size += n
	return err
}

// diskWriter tells the disk's errors from those of what is written to it.
type diskWriter struct{ file *os.File }

func (d diskWriter) Write(p []byte) (int, error) {
	n, err := d.file.Write(p)
	if err != nil {
		err = fmt.Errorf("%w: %v", errSpool, err)
	}
	return n, err
}

// reader reads what was spooled from its beginning. There may be several.
func (s *spool) reader() io.Reader {
	if s == nil {
		return nil
	}
	if s.file == nil {
		return bytes.NewReader(s.memory)
	}
	return io.NewSectionReader(s.file, 0, s.size)
}

// body is what was spooled, as stores take it.
func (s *spool) body() bucket.Body {
	if s == nil {
		return nil
	}
	return func(w io.Writer) error {
		_, err := io.Copy(w, s.reader())
		return err
	}
}

// close forgets what was spooled.
func (s *spool) close() {
	if s == nil || s.file == nil {
		return
	}
	s.file.Close()
	os.Remove(s.file.Name()) // where an open file cannot be removed, it still has its name
}
