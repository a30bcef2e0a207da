package bucket_test

import (
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
)

func TestS3Conform(t *testing.T) { testServer(t, servers.S3(t), buckettest.VersityGW...) }

func TestGCSConform(t *testing.T) { testServer(t, servers.GCS(t), buckettest.FakeGCS...) }

func TestAzureConform(t *testing.T) { testServer(t, servers.Azure(t)) }

// TestPrefixConform is about a folder of a bucket.
func TestPrefixConform(t *testing.T) {
	t.Parallel()
	s := servers.Azure(t) // it keeps every promise
	buckettest.Conform(t, func(t *testing.T) bucket.Store { return openServer(t, servers.Folder(s.Bucket(t), "some/site")) })
}

func testServer(t *testing.T, s *servers.Server, weak ...buckettest.Weakness) {
	t.Parallel()
	for _, w := range weak {
		t.Logf("%s, %s: %s. For users: %s", w.Server, w.Test, w.Reason, w.Users)
	}
	buckettest.Conform(t, func(t *testing.T) bucket.Store { return openServer(t, s.Bucket(t)) }, weak...)
}

func openServer(t *testing.T, url string) bucket.Store {
	t.Helper()
	s, err := servers.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
