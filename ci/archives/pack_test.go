package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Both kinds of archive hold the files as they are to be installed, and are the
// same bytes each time.
func TestPack(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("file "+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)
	files := []file{{"LICENSE", filepath.Join(folder, "a"), 0o644}, {"portolan", filepath.Join(folder, "b"), 0o755}}
	for kind, pack := range map[string]func([]file, time.Time) ([]byte, error){"tar": tarred, "zip": zipped} {
		one, err := pack(files, at)
		if err != nil {
			t.Fatal(err)
		}
		two, _ := pack(files, at)
		if !bytes.Equal(one, two) {
			t.Errorf("%s: the same files give other bytes", kind)
		}
		unpacked := map[string]func(*testing.T, []byte, func(fs.FileInfo, io.Reader)){"tar": untar, "zip": unzip}[kind]
		n := 0
		unpacked(t, one, func(info fs.FileInfo, r io.Reader) {
			f := files[n]
			n++
			want, _ := os.ReadFile(f.path)
			got, err := io.ReadAll(r)
			if err != nil || info.Name() != f.name || info.Mode() != f.mode || !info.ModTime().Equal(at) || !bytes.Equal(got, want) {
				t.Errorf("%s: %v: %s %v %v %q, want %+v of %v, %q", kind, err, info.Name(), info.Mode(), info.ModTime(), got, f, at, want)
			}
		})
		if n != len(files) {
			t.Errorf("%s: %d files, want %d", kind, n, len(files))
		}
	}
}

func untar(t *testing.T, b []byte, each func(fs.FileInfo, io.Reader)) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(z)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		each(h.FileInfo(), r)
	}
}

func unzip(t *testing.T, b []byte, each func(fs.FileInfo, io.Reader)) {
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		member, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		each(f.FileInfo(), member)
		member.Close()
	}
}
