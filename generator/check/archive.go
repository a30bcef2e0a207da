package check

import (
	"archive/tar"
	"bufio"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

const (
	tarBlock  = 512
	gzipMagic = "\x1f\x8b"
)

// source is where an archive's packed bytes come from. It remembers how
// reading them failed: whatever gzip or tar make of it afterwards, that is not
// a fault of the archive.
type source struct {
	r   io.Reader
	sum hash.Hash
	n   int64
	max int64
	err error // of r, or the Problem that the archive is too large
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := 0, error(nil)
	// A reader that never gets on must not keep us waiting: bufio gives up
	// by itself, gzip does not.
	for range 100 {
		if n, err = s.r.Read(p); n > 0 || err != nil || len(p) == 0 {
			break
		}
	}
	if n == 0 && err == nil && len(p) > 0 {
		err = io.ErrNoProgress
	}
	s.n += int64(n)
	s.sum.Write(p[:n])
	if s.n > s.max {
		s.err = tooLarge(s.max)
		return 0, s.err
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// digest is the SHA-256 of what has been read.
func (s *source) digest() (sum [sha256.Size]byte) {
	s.sum.Sum(sum[:0])
	return sum
}

// unpacked is the decompressed stream. All bytes count, headers and padding
// too, so that nothing in an archive can be decompressed for free.
type unpacked struct {
	z    io.Reader
	left *int64 // shared by nested archives
	max  int64
	n    int64
	err  error // of gzip, or the Problem that there is too much
}

func (u *unpacked) Read(p []byte) (int, error) {
	if u.err != nil {
		return 0, u.err
	}
	n, err := u.z.Read(p)
	u.n += int64(n)
	if *u.left -= int64(n); *u.left < 0 {
		u.err = reject("unpacked-size", "the archive has more than %s when unpacked", sizeText(u.max))
		return 0, u.err
	}
	if err != nil && err != io.EOF {
		u.err = err
	}
	return n, err
}

// An inflater is what reading a gzip member takes of memory, some 80 KB.
type inflater struct {
	buf *bufio.Reader // an io.ByteReader, so that gzip takes no byte too many
	z   gzip.Reader
}

var inflaters = sync.Pool{New: func() any { return &inflater{buf: bufio.NewReaderSize(nil, 32<<10)} }}

// An archive is one gzip-compressed tar archive being read.
type archive struct {
	*inflater
	src     *source
	gz      *unpacked
	tar     *tar.Reader
	entries int
}

// An entry is a file or folder of an archive whose name has been checked.
type entry struct {
	top, path string // path is empty for the top folder
	dir       bool
	size      int64
}

// readArchive hands every file and folder of an archive to visit, then checks
// that the archive ends as it should. noEnd reports that its tar archive does
// not end with two zero blocks; tar and Helm take it all the same.
func readArchive(src *source, b *bounds, visit func(e entry, r io.Reader) error) (noEnd bool, err error) {
	a := &archive{src: src, inflater: inflaters.Get().(*inflater)}
	a.buf.Reset(src)
	noEnd, err = a.read(b, visit)
	a.buf.Reset(nil)
	inflaters.Put(a.inflater)
	return noEnd, a.fault(err)
}

func (a *archive) read(b *bounds, visit func(entry, io.Reader) error) (noEnd bool, err error) {
	if magic, err := a.buf.Peek(2); string(magic) != gzipMagic && (err == nil || err == io.EOF) {
		return false, reject("not-gzip", "the file is not a gzip-compressed archive")
	}
	if err := a.z.Reset(a.buf); err != nil {
		return false, err
	}
	a.z.Multistream(false)
	a.gz = &unpacked{z: &a.z, left: &b.unpacked, max: b.limits.Unpacked}
	a.tar = tar.NewReader(a.gz)
	end := int64(0) // of the last entry and its padding
	for {
		hd, err := a.tar.Next()
		if err == io.EOF {
			return a.finish(end)
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) { // names are our own business
			return false, err
		}
		a.entries++
		if b.entries--; b.entries < 0 {
			return false, reject("too-many-entries", "the archive has more than %d entries", b.limits.Entries)
		}
		if err := a.visit(hd, visit); err != nil {
			return false, err
		}
		if _, err := io.Copy(io.Discard, a.tar); err != nil {
			return false, err
		}
		end = (a.gz.n + tarBlock - 1) / tarBlock * tarBlock
	}
}

// visit checks one header and passes the entry on.
func (a *archive) visit(hd *tar.Header, visit func(entry, io.Reader) error) error {
	if p := checkHeader(hd); p != nil {
		return p
	}
	if hd.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	e := entry{dir: hd.Typeflag == tar.TypeDir, size: hd.Size}
	var p *Problem
	if e.top, e.path, p = splitPath(hd.Name, e.dir); p != nil {
		return p
	}
	return visit(e, a.tar)
}

// checkHeader refuses entries that are neither plain files nor folders, and
// those that programs take for one or the other.
func checkHeader(hd *tar.Header) *Problem {
	for key := range hd.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return reject("entry-sparse", "%s is a sparse file", Quote(hd.Name))
		}
	}
	mode := hd.FileInfo().Mode()
	switch hd.Typeflag {
	case tar.TypeXGlobalHeader:
		return checkGlobal(hd)
	case tar.TypeReg:
		if !mode.IsRegular() {
			return reject("entry-mode", "%s is a file by its type and something else by its mode", Quote(hd.Name))
		}
	case tar.TypeDir:
		if !mode.IsDir() || hd.Size != 0 {
			return reject("entry-mode", "%s is a folder by its type and something else by its mode or size", Quote(hd.Name))
		}
	case tar.TypeGNUSparse:
		return reject("entry-sparse", "%s is a sparse file", Quote(hd.Name))
	case tar.TypeLink, tar.TypeSymlink:
		return reject("entry-type", "%s is a link", Quote(hd.Name))
	default:
		return reject("entry-type", "%s is neither a file nor a folder (tar type %q)", Quote(hd.Name), hd.Typeflag)
	}
	return nil
}

// checkGlobal takes the global headers that `git archive` writes. Go ignores
// global headers and other programs obey them, so one that changes what the
// following entries are would make two different charts of one archive.
func checkGlobal(hd *tar.Header) *Problem {
	for key := range hd.PAXRecords {
		switch key {
		case "path", "linkpath", "size", "hdrcharset":
			return reject("tar-global-header", "a global tar header sets %s for all entries", Quote(key))
		}
	}
	return nil
}

// finish checks what follows the last entry: zero bytes up to the end of the
// one gzip member (whose checksum the reading verifies), and then nothing.
func (a *archive) finish(end int64) (noEnd bool, err error) {
	if a.gz.n < end {
		return false, reject("tar-truncated", "the tar archive ends within an entry")
	}
	noEnd = a.gz.n < end+2*tarBlock
	block := make([]byte, 4096)
	for {
		n, err := a.gz.Read(block)
		for _, c := range block[:n] {
			if c != 0 {
				return false, reject("tar-trailing-bytes", "something follows the end of the tar archive")
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return false, err
		}
	}
	next, err := a.buf.Peek(2)
	switch {
	case len(next) == 0 && err == io.EOF:
		return noEnd, nil
	case len(next) == 0:
		return false, err
	case string(next) == gzipMagic:
		return false, reject("gzip-several-members", "the file holds more than one gzip member")
	}
	return false, reject("gzip-trailing-bytes", "something follows the compressed data")
}

// fault tells whose fault err is: that of the source, or of one of the layers
// of the archive, which is a Problem.
func (a *archive) fault(err error) error {
	if err == nil {
		return nil
	}
	if a.src.err != nil {
		return a.src.err
	}
	if p := (*Problem)(nil); errors.As(err, &p) {
		return p
	}
	if a.gz == nil || a.gz.err != nil {
		return a.gzipFault(err)
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return reject("tar-truncated", "the tar archive ends within an entry")
	case a.entries == 0:
		return reject("not-tar", "the compressed data is not a tar archive")
	}
	return reject("tar-corrupt", "the tar archive is damaged after %d entries: %s", a.entries, Foreign(err))
}

func (a *archive) gzipFault(err error) error {
	if a.gz != nil {
		err = a.gz.err
	}
	if p := (*Problem)(nil); errors.As(err, &p) {
		return p
	}
	switch {
	case a.gz == nil && errors.Is(err, gzip.ErrHeader):
		return reject("not-gzip", "the file is not a gzip-compressed archive")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return reject("gzip-truncated", "the compressed data ends too early")
	}
	return reject("gzip-corrupt", "the compressed data is damaged: %s", Foreign(err))
}
