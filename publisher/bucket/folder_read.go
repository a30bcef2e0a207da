package bucket

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
)

func (s *folderStore) Get(ctx context.Context, key string) (*Reader, error) {
	f, err := s.begin(ctx, key, false)
	if absent(err) {
		return nil, About(key, ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	defer f.release()
	if file, _ := s.waiting.find(key); file.name != "" {
		_ = s.settle(f) // the next writer is told
	}
	file, fi, err := openRegular(f, key)
	if absent(err) || errors.Is(err, errNotRegular) {
		return nil, About(key, ErrNotFound)
	}
	if err != nil {
		return nil, About(key, plain(err))
	}
	e := fileEntry(key, fi)
	return &Reader{&fileReader{ctx, file, e}, e}, nil
}

// fileReader reads a file as it was when it was opened, or fails: another program may
// overwrite it in place.
type fileReader struct {
	ctx   context.Context
	f     *os.File
	entry Entry
}

func (r *fileReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, About(r.entry.Key, err)
	}
	n, err := r.f.Read(p)
	if err == nil {
		return n, nil
	}
	if err != io.EOF {
		return n, About(r.entry.Key, plain(err))
	}
	if fi, err := r.f.Stat(); err != nil || fileToken(fi) != r.entry.Token {
		return n, About(r.entry.Key, errRewritten)
	}
	return n, io.EOF
}

func (r *fileReader) Close() error { return r.f.Close() }

// openRegular opens a regular file for reading.
func openRegular(in handle, path string) (*os.File, fs.FileInfo, error) {
	f, err := in.open(path, openFlags)
	if err != nil && !absent(err) {
		if _, odd := statRegular(in, path); errors.Is(odd, errNotRegular) {
			err = odd
		}
	}
	if err != nil {
		return nil, nil, err
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, fi, nil
}

func statRegular(in handle, path string) (fs.FileInfo, error) {
	fi, err := in.stat(path)
	if err == nil && !fi.Mode().IsRegular() {
		err = errNotRegular
	}
	return fi, err
}
