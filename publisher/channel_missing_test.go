package publisher_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
)

// TestChannelOfMissingBucket: a bucket that does not exist is not a bucket without
// channels.
func TestChannelOfMissingBucket(t *testing.T) {
	for scheme, server := range map[string]func(testing.TB) *servers.Server{"s3": servers.S3, "gs": servers.GCS, "azblob": servers.Azure} {
		u, err := url.Parse(server(t).Bucket(t))
		if err != nil {
			t.Fatal(err)
		}
		u.Host = "missing"
		_, err = publisher.OpenChannel(t.Context(), buckettest.Open(t, u.String()), "stable")
		named := (*bucket.ServerError)(nil)
		if !errors.As(err, &named) || errors.Is(err, bucket.ErrNotFound) {
			t.Errorf("%s: got %v, want an error of the bucket", scheme, err)
			continue
		}
		text := err.Error()
		if strings.Contains(text, "\n") || !strings.Contains(text, scheme+"://missing") || strings.Contains(text, "was lost") {
			t.Errorf("%s: got %s", scheme, text)
		}
		if scheme != "gs" && !strings.Contains(text, "there is no such bucket") {
			t.Errorf("%s: got %s", scheme, text)
		}
	}
}
