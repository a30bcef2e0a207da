package bucket

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// schemeRE finds a scheme of at least two letters; one is a Windows drive.
var schemeRE = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9+.-]+)://`)

// Open opens the store with that URL: a bucket as gocloud.dev writes it (s3://,
// gs://, azblob://, with its query parameters, such as prefix), or a folder, as
// file:///path or just its path.
//
// Nothing is read or written yet, so a bucket that does not exist, or may not be
// used, fails at its first use. Stores need not be closed.
func Open(ctx context.Context, url string) (Store, error) {
	scheme := schemeRE.FindStringSubmatch(url)
	switch {
	case url == "":
		return nil, fmt.Errorf("no bucket: want a folder or a URL")
	case scheme == nil:
		return openPath(url)
	case strings.ToLower(scheme[1]) == "file":
		return openFileURL(url)
	}
	return openBucket(ctx, strings.ToLower(scheme[1]), url)
}

func providers() map[string]provider {
	return map[string]provider{"s3": s3Provider, "gs": gcsProvider, "azblob": azureProvider}
}

func openBucket(ctx context.Context, scheme, bucketURL string) (Store, error) {
	p, ok := providers()[scheme]
	if !ok {
		known := slices.Sorted(maps.Keys(providers()))
		return nil, fmt.Errorf("%s: unknown scheme %q: want a folder, file://, %s://", bucketURL, scheme, strings.Join(known, "://, "))
	}
	u, err := url.Parse(bucketURL)
	if err != nil {
		return nil, err // names the URL
	}
	if strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("%s: a folder in a bucket is written %s://%s?prefix=%s/", bucketURL, scheme, u.Host, strings.Trim(u.Path, "/"))
	}
	q := u.Query()
	if q.Has("key") {
		return nil, fmt.Errorf("%s: query parameter \"key\" would put everything into one object", bucketURL)
	}
	if u.Host == "" {
		return nil, fmt.Errorf("%s: no bucket is named: want %s://NAME", bucketURL, scheme)
	}
	if err := p.checkParameters(q); err != nil {
		return nil, fmt.Errorf("%s: %w", serverOf(u), err)
	}
	// Without the slash it would be the beginning of names, not a folder.
	if prefix := q.Get("prefix"); prefix != "" {
		prefix = strings.Trim(prefix, "/")
		if err := CheckKey(prefix); err != nil {
			return nil, fmt.Errorf("%s: prefix %v", bucketURL, err)
		}
		q.Set("prefix", prefix+"/")
		u.RawQuery = q.Encode()
	}
	b, err := p.openURL(ctx, u)
	if err != nil {
		return nil, &ServerError{serverOf(u), err}
	}
	return &cloudStore{bucket: b, name: serverOf(u), provider: p, patience: patience{stallTime, tryTime, firstWait}}, nil
}

// serverOf names a bucket and its server, if the URL names one.
func serverOf(u *url.URL) string {
	name := strings.ToLower(u.Scheme) + "://" + u.Host
	for _, parameter := range []string{"endpoint", "domain", "storage_account"} {
		if server := u.Query().Get(parameter); server != "" {
			if endpoint, err := url.Parse(server); err == nil && endpoint.User != nil {
				server = endpoint.Redacted()
			}
			return name + " on " + server
		}
	}
	return name
}

// openPath opens a folder. What looks like a URL without its slashes is more likely
// a slip than the name of a folder.
func openPath(path string) (Store, error) {
	scheme, _, ok := strings.Cut(path, ":")
	if _, known := providers()[scheme]; ok && (known || scheme == "file") {
		return nil, fmt.Errorf("%s: a URL has two slashes, as in %s://…; a folder of this name is written ./%s", path, scheme, path)
	}
	return newFolderStore(path)
}

func openFileURL(fileURL string) (Store, error) {
	u, err := url.Parse(fileURL)
	if err != nil {
		return nil, err // names the URL
	}
	if u.Host != "" && u.Host != "localhost" || u.Path == "" {
		return nil, fmt.Errorf("%s: want file:///path, with three slashes and an absolute path", fileURL)
	}
	for name := range u.Query() {
		return nil, fmt.Errorf("%s: query parameter %q: file:// has none", fileURL, name)
	}
	if u.Fragment != "" {
		return nil, fmt.Errorf("%s: write '#' in a path as %%23", fileURL)
	}
	path := u.Path
	if runtime.GOOS == "windows" {
		path = strings.TrimPrefix(path, "/") // file:///C:/charts
	}
	return newFolderStore(path)
}
