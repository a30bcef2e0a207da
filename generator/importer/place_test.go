package importer

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

func writeFiles(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestImportFolder reads folders with and without an index.
func TestImportFolder(t *testing.T) {
	a, b, c := charttest.Simple("a", "1.0.0"), charttest.Simple("b", "1.0.0"), charttest.Simple("c", "1.0.0")
	plain := writeFiles(t, map[string][]byte{"a.tgz": a, "again.tgz": a, "sub/b %2B.tgz": b, "junk.tgz": []byte("junk"), "sub/sub/c.tgz": c, "README.md": nil})
	for _, test := range []struct{ dir, want string }{
		{plain, "refused not-gzip, a 1.0.0 taken, a 1.0.0 duplicate, b 1.0.0 taken"},
		{writeFiles(t, map[string][]byte{
			"index.yaml": []byte("entries:\n  a:\n  - {name: a, version: 1.0.0, urls: [https://nowhere.invalid/x/a-1.0.0.tgz]}\n  b:\n  - {name: b, version: 1.0.0, urls: [../../etc/b-1.0.0.tgz]}\n" +
				"  c:\n  - {name: c, version: 1.0.0, urls: ['dir/']}\n  d:\n  - {name: d, version: 1.0.0, urls: ['s3://x/d.tgz']}\n"),
			"a-1.0.0.tgz": a, "etc/b-1.0.0.tgz": b, "dir/x": nil,
		}), "a 1.0.0 taken, b 1.0.0 taken, c 1.0.0 unfetched, d 1.0.0 unfetched"},
	} {
		from, err := OpenFolder(test.dir)
		if err != nil {
			t.Fatal(err)
		}
		g := newTarget(t)
		got, _ := g.imports(g.options(from))
		g.want("folder", got, test.want)
	}
	empty, err := OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), newTarget(t).options(empty)); !errors.Is(err, errMissing) {
		t.Errorf("empty: %v", err)
	}
}

// TestImportFolderLink reads nothing outside the folder.
func TestImportFolderLink(t *testing.T) {
	outside := writeFiles(t, map[string][]byte{"a-1.0.0.tgz": charttest.Simple("a", "1.0.0")})
	dir := writeFiles(t, map[string][]byte{"index.yaml": []byte("entries:\n  a:\n  - {name: a, version: 1.0.0, urls: [a-1.0.0.tgz]}\n")})
	if err := os.Symlink(filepath.Join(outside, "a-1.0.0.tgz"), filepath.Join(dir, "a-1.0.0.tgz")); err != nil {
		t.Logf("no links here: %v", err)
		return
	}
	from, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	g := newTarget(t)
	got, _ := g.imports(g.options(from))
	g.want("link", got, "a 1.0.0 unfetched")
}

// TestImportBucket reads a repository in a bucket whose entries have relative URLs
// and URLs of the bucket.
func TestImportBucket(t *testing.T) {
	bucket := &buckettest.Mem{Now: time.Now}
	bucket.Put("index.yaml", []byte("entries:\n  a:\n  - {name: a, version: 1.0.0, urls: [charts/a.tgz]}\n  b:\n  - {name: b, version: 1.0.0, urls: ['s3://old/helm/b.tgz']}\n"+
		"  c:\n  - {name: c, version: 1.0.0, urls: ['s3://old/elsewhere/c.tgz']}\n  d:\n  - {name: d, version: 1.0.0, urls: ['s3://other/helm/d.tgz']}\n  e:\n  - {name: e, version: 1.0.0, urls: [e.tgz]}\n"))
	bucket.Put("charts/a.tgz", charttest.Simple("a", "1.0.0"))
	bucket.Put("b.tgz", charttest.Simple("b", "1.0.0"))
	from, err := OpenBucket("s3://old?prefix=helm/&region=x", bucket.Handle("import"))
	if err != nil || from.String() != "s3://old" {
		t.Fatal(from, err)
	}
	g := newTarget(t)
	got, _ := g.imports(g.options(from))
	g.want("bucket", got, "a 1.0.0 taken, b 1.0.0 taken, c 1.0.0 unfetched, d 1.0.0 unfetched, e 1.0.0 unfetched")
}

// TestImportAddresses asks no server on this machine's link for the archives of a
// folder or a bucket, whose index may come from anybody.
func TestImportAddresses(t *testing.T) {
	index := []byte("entries:\n  a:\n  - {name: a, version: 1.0.0, urls: ['http://169.254.169.254/latest/a-1.0.0.tgz']}\n" +
		"  b:\n  - {name: b, version: 1.0.0, urls: ['http://100.100.100.200/b-1.0.0.tgz']}\n")
	folder, err := OpenFolder(writeFiles(t, map[string][]byte{indexFile: index}))
	if err != nil {
		t.Fatal(err)
	}
	objects := &buckettest.Mem{Now: time.Now}
	objects.Put(indexFile, index)
	bucket, err := OpenBucket("s3://acme", objects.Handle("old"))
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []*Repository{folder, bucket} {
		from.web.client.Transport = noServer{t}
		g := newTarget(t)
		got, _ := g.imports(g.options(from))
		g.want(from.String(), got, "a 1.0.0 unfetched, b 1.0.0 unfetched")
	}
}

// noServer fails the test if any server is asked.
type noServer struct{ t *testing.T }

func (s noServer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.t.Errorf("%s is asked", r.URL.Host)
	return nil, errors.New("no server")
}

// TestIndexSource fails as a whole if the index cannot be read.
func TestIndexSource(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter){
		"page":  func(w http.ResponseWriter) { io.WriteString(w, "<!doctype html>") },
		"none":  func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) },
		"error": func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
		"huge": func(w http.ResponseWriter) {
			line := []byte(strings.Repeat("#", 1<<20) + "\n")
			for range 101 {
				w.Write(line)
			}
		},
	} {
		s := newOld(t)
		s.odd = func(w http.ResponseWriter, _ *http.Request, _ int) bool { answer(w); return true }
		if _, err := Run(t.Context(), newTarget(t).options(s.open(Credentials{}))); err == nil || !strings.Contains(err.Error(), "index.yaml") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
