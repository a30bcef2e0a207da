package publisher

import (
	"errors"
	"io"
)

// seeker lets [http.ServeContent] serve a range of a plain reader: seeking only notes the
// place, and reading skips to it.
type seeker struct {
	r        io.Reader
	size     int64
	at, want int64
}

var errBackwards = errors.New("cannot read backwards")

// Seek notes where the next Read is to begin.
func (s *seeker) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.want
	case io.SeekEnd:
		offset += s.size
	}
	if offset < 0 {
		return 0, errBackwards
	}
	s.want = offset
	return offset, nil
}

// Read reads from the place that Seek noted, which is never before what was read: only
// one range is served, and no content type has to be detected.
func (s *seeker) Read(p []byte) (int, error) {
	if s.want < s.at {
		return 0, errBackwards
	}
	if skipped, err := io.CopyN(io.Discard, s.r, s.want-s.at); err != nil {
		s.at += skipped
		return 0, err
	}
	n, err := s.r.Read(p)
	s.at = s.want + int64(n)
	s.want = s.at
	return n, err
}
