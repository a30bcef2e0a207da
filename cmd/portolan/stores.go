package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/portolan-charts/portolan/publisher"
)

// open opens a bucket that is written to. A local folder is made if need be.
func (p *program) open(ctx context.Context, url string) (publisher.Store, error) {
	store, err := publisher.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	if folder := localFolder(url); folder != "" {
		return store, os.MkdirAll(folder, 0o777)
	}
	return store, nil
}

// openExisting opens a bucket that is only read: a local folder must be there.
func (p *program) openExisting(ctx context.Context, flag, url string) (publisher.Store, error) {
	store, err := publisher.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	if folder := localFolder(url); folder != "" {
		if err := isFolder(folder); err != nil {
			return nil, hint(err, "%s makes it; or name another with --%s or %s", maker(flag), flag, variable(flag))
		}
	}
	return store, nil
}

// maker is the command that makes the folder.
func maker(flag string) string {
	if flag == "drop" {
		return "'portolan drop'"
	}
	return "'portolan generate'"
}

// localFolder is the folder that a bucket URL names; "" if it is none.
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
func (p *program) openSite(ctx context.Context, url string) (publisher.Store, error) {
	if isWeb(url) {
		return publisher.OpenWeb(url)
	}
	return p.openExisting(ctx, "site", url)
}

func isWeb(url string) bool {
	return strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "https://")
}

func isFolder(path string) error {
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: no such folder", path)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s: not a folder", path)
	}
	return nil
}
