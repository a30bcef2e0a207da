// Package charttest makes chart archives for tests from readable text. The same
// input gives the same bytes.
package charttest

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Time is the default modification time of all entries.
var Time = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)

// Options change how an archive is packed, but not what it holds. Nil means
// defaults.
type Options struct {
	Time    time.Time // modification time of all entries; zero means Time
	Level   int       // gzip level; zero means the best compression
	Reverse bool      // entries in reverse order
	Folders bool      // add entries for folders
}

// Chart returns the files of a small chart, by their paths in its folder. The pairs
// of path and content in more add files, or replace the chart's own.
func Chart(name, version string, more ...string) map[string]string {
	files := map[string]string{
		"Chart.yaml":          fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\ndescription: A chart for tests\n", name, version),
		"values.yaml":         "replicas: 1\n",
		"README.md":           "# " + name + "\n",
		"templates/note.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  replicas: {{ .Values.replicas | quote }}\n",
	}
	for i := 0; i+1 < len(more); i += 2 {
		files[more[i]] = more[i+1]
	}
	return files
}

// Simple returns the archive of Chart(name, version, more...).
func Simple(name, version string, more ...string) []byte {
	return Pack(name, Chart(name, version, more...), nil)
}

// Pack returns the archive of files, in a folder named top. If top is empty, the
// paths stay as they are.
func Pack(top string, files map[string]string, o *Options) []byte {
	if o == nil {
		o = &Options{}
	}
	if top != "" {
		top += "/"
	}
	var entries []Entry
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		full := top + name
		for i := range full {
			if dir := full[:i+1]; o.Folders && full[i] == '/' && !seen[dir] {
				seen[dir] = true
				entries = append(entries, Folder(dir))
			}
		}
		entries = append(entries, File(full, files[name]))
	}
	if o.Reverse {
		slices.Reverse(entries)
	}
	for i := range entries {
		entries[i].Header.ModTime = o.Time
	}
	return Gzip(Tar(entries...), cmp.Or(o.Level, gzip.BestCompression))
}

// An Entry is one entry of a tar archive.
type Entry struct {
	Header tar.Header // Size and ModTime are filled in if zero
	Body   string
}

// File returns the entry of a plain file.
func File(name, body string) Entry {
	return Entry{Header: tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644}, Body: body}
}

// Folder returns the entry of a folder.
func Folder(name string) Entry {
	return Entry{Header: tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}}
}

// Link returns the entry of a symbolic link.
func Link(name, target string) Entry {
	return Entry{Header: tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}}
}

// Tar returns a tar archive with the two zero blocks at its end. It panics if
// package tar refuses to write an entry.
func Tar(entries ...Entry) []byte {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		h := e.Header
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(e.Body))
		}
		if h.ModTime.IsZero() && h.Typeflag != tar.TypeXGlobalHeader {
			h.ModTime = Time
		}
		must(w.WriteHeader(&h))
		_, err := w.Write([]byte(e.Body))
		must(err)
	}
	must(w.Close())
	return buf.Bytes()
}

// Gzip compresses data, at a level of package gzip.
func Gzip(data []byte, level int) []byte {
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, level)
	must(err)
	_, err = w.Write(data)
	must(err)
	must(w.Close())
	return buf.Bytes()
}

// Archive returns the compressed archive of entries.
func Archive(entries ...Entry) []byte { return Gzip(Tar(entries...), gzip.BestCompression) }

func must(err error) {
	if err != nil {
		panic("charttest: " + err.Error())
	}
}
