package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
)

// open opens a bucket that is written to, the one that a flag names. A local
// folder is made if need be.
func (p *program) open(ctx context.Context, f *flags, flag string) (bucket.Store, error) {
	store, folder, err := f.openBucket(ctx, flag)
	if err != nil || folder == "" {
		return store, err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		if e := (*fs.PathError)(nil); errors.As(err, &e) {
			err = e.Err
		}
		return nil, fmt.Errorf("%s: cannot make the folder %s: %w", f.given[flag], folder, err)
	}
	return store, nil
}

// openExisting opens a bucket that is only read: a local folder must be there.
func (p *program) openExisting(ctx context.Context, f *flags, flag string) (bucket.Store, error) {
	store, folder, err := f.openBucket(ctx, flag)
	if err != nil || folder == "" {
		return store, err
	}
	if err := isFolder(folder); err != nil {
		return nil, hint(err, "%s creates it; or name another one with --%s or %s", maker(flag), flag, variable(f.command, flag))
	}
	return store, nil
}

// openSiteAndDrop opens a site, which must be there, and its drop area: one that is not
// there yet is empty.
func (p *program) openSiteAndDrop(ctx context.Context, f *flags) (site, drop bucket.Store, err error) {
	if site, err = p.openExisting(ctx, f, "site"); err != nil {
		return nil, nil, err
	}
	drop, _, err = f.openBucket(ctx, "drop")
	return site, drop, err
}

// openBucket opens the bucket that a flag names. If it is a local folder, which
// need not be there, its path is returned, too.
func (f *flags) openBucket(ctx context.Context, flag string) (store bucket.Store, folder string, err error) {
	url := f.Lookup(flag).Value.String()
	if err := f.checkBucket(flag, url); err != nil {
		return nil, "", err
	}
	if isWeb(url) {
		return nil, "", hint(wrongSetting(fmt.Errorf("%s: this is a web site, which only list, log, diff and verify can read", url)),
			"%s takes the URL of a bucket, or a folder", f.given[flag])
	}
	store, err = bucket.Open(ctx, url)
	return store, localFolder(url), wrongBucket(err)
}

// checkBucket refuses the text of a bucket that would quietly make a folder of
// a name that nobody wants.
func (f *flags) checkBucket(flag, text string) error {
	if strings.TrimSpace(text) != text {
		return hint(wrongSetting(fmt.Errorf("%s: %q begins or ends with white space", f.given[flag], text)),
			"remove it; where it belongs to a folder's name, write file:/// with %%20 for a space")
	}
	if strings.HasPrefix(text, "~") {
		return hint(wrongSetting(fmt.Errorf("%s: the ~ in %q is not expanded", f.given[flag], text)),
			"write the whole path of your home folder, or ./%s for a folder of this name", text)
	}
	return nil
}

// maker is the command that makes the folder.
func maker(flag string) string {
	if flag == "drop" {
		return "'portolan drop'"
	}
	return "'portolan generate'"
}

// localFolder returns the folder that a bucket URL names; "" if it names a bucket.
func localFolder(bucket string) string {
	if !strings.Contains(bucket, "://") {
		return bucket
	}
	if u, err := url.Parse(bucket); err == nil && u.Scheme == "file" {
		folder := u.Path
		if runtime.GOOS == "windows" {
			folder = strings.TrimPrefix(folder, "/") // file:///C:/charts
		}
		return filepath.FromSlash(folder)
	}
	return ""
}

// openSite opens a site to be read, as a bucket or as it is served.
func (p *program) openSite(ctx context.Context, f *flags) (bucket.Store, error) {
	if err := f.checkBucket("site", f.site); err != nil {
		return nil, err
	}
	if isWeb(f.site) {
		return f.openWeb(f.site)
	}
	return p.openExisting(ctx, f, "site")
}

// openWeb opens a site as it is served.
func (f *flags) openWeb(base string) (bucket.Store, error) {
	trusted, err := f.authorities()
	if err != nil {
		return nil, err
	}
	site, err := bucket.OpenWeb(base, trusted)
	return site, wrongSetting(err)
}

// webChannel makes sense of the URL of a web site without a channel, which can
// be the URL of one channel: what helm repo add takes. The advice is what else to do.
func (f *flags) webChannel(ctx context.Context, site bucket.Store, advice string) (bucket.Store, error) {
	base, channel := path.Split(strings.TrimSuffix(f.site, "/"))
	r, err := site.Get(ctx, "index.yaml")
	if err == nil {
		r.Close()
	}
	if err != nil && !errors.Is(err, bucket.ErrNotFound) {
		return nil, err
	}
	if err != nil || channelname.CheckOld(channel) != nil || !strings.Contains(strings.TrimRight(base, "/"), "://") {
		return nil, hint(fmt.Errorf("%s: a web site can't be listed", f.site), "%s", advice)
	}
	f.site, f.channels = base, []string{channel}
	return f.openWeb(base)
}

// authorities are those that may have signed the certificate of a web server: the
// system's and the ones that --ca-file names; nil if that is not given.
func (f *flags) authorities() (*x509.CertPool, error) {
	if f.caFile == "" {
		return nil, nil
	}
	const most = 4 << 20 // a system's own file has 300 KiB
	b, err := readFile(f.caFile, most)
	if err != nil {
		return nil, err
	}
	all, err := x509.SystemCertPool()
	if err != nil {
		all = x509.NewCertPool()
	}
	if !all.AppendCertsFromPEM(b) {
		return nil, hint(fmt.Errorf("%s: %s: holds no certificate", f.given["ca-file"], f.caFile),
			"it must have the authority's certificate in PEM form (-----BEGIN CERTIFICATE-----)")
	}
	return all, nil
}

func isWeb(url string) bool {
	url = strings.ToLower(url) // of the scheme, case does not matter
	return strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "https://")
}

// errNoFolder is the error for a local folder that does not exist.
var errNoFolder = errors.New("no such folder")

func isFolder(path string) error {
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w", path, errNoFolder)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s: not a folder", path)
	}
	return nil
}
