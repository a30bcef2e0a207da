package bucket_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

func TestFolderConform(t *testing.T) {
	buckettest.Conform(t, func(t *testing.T) bucket.Store {
		return openStore(t, filepath.Join(t.TempDir(), "not", "there"))
	})
}

// TestPlainFolderConform is about systems without openat2.
func TestPlainFolderConform(t *testing.T) {
	buckettest.Conform(t, func(t *testing.T) bucket.Store {
		s := openStore(t, filepath.Join(t.TempDir(), "not", "there"))
		bucket.OpenPlainly(s)
		return s
	})
}

func TestOpenFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := t.TempDir()
	for _, url := range []string{
		dir, "rel/site", "./rel/../site", "with:colon", "a#b", "file://" + dir + "/x%23y", "file://localhost" + dir,
	} {
		s := openStore(t, url)
		err := s.Create(t.Context(), bucket.Object{Key: "a", Body: bucket.Bytes(nil)})
		if err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, file := range []string{"rel/site/a", "site/a", "with:colon/a", "a#b/a", dir + "/a", dir + "/x#y/a"} {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	for _, test := range []struct{ url, want string }{
		{"", "no bucket"},
		{"ftp://host/dir", `unknown scheme "ftp": want a folder, file://, azblob://, gs://, s3://`},
		{"https://host/dir", `unknown scheme "https"`},
		{"s3:bucket", "two slashes"},
		{"file:/dir", "two slashes"},
		{"file://dir/sub", "three slashes"},
		{"file://", "three slashes"},
		{"file:///dir?no_tmp_dir=1", `query parameter "no_tmp_dir"`},
		{"file:///dir#x", "%23"},
		{"s3://bucket/site", "s3://bucket?prefix=site/"},
		{"s3://b?key=x", `"key"`},
		{"s3://b?prefix=a//b", "prefix"},
		{"s3://b?nonsense=1", "nonsense"},
		{"s3://b?%zz", "cannot be read"},
		{"s3://b?region=us-east-1;prefix=a", "cannot be read"},
		{"file:///dir?%zz", "cannot be read"},
		{"s3://b?region=us-east-1#frag", "%23"},
		{"s3://b#", "%23"},
		{"gcs://b", "did you mean gs://?"},
		{"az://b", "did you mean azblob://?"},
		{"minio://b", "did you mean s3://NAME?endpoint=https://SERVER?"},
		{"azblo://b", `did you mean "azblob"?`},
	} {
		s, err := bucket.Open(t.Context(), test.url)
		if err == nil || s != nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Open(%q): got error %v, want one with %q", test.url, err, test.want)
		}
	}
}

// TestOpenHidesPasswords: the password in a URL is refused, and shown nowhere.
func TestOpenHidesPasswords(t *testing.T) {
	for _, url := range []string{
		"s3://user:s3cret@b?region=us-east-1", "gs://s3cret@b", "file://user:s3cret@/dir", "ftp://user:s3cret@host", "s3://user:s3c ret@b",
		"s3://user:s3cret@b:x", "s3://user:s3cret%zz@b", "s3://user:s3cret/@b", "s3://user:s3cret@b?%zz", "s3://user:s3cret@b#x",
		"s3://b?endpoint=user:s3cret@host", "s3://b?endpoint=ftp://user:s3cret@host",
	} {
		s, err := bucket.Open(t.Context(), url)
		if err == nil || s != nil || strings.Contains(err.Error(), "s3c") {
			t.Errorf("Open(%q): got error %v, want one without the password", url, err)
		}
	}
}
