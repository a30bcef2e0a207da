package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// apart refuses a drop area and a site that are one, or of which one is inside
// the other: anyone who may upload could then write to the site, and what is
// public could be read in the drop area.
func (f *flags) apart() error {
	inside := bucketInside
	drop, site := localFolder(f.drop), localFolder(f.site)
	switch {
	case drop == "" && site == "":
		drop, site = f.drop, f.site
	case drop == "" || site == "":
		return nil
	default:
		drop, site, inside = resolveFolder(drop), resolveFolder(site), folderInside
	}
	how := ""
	switch within, around := inside(drop, site), inside(site, drop); {
	case within && around:
		how = "the drop area and the site are the same"
	case within:
		how = "the drop area is inside the site"
	case around:
		how = "the site is inside the drop area"
	default:
		return nil
	}
	return hint(wrongSetting(fmt.Errorf("%s %s, %s %s: %s", f.given["drop"], f.drop, f.given["site"], f.site, how)),
		"give each its own folder, bucket or prefix: uploaders must not be able to change the site, and readers of the site must not see uploads")
}

// resolveFolder is the folder without symbolic links. What of it is not there
// yet is taken as it is.
func resolveFolder(folder string) string {
	abs, err := filepath.Abs(folder)
	if err != nil {
		return folder
	}
	rest := ""
	for dir := abs; ; dir = filepath.Dir(dir) {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(real, rest)
		}
		if dir == filepath.Dir(dir) {
			return abs
		}
		rest = filepath.Join(filepath.Base(dir), rest)
	}
}

// folderInside reports whether a folder is the other one or inside it. Both
// have no symbolic links; what exists is compared as the file system does,
// which may ignore case.
func folderInside(folder, outer string) bool {
	there, err := os.Stat(outer)
	for ; ; folder = filepath.Dir(folder) {
		if folder == outer {
			return true
		}
		if info, statErr := os.Stat(folder); err == nil && statErr == nil && os.SameFile(info, there) {
			return true
		}
		if folder == filepath.Dir(folder) {
			return false
		}
	}
}

// bucketInside reports whether a bucket URL names the same folder of the same
// bucket as the other, or one inside it.
func bucketInside(bucket, outer string) bool {
	server, prefix := splitBucket(bucket)
	outerServer, outerPrefix := splitBucket(outer)
	return server != "" && server == outerServer && strings.HasPrefix(prefix, outerPrefix)
}

// splitBucket returns which bucket a URL names, on which server, and the
// folder in it, with a slash at the end.
func splitBucket(bucket string) (server, prefix string) {
	u, err := url.Parse(bucket)
	if err != nil || u.Host == "" {
		return "", ""
	}
	q := u.Query()
	if prefix = strings.Trim(q.Get("prefix"), "/"); prefix != "" {
		prefix += "/"
	}
	// Of all parameters, these name another server or account.
	for name := range q {
		if !slices.Contains([]string{"endpoint", "storage_account", "domain", "localemu"}, name) {
			q.Del(name)
		}
	}
	return strings.ToLower(u.Scheme) + "://" + u.Host + "?" + q.Encode(), prefix
}
