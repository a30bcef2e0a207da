package shim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// inMemory is how many bytes of a file are kept in memory before it moves to disk.
// Most charts are smaller.
const inMemory = 64 << 10

// spool holds a file while it is being checked: in memory if it is small, and
// otherwise on disk, so that memory does not grow with what is uploaded.
type spool struct {
	memory []byte
	file   *os.File // nil while everything is in memory
	size   int64
	named  bool // it came with the name of a file, as curl sends one after an @
}

var errSpool = errors.New("cannot keep the upload on this server's disk")

// fill reads r to its end, or until it has one byte more than the limit.
func (s *spool) fill(r io.Reader, limit int64) error {
	_, err := io.Copy(s, io.LimitReader(r, limit+1))
	return err
}

// Write adds to the file. It marks the disk's errors with errSpool, to distinguish them
// from those of whatever is being read.
func (s *spool) Write(p []byte) (int, error) {
	if s.file == nil && len(s.memory)+len(p) <= inMemory {
		s.memory = append(s.memory, p...)
		s.size += int64(len(p))
		return len(p), nil
	}
	if s.file == nil {
		if err := s.spill(); err != nil {
			return 0, fmt.Errorf("%w: %v", errSpool, err)
		}
	}
	n, err := s.file.Write(p)
	s.size += int64(n)
	if err != nil {
		err = fmt.Errorf("%w: %v", errSpool, err)
	}
	return n, err
}

// spill moves what is in memory to disk. It removes the file's name at once, so that the
// file is gone even if the process is killed.
func (s *spool) spill() error {
	file, err := os.CreateTemp("", "portolan-upload-*")
	if err != nil {
		return err
	}
	s.file = file
	_ = os.Remove(file.Name()) // fails on Windows, where close removes it
	_, err = file.Write(s.memory)
	s.memory = nil
	return err
}

// reader returns a new reader of the whole file. Several may be in use at once.
func (s *spool) reader() io.Reader {
	if s == nil {
		return nil
	}
	if s.file == nil {
		return bytes.NewReader(s.memory)
	}
	return io.NewSectionReader(s.file, 0, s.size)
}

// body returns the file in the form that stores take.
func (s *spool) body() bucket.Body {
	if s == nil {
		return nil
	}
	return func(w io.Writer) error {
		_, err := io.Copy(w, s.reader())
		return err
	}
}

// close removes the file.
func (s *spool) close() {
	if s == nil || s.file == nil {
		return
	}
	s.file.Close()
	os.Remove(s.file.Name()) // for systems that cannot remove an open file
}
