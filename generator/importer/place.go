package importer

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// place is where a repository is stored.
type place interface {
	// refs returns the URLs where the archive of an entry may be, the likeliest
	// first. Relative ones are of files in the place itself.
	refs(e Entry) ([]string, error)

	// read reads the file with the URL ref. It passes the file's bytes to f, and
	// starts again from the beginning after a transient failure. If the file does
	// not exist, it returns errMissing. Any other error that is not f's concerns
	// this file only, unless ctx is done. For an optional file, which few
	// repositories have, it is less patient.
	read(ctx context.Context, ref string, optional bool, f func(io.Reader) error) error
}

// store is a place whose files can be listed.
type store interface {
	place

	// files lists the files, but not those in hidden folders.
	files(ctx context.Context) ([]stored, error)
}

// stored is a file in a listing.
type stored struct {
	name string
	date time.Time // zero if it says nothing: copying a file and git change it
}

var errMissing = errors.New("not found")

const indexFile = "index.yaml"

// Repository is a Helm repository to be imported.
type Repository struct {
	name  string // shown to users
	index string // name of its index
	place place
	web   *web // for what is on the web
}

// String returns the repository's URL or folder, without secrets.
func (r *Repository) String() string { return r.name }

// Trust adds the authorities that may have signed the certificates of servers.
func (r *Repository) Trust(authorities *x509.CertPool) { r.web.client.Trust(authorities) }

// OpenWeb returns the repository at a URL, which is the URL that 'helm repo add'
// takes.
func OpenWeb(base string, c Credentials) (*Repository, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%.200q is not the URL of a repository (http or https)", base)
	case u.User != nil:
		return nil, errors.New("the URL must not hold credentials, which others on this machine can read on the command line")
	}
	// Helm's users know the URL with and without the file name.
	u.Path = strings.TrimSuffix(u.Path, "/"+indexFile)
	u.RawPath, u.Fragment = "", ""
	w := newWeb(u, c)
	return &Repository{bare(u), indexFile, w, w}, nil
}

// OpenFolder returns the repository in a folder; the path may also be that of its
// index. A folder without an index is a repository of the archives in it.
func OpenFolder(dir string) (*Repository, error) {
	name, index := dir, indexFile
	if info, err := os.Stat(dir); err == nil && info.Mode().IsRegular() {
		dir, index = filepath.Split(dir)
		dir = filepath.Clean(dir) // "." if the path is only a file name
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	w := newWeb(nil, Credentials{})
	return &Repository{name, index, &folder{root, w}, w}, nil
}

// OpenBucket returns the repository in a bucket; s is the bucket's store.
func OpenBucket(bucket string, s bucket.Store) (*Repository, error) {
	u, err := url.Parse(bucket)
	if err != nil {
		return nil, fmt.Errorf("%.200q is not the URL of a bucket", bucket)
	}
	prefix := strings.Trim(u.Query().Get("prefix"), "/")
	w := newWeb(nil, Credentials{})
	return &Repository{bare(u), indexFile, &objects{s, u, prefix, w}, w}, nil
}

// bare returns a URL without the parts that may hold secrets.
func bare(u *url.URL) string {
	b := *u
	b.User, b.RawQuery, b.Fragment = nil, "", ""
	return b.String()
}

// isWeb reports whether the URL is that of a web server.
func isWeb(u *url.URL) bool { return u.Scheme == "http" || u.Scheme == "https" }

// notFetched returns the error for a URL that the importer does not support.
func notFetched(u *url.URL) error {
	return fmt.Errorf("its URL is %.200q, and import does not read %.20s URLs", bare(u), u.Scheme)
}

// maxBelow is how many folders above an archive are looked for in a place.
const maxBelow = 10

// below returns where a place may have the archive of an entry: at the path of its
// URL, or where the place is a copy of some folder on the way to it, at the end of
// that path; the longest end comes first. So a checkout of a web site is read, and
// ChartMuseum's storage, which lacks the charts/ of its URLs. Last comes the name
// that 'helm package' and 'helm pull' give to an archive. Whether it is the right one,
// its digest says.
func below(u *url.URL, e Entry) []string {
	var names []string
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	// A tool that copies a site may keep the %2B of a URL in the name.
	for _, whole := range []string{u.Path, u.EscapedPath()} {
		whole = strings.TrimPrefix(path.Clean("/"+whole), "/")
		add(whole)
		folders := strings.Split(whole, "/")
		for i := max(1, len(folders)-maxBelow); i < len(folders); i++ {
			add(strings.Join(folders[i:], "/"))
		}
	}
	if e.Name != "" && !strings.ContainsAny(e.Name+e.Version, `/\`) {
		add(e.Name + "-" + e.Version + ".tgz")
	}
	for i, name := range names {
		names[i] = localURL(name)
	}
	return names
}

// localURL returns the relative URL of a file in a place.
func localURL(name string) string { return (&url.URL{Path: name}).String() }

// localName returns the name of the file in a place that has a relative URL.
func localName(u *url.URL) string { return strings.TrimPrefix(path.Clean("/"+u.Path), "/") }

// isLocal reports whether a URL is relative, and so that of a file in a place.
func isLocal(u *url.URL) bool { return u.Scheme == "" && u.Host == "" }

// elsewhere says of an error on the web that the place was looked in, too.
func elsewhere(place string, err error) error {
	if err == nil || errors.Is(err, errMissing) {
		return err
	}
	return fmt.Errorf("it is not in the %s, and cannot be fetched from its URL: %w", place, err)
}
