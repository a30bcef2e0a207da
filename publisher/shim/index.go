package shim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// rendering is an index as served under one context path, which is in its first line.
type rendering struct {
	index *publisher.Index
	first []byte // the first line
	etag  string // without quotes
	size  int64
	crc   uint32
}

// render returns the index for a context path.
func (v *view) render(context string) (*rendering, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if r, ok := v.rendered[context]; ok {
		return r, nil
	}
	index, err := v.head.WithContextPath(context)
	if err != nil {
		return nil, err
	}
	first, sum, crc := &firstLine{rest: io.Discard}, sha256.New(), crc32.NewIEEE()
	size, err := index.WriteTo(io.MultiWriter(first, sum, crc))
	if err != nil {
		return nil, err
	}
	r := &rendering{index: index, first: first.line, etag: hex.EncodeToString(sum.Sum(nil)[:16]), size: size, crc: crc.Sum32()}
	v.rendered[context] = r
	return r, nil
}

// index serves a channel's index. The index tells 'helm cm-push' to push to the
// URL that it was read from.
func (s *Shim) index(a *answer, r *http.Request, to *route, who *auth.Identity) error {
	v, err := s.views.get(r.Context(), to.channel)
	if err != nil {
		return err
	}
	defer a.from(s.views, v)()
	if v.known {
		return a.index(r, v, to.context)
	}
	empty, err := s.beginning(r.Context(), to, who)
	if err != nil {
		return err
	}
	if !empty {
		return fail(http.StatusNotFound, "channel-unknown", "check the channel's name; only those who may upload to a channel can see it before its first chart", "there is no channel %s", to.channel)
	}
	return a.index(r, v, to.context)
}

// index answers with the view's index.
func (a *answer) index(r *http.Request, v *view, context string) error {
	x, err := v.render(context)
	if err != nil {
		return err
	}
	h := a.Header()
	h.Set("Content-Type", "application/yaml")
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Content-Type-Options", "nosniff")
	if !v.head.Modified.IsZero() {
		h.Set("Last-Modified", v.head.Modified.UTC().Format(http.TimeFormat))
	}
	zipped := takesGzip(r)
	etag := `"` + x.etag + `"`
	if zipped {
		etag = `"` + x.etag + zipSuffix + `"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", etag)
	if matches(r.Header.Get("If-None-Match"), etag) {
		h.Del("Content-Encoding")
		a.WriteHeader(http.StatusNotModified)
		return nil
	}
	if zipped {
		return a.zippedIndex(r, v, x)
	}
	h.Set("Content-Length", strconv.FormatInt(x.size, 10))
	if r.Method == http.MethodHead {
		a.WriteHeader(http.StatusOK)
		return nil
	}
	_, err = x.index.WriteTo(a)
	return gone(err)
}

// gone handles the error of writing an answer. An error means that the client has
// gone, or is cut off, so it closes the connection instead of reporting a fault of the shim.
func gone(err error) error {
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// beginning reports whether an unknown channel should look empty instead of
// missing. It should to those who may upload to it, since 'helm cm-push' reads the
// index before it pushes the first chart; and in a project with other channels.
func (s *Shim) beginning(ctx context.Context, to *route, who *auth.Identity) (bool, error) {
	if who.May(auth.Write, to.channel) || to.project != "" && to.prefix == "" {
		return true, nil
	}
	project := path.Dir(to.channel)
	if project == "." {
		project = "" // the whole site, as with ChartMuseum
	}
	for _, err := range s.Site.List(ctx, project, bucket.Children) {
		if bucket.Denied(err) {
			return false, nil // without the right to list, the shim cannot tell
		}
		return err == nil, err
	}
	return false, nil
}

// zipSuffix ends the entity tag of a compressed answer.
const zipSuffix = "-gzip"

// takesGzip reports whether the client accepts compressed answers. Helm does not.
func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" || coding == "*" {
			weight, ok := strings.CutPrefix(strings.TrimSpace(q), "q=")
			f, err := strconv.ParseFloat(weight, 64)
			return !ok || err != nil || f > 0
		}
	}
	return false
}

// matches reports whether the client already has the version with this tag.
func matches(ifNoneMatch, etag string) bool {
	for tag := range strings.SplitSeq(ifNoneMatch, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag == etag || tag == "*" {
			return true
		}
	}
	return false
}
