package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// place is where a repository is stored.
type place interface {
	// read reads the file to which the index refers by the URL ref. It passes
	// the file's bytes to f, and starts again from the beginning after a
	// transient failure. If the file does not exist, it returns errMissing. Any
	// other error that is not f's concerns this file only, unless ctx is done.
	read(ctx context.Context, ref string, f func(io.Reader) error) error
}

var errMissing = errors.New("not found")

const indexFile = "index.yaml"

// Repository is a Helm repository to be imported.
type Repository struct {
	name  string // shown to users
	place place
}

// String returns the repository's URL or folder, without secrets.
func (r *Repository) String() string { return r.name }

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
	return &Repository{bare(u), newWeb(u, c)}, nil
}

// OpenFolder returns the repository in a folder. A folder without an index is a
// repository of the archives in it and in the folders directly below it.
func OpenFolder(dir string) (*Repository, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Repository{dir, &folder{root, newWeb(nil, Credentials{})}}, nil
}

// OpenBucket returns the repository in a bucket; s is the bucket's store.
func OpenBucket(bucket string, s bucket.Store) (*Repository, error) {
	u, err := url.Parse(bucket)
	if err != nil {
		return nil, fmt.Errorf("%.200q is not the URL of a bucket", bucket)
	}
	prefix := strings.Trim(u.Query().Get("prefix"), "/")
	return &Repository{bare(u), &objects{s, u, prefix, newWeb(nil, Credentials{})}}, nil
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
	if u.Scheme == "oci" {
		return errors.New("its URL is in an OCI registry, which import does not read; fetch it with 'helm pull' and upload it with 'portolan drop'")
	}
	return fmt.Errorf("its URL is %.200q, and import does not read %.20s URLs", bare(u), u.Scheme)
}

// folder is a repository in a folder. Nothing outside it is read, whatever links
// it contains.
type folder struct {
	root *os.Root
	web  *web
}

func (d *folder) read(ctx context.Context, ref string, f func(io.Reader) error) error {
	u, err := url.Parse(ref)
	if err != nil {
		return fmt.Errorf("its URL %.200q is not valid", ref)
	}
	if u.Scheme == "" && u.Host == "" {
		return d.file(strings.TrimPrefix(path.Clean("/"+u.Path), "/"), f)
	}
	// A folder may hold the index of a web site with the archives beside it. A
	// provenance file is read from where its archive is.
	name := path.Base(u.Path)
	archive, isProv := strings.CutSuffix(name, ".prov")
	err = d.file(name, f)
	if !errors.Is(err, errMissing) || isProv && d.has(archive) {
		return err
	}
	if !isWeb(u) {
		return notFetched(u)
	}
	return d.web.read(ctx, ref, f)
}

func (d *folder) has(name string) bool {
	_, err := d.root.Stat(name)
	return err == nil
}

func (d *folder) file(name string, f func(io.Reader) error) error {
	name = filepath.FromSlash(name)
	info, err := d.root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return errMissing
	}
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%.200q is not a regular file", name)
	}
	if err != nil {
		return err
	}
	file, err := d.root.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return f(file)
}

// list makes an index of the archives in the folder and in the folders directly
// below it, where 'helm repo index' looks. An archive that cannot be read gets an
// entry without a name; importing it shows what is wrong with it.
func (d *folder) list(ctx context.Context, checks check.Options) (*Index, error) {
	x := &Index{}
	for _, pattern := range []string{"*.tgz", "*/*.tgz"} {
		files, err := fs.Glob(d.root.FS(), pattern)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			e := Entry{URL: (&url.URL{Path: file}).String()}
			_ = d.file(file, func(r io.Reader) error {
				chart, err := check.Archive(r, checks)
				if err == nil {
					e.Name, e.Version, e.Digest = chart.Metadata.Name, chart.Metadata.Version, chart.Digest
				}
				return err
			})
			x.Entries = append(x.Entries, e)
		}
	}
	if len(x.Entries) == 0 {
		return nil, fmt.Errorf("%w, and the folder holds no archives (*.tgz) either", errMissing)
	}
	return x, nil
}

// objects is a repository in a bucket.
type objects struct {
	store  bucket.Store
	bucket *url.URL
	prefix string // of the store's keys in the bucket
	web    *web
}

func (o *objects) read(ctx context.Context, ref string, f func(io.Reader) error) error {
	u, err := url.Parse(ref)
	if err != nil {
		return fmt.Errorf("its URL %.200q is not valid", ref)
	}
	key := strings.TrimPrefix(path.Clean("/"+u.Path), "/")
	switch {
	case u.Scheme == "" && u.Host == "":
	case u.Scheme == o.bucket.Scheme && u.Host == o.bucket.Host:
		var inside bool
		if key, inside = strings.CutPrefix(key, o.prefix); !inside {
			return fmt.Errorf("its URL is not below the prefix %s of the bucket", o.prefix)
		}
		key = strings.TrimPrefix(key, "/")
	case isWeb(u):
		return o.web.read(ctx, ref, f)
	default:
		return notFetched(u)
	}
	r, err := o.store.Get(ctx, key)
	if errors.Is(err, bucket.ErrNotFound) {
		return errMissing
	}
	if err != nil {
		return err
	}
	defer r.Close()
	return f(r)
}

// signatureOf returns the URL of an archive's provenance file.
func signatureOf(ref string) string {
	u, err := url.Parse(ref)
	if err != nil {
		return ref + ".prov"
	}
	u.Path += ".prov"
	if u.RawPath != "" {
		u.RawPath += ".prov"
	}
	return u.String()
}
