package bucket

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"runtime"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
	"github.com/portolan-charts/portolan/publisher/spelling"
)

// schemeRE finds a scheme of at least two letters; one is a Windows drive.
var schemeRE = lazyregexp.New(`^([a-zA-Z][a-zA-Z0-9+.-]+)://`)

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
		return nil, fmt.Errorf("%s: unknown scheme %q: want a folder, file://, %s://%s",
			withoutUser(bucketURL), scheme, strings.Join(known, "://, "), meant(scheme, known))
	}
	u, q, err := parse(bucketURL)
	if err != nil {
		return nil, err
	}
	if u.Fragment != "" || strings.Contains(bucketURL, "#") {
		return nil, fmt.Errorf("%s: the URL of a bucket has no part after '#'; write '#' in a parameter as %%23", withoutUser(bucketURL))
	}
	if strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("%s: a folder in a bucket is written %s://%s?prefix=%s/", withoutUser(bucketURL), scheme, u.Host, strings.Trim(u.Path, "/"))
	}
	if q.Has("key") {
		return nil, fmt.Errorf("%s: query parameter \"key\" would put everything into one object", withoutUser(bucketURL))
	}
	if u.Host == "" {
		return nil, fmt.Errorf("%s: no bucket is named: want %s://NAME", withoutUser(bucketURL), scheme)
	}
	if err := p.checkParameters(q); err != nil {
		return nil, fmt.Errorf("%s: %w", serverOf(u), err)
	}
	// Without the slash it would be the beginning of names, not a folder.
	if prefix := q.Get("prefix"); prefix != "" {
		prefix = strings.Trim(prefix, "/")
		if err := CheckKey(prefix); err != nil {
			return nil, fmt.Errorf("%s: prefix %v", withoutUser(bucketURL), err)
		}
		q.Set("prefix", prefix+"/")
		u.RawQuery = q.Encode()
	}
	b, err := p.openURL(ctx, u)
	if err != nil {
		return nil, &ServerError{serverOf(u), err}
	}
	return &cloudStore{bucket: b, name: serverOf(u), url: u, provider: p, patience: patience{stallTime, tryTime, firstWait}}, nil
}

// userRE finds what may be a user and a password in a URL, however it is written.
var userRE = lazyregexp.New(`(?s)^([^@]*?://)?.*@`)

// withoutUser returns the text of a URL without what may be a password.
func withoutUser(text string) string { return userRE.ReplaceAllString(text, "${1}…@") }

// parse parses a URL and its query. What the standard library passes over is an error: a
// parameter that is not read would be missed in silence. No error shows a password.
func parse(text string) (*url.URL, url.Values, error) {
	u, err := url.Parse(text)
	if cause := (*url.Error)(nil); errors.As(err, &cause) {
		if strings.Contains(text, "@") {
			return nil, nil, fmt.Errorf("%s: not a URL", withoutUser(text)) // the cause may quote the password
		}
		return nil, nil, fmt.Errorf("%s: not a URL: %w", text, cause.Err)
	}
	if u.User != nil {
		return nil, nil, fmt.Errorf("%s: a bucket's URL takes no user and no password: give credentials as the cloud's own tools take them", withoutUser(text))
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: its parameters cannot be read: %w; write '%%' as %%25 and ';' as %%3B", withoutUser(text), err)
	}
	return u, q, nil
}

// otherNames are schemes that other tools have for the same stores, and what to write.
var otherNames = map[string]string{
	"gcs": "gs://", "gcp": "gs://", "az": "azblob://", "azure": "azblob://", "abfs": "azblob://", "abfss": "azblob://", "wasbs": "azblob://",
	"s3a": "s3://", "s3n": "s3://", "aws": "s3://",
	"minio": "s3://NAME?endpoint=https://SERVER", "r2": "s3://NAME?endpoint=https://SERVER", "ceph": "s3://NAME?endpoint=https://SERVER",
}

// meant suggests what to write for an unknown scheme; "" if nothing is close.
func meant(scheme string, known []string) string {
	if other := otherNames[scheme]; other != "" {
		return fmt.Sprintf("; did you mean %s?", other)
	}
	return spelling.DidYouMean(scheme, append(known, "file"))
}

// serverOf names a bucket and its server, if the URL names one.
func serverOf(u *url.URL) string {
	name := strings.ToLower(u.Scheme) + "://" + u.Host
	for _, parameter := range []string{"endpoint", "domain", "storage_account"} {
		if server := u.Query().Get(parameter); server != "" {
			if endpoint, err := url.Parse(server); err == nil && endpoint.User != nil {
				server = endpoint.Redacted()
			} else {
				server = withoutUser(server)
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
	u, q, err := parse(fileURL)
	if err != nil {
		return nil, err
	}
	if u.Host != "" && u.Host != "localhost" || u.Path == "" {
		return nil, fmt.Errorf("%s: want file:///path, with three slashes and an absolute path", fileURL)
	}
	for name := range q {
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
