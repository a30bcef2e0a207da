package publisher

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"syscall"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/lazyregexp"
	"github.com/portolan-charts/portolan/publisher/registry"
)

const (
	indexPage   = "index.html"
	missingPage = "404.html"
)

// Handler serves a site as a CDN in front of its bucket would: with content types,
// caching, conditional requests and ranges, and a folder's index.html under the folder's
// name. It answers GET and HEAD only, and does not show files whose name, or whose
// folder's name, begins with a dot. Errors of the store go to the log, which may be nil.
func Handler(site bucket.Store, log *slog.Logger) http.Handler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &server{site, log}
}

type server struct {
	site bucket.Store
	log  *slog.Logger
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		refuse(w, r)
		return
	}
	switch err := ServeFile(w, r, s.site); {
	case errors.Is(err, bucket.ErrNotFound) && InRegistry(r.URL.Path):
		serveUnknown(w, r.URL.Path)
	case errors.Is(err, bucket.ErrNotFound):
		s.missing(w, r)
	case err != nil:
		s.fail(w, r, err)
	}
}

// refuse answers a request that would change something.
func refuse(w http.ResponseWriter, r *http.Request) {
	const message = "only GET and HEAD are served here"
	w.Header().Set("Allow", "GET, HEAD")
	if InRegistry(r.URL.Path) {
		serveRegistryError(w, http.StatusMethodNotAllowed, "UNSUPPORTED", message)
		return
	}
	http.Error(w, message, http.StatusMethodNotAllowed)
}

// ServeFile answers a GET or HEAD with the file that its path names, as [Handler] does.
// If it returns an error, it has written nothing; ErrNotFound means that there is no such
// file.
func ServeFile(w http.ResponseWriter, r *http.Request, site bucket.Store) error {
	key := fileKey(r.URL.Path)
	folder := key == "" || strings.HasSuffix(key, "/")
	if folder {
		key += indexPage
	}
	if !servable(key) {
		return bucket.About(key, bucket.ErrNotFound)
	}
	var err error
	if k, ok := registry.ParseKey(key); ok {
		err = serveRegistry(w, r, site, key, k)
	} else {
		err = serveObject(w, r, site, key)
	}
	switch missing := errors.Is(err, bucket.ErrNotFound); {
	case missing && key == registryRoot+indexPage:
		servePing(w, r)
		return nil
	case missing && !folder:
		err = redirect(w, r, site, key)
	}
	if leadsOut(err) {
		return bucket.About(key, bucket.ErrNotFound)
	}
	return err
}

// fileKey is the key that a path names. The path is decoded; a '+' in it is a plus.
// Clients that join a repository's URL, with a slash at its end, and a path double the
// slash between them.
func fileKey(urlPath string) string {
	return strings.TrimPrefix(slashes.ReplaceAllString(urlPath, "/"), "/")
}

var slashes = lazyregexp.New("//+")

// maxSegment is the longest name that a file may have on most file systems.
const maxSegment = 255

// servable reports whether clients may ask for a key, and portolan may have written it:
// no file system has longer names.
func servable(key string) bool {
	if bucket.CheckKey(key) != nil {
		return false
	}
	for segment := range strings.SplitSeq(key, "/") {
		if strings.HasPrefix(segment, ".") || len(segment) > maxSegment {
			return false
		}
	}
	return true
}

// leadsOut reports whether a folder refuses a path because a symbolic link leads out of
// it, or in a circle. Package os exports no error for the first.
func leadsOut(err error) bool {
	if errors.Is(err, syscall.ELOOP) {
		return true
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if err.Error() == "path escapes from parent" {
			return true
		}
	}
	return false
}

// serveObject serves one object. It writes nothing if it returns an error.
func serveObject(w http.ResponseWriter, r *http.Request, site bucket.Store, key string) error {
	in, err := site.Get(r.Context(), key)
	if err != nil {
		return err
	}
	defer in.Close()
	if in.Entry.Size < 0 {
		return bucket.About(key, errors.New("its store does not say how large it is"))
	}
	describe(w.Header(), key, in.Entry)
	// Several ranges may go back and forth in the object. A server may ignore
	// the header and send the whole object.
	if strings.Contains(r.Header.Get("Range"), ",") {
		r = r.Clone(r.Context())
		r.Header.Del("Range")
	}
	http.ServeContent(w, r, "", in.Entry.Modified, &seeker{r: in, size: in.Entry.Size})
	return nil
}

// describe says what the file of an answer is, and how long it may be kept.
func describe(h http.Header, key string, entry bucket.Entry) {
	setType(h, key)
	h.Set("Cache-Control", cacheControl(key))
	if entry.Token != "" {
		h.Set("ETag", etag(entry.Token))
	}
	if k, _ := registry.ParseKey(key); k.Digest() != "" {
		h.Set(digestHeader, k.Digest())
	}
}

// etag makes an entity tag from a token, which may be any text.
func etag(token string) string {
	sum := sha256.Sum256([]byte(token))
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// redirect sends the client to the folder with that name, if it has a page, so that
// relative links in the page work.
func redirect(w http.ResponseWriter, r *http.Request, site bucket.Store, key string) error {
	page := path.Join(key, indexPage)
	if !servable(page) { // too long
		return bucket.ErrNotFound
	}
	in, err := site.Get(r.Context(), page)
	if err != nil {
		return err
	}
	in.Close()
	// Relative, since this server does not know the path that it is mounted at.
	to := url.URL{Path: "./" + path.Base(key) + "/", RawQuery: r.URL.RawQuery}
	w.Header().Set("Location", to.String())
	w.Header().Set("Cache-Control", revalidated)
	w.WriteHeader(http.StatusMovedPermanently)
	return nil
}

// missing answers that there is no such file.
func (s *server) missing(w http.ResponseWriter, r *http.Request) {
	if ServeMissing(w, r, s.site) != nil {
		w.Header().Set("Cache-Control", "no-cache")
		http.Error(w, "not found", http.StatusNotFound)
	}
}

// ServeMissing answers that there is no such file, with the site's own page for that. If
// the site has no such page, it fails with ErrNotFound and has written nothing.
func ServeMissing(w http.ResponseWriter, r *http.Request, site bucket.Store) error {
	in, err := site.Get(r.Context(), missingPage)
	if err != nil {
		return err
	}
	defer in.Close()
	w.Header().Set("Cache-Control", "no-cache")
	setType(w.Header(), missingPage)
	w.WriteHeader(http.StatusNotFound)
	if r.Method == http.MethodGet {
		io.Copy(w, in) // a client that has gone needs no page
	}
	return nil
}

// fail answers that the store failed. It leaves out the store's error, which may name
// things that are not public.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the client has gone
	}
	s.log.ErrorContext(r.Context(), "cannot serve", "path", r.URL.Path, "error", err)
	w.Header().Set("Retry-After", "5")
	http.Error(w, "the store does not answer; try again", http.StatusServiceUnavailable)
}
