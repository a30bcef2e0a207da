package servers

import (
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// Root starts a host whose root is the bucket, until the test ends, and returns its URL:
// clients of OCI registries ask for paths at the root of a host, and these servers have
// their buckets below it. The host adds nothing of its own.
func (s *Server) Root(t testing.TB, bucketURL string) string {
	t.Helper()
	bucket, err := url.Parse(strings.TrimSuffix(s.Object(bucketURL, ""), "/"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(bucket) }})
	t.Cleanup(server.Close)
	return server.URL
}
