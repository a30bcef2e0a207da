package bucket_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
)

// TestCloudMissing: a bucket that is not there is not an empty one, and each
// error says in one line which bucket it is.
func TestCloudMissing(t *testing.T) {
	for scheme, server := range map[string]func(testing.TB) *servers.Server{"s3": servers.S3, "gs": servers.GCS, "azblob": servers.Azure} {
		u, err := url.Parse(server(t).Bucket(t))
		if err != nil {
			t.Fatal(err)
		}
		u.Host = "missing"
		s := openStore(t, u.String())
		_, get := s.Get(t.Context(), "k")
		if scheme == "gs" && errors.Is(get, bucket.ErrNotFound) {
			get = nil // the server does not tell the one from the other
		}
		var list error
		for _, err := range s.List(t.Context(), "", bucket.Children) {
			list = err
		}
		create := s.Create(t.Context(), bucket.Object{Key: "k", Body: bucket.Bytes(nil)})
		for what, err := range map[string]error{"get": get, "list": list, "create": create} {
			if err == nil && what == "get" && scheme == "gs" {
				continue
			}
			named := (*bucket.ServerError)(nil)
			if !errors.As(err, &named) || errors.Is(err, bucket.ErrNotFound) && what != "create" {
				t.Errorf("%s: %s: got %v, want an error of the bucket", scheme, what, err)
				continue
			}
			text := err.Error()
			if strings.Contains(text, "\n") || !strings.Contains(text, scheme+"://missing") || strings.Contains(text, "was lost") {
				t.Errorf("%s: %s: got %s", scheme, what, text)
			}
			if scheme != "gs" && !strings.Contains(text, "there is no such bucket") {
				t.Errorf("%s: %s: got %s", scheme, what, text)
			}
		}
	}
}
