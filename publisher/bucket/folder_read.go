package bucket

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
)

func (s *folderStore) Get(ctx context.Context, key string) (*Reader, error) {
	root, err := s.begin(ctx, key, false)
	if absent(err) {
		return nil, About(key, ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if tmp, _ := s.waiting.find(key); tmp != "" {
		_ = s.settle(root) // the next writer is told
	}
	f, fi, err := openRegular(root, key)
	if absent(err) || errors.Is(err, errNotRegular) {
		return nil, About(key, ErrNotFound)
	}
	if err != nil {
		return nil, About(key, plain(err))
	}
	e := fileEntry(key, fi)
	return &Reader{&fileReader{ctx, f, e}, e}, nil
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

// openRegular opens a regular file for reading. It looks before it opens, because
// opening a device can have effects, and again afterwards, because the name may lead
// elsewhere by then.
func openRegular(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	if _, err := lstatRegular(root, name); err != nil {
		return nil, nil, err
	}
	f, err := root.OpenFile(name, openFlags, 0)
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

func lstatRegular(root *os.Root, name string) (fs.FileInfo, error) {
	fi, err := root.Lstat(name)
	if err == nil && !fi.Mode().IsRegular() {
		err = errNotRegular
	}
	return fi, err
}
