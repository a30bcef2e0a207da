package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestApart(t *testing.T) {
	const same, dropIn, siteIn = "are the same", "the drop area is inside the site", "the site is inside the drop area"
	folder := t.TempDir()
	t.Chdir(folder)
	if err := os.MkdirAll("real/sub", 0o777); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ drop, site, want string }{
		{"./drop", "./site", ""},
		{"drop", "drop2", ""},
		{"real/sub", "real/sub2", ""},
		{"a", "./a/", same},
		{"a", "b/../a", same},
		{"a", "file://" + filepath.ToSlash(folder) + "/a", same},
		{"real", "real", same},
		{".", "site", siteIn},
		{"site/drop", "site", dropIn},
		{"real/sub/new/drop", "real", dropIn},
		{"s3://a", "s3://a", same},
		{"s3://a?region=x", "S3://a?region=y&prefix=/", same},
		{"s3://a?prefix=p", "s3://a?prefix=p/", same},
		{"s3://a?prefix=p/", "s3://a", dropIn},
		{"gs://a", "gs://a?prefix=p", siteIn},
		{"gs://a?prefix=p/q", "gs://a?prefix=p", dropIn},
		{"gs://a?prefix=p", "gs://a?prefix=p2", ""},
		{"s3://a?prefix=drop", "s3://a?prefix=site", ""},
		{"s3://a", "s3://b", ""},
		{"s3://a", "gs://a", ""},
		{"s3://a?endpoint=http://x", "s3://a?endpoint=http://y", ""},
		{"azblob://a?storage_account=x", "azblob://a?storage_account=y", ""},
		{"azblob://a?storage_account=x&protocol=https", "azblob://a?storage_account=x", same},
		{"a", "s3://a", ""},
		{"s3://a", "./a", ""},
		{"", "", ""},
	}
	if runtime.GOOS == "windows" { // where it takes rights to make links
		tests[5].site = "file:///" + filepath.ToSlash(folder) + "/a"
	} else {
		if err := os.Symlink("real", "link"); err != nil {
			t.Fatal(err)
		}
		tests = append(tests, []struct{ drop, site, want string }{
			{"link", "real", same}, {"link/sub", "real", dropIn}, {"real/new", "link/new", same}, {"link/new/site", "real/other", ""},
		}...)
	}
	for _, test := range tests {
		f := newFlags("generate")
		f.drop, f.site = test.drop, test.site
		switch err := f.apart(); {
		case err == nil && test.want != "":
			t.Errorf("%q, %q: got no error, want %q", test.drop, test.site, test.want)
		case err != nil && (test.want == "" || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%q, %q: got %q, want %q", test.drop, test.site, err, test.want)
		}
	}
}
