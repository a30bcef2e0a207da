package bucket_test

import (
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
)

// TestSlashed: an object whose key ends with a slash can be created, also again, and is in
// nobody's way.
func TestSlashed(t *testing.T) {
	for name, server := range map[string]func(testing.TB) *servers.Server{"S3": servers.S3, "GCS": servers.GCS, "Azure": servers.Azure} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openServer(t, server(t).Bucket(t))
			o := bucket.Object{Key: "v2/", Body: bucket.Bytes(nil), ContentType: "application/json"}
			for range 2 {
				if err := s.(bucket.Slashed).CreateSlashed(t.Context(), o); err != nil {
					t.Error(err)
				}
			}
			if err := s.Create(t.Context(), bucket.Object{Key: "v2/a/b", Body: bucket.Bytes([]byte("x"))}); err != nil {
				t.Error(err)
			}
			for _, dir := range []string{"", "v2"} {
				for e, err := range s.List(t.Context(), dir, bucket.Descendants) {
					if err != nil || e.Key != "v2/a/b" {
						t.Errorf("listed %+v, %v", e, err)
					}
				}
			}
		})
	}
}
