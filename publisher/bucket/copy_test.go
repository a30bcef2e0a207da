package bucket_test

import (
	"errors"
	"io"
	"testing"

	"gocloud.dev/blob"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
)

// TestCopies: S3 and Google Cloud Storage copy an object by themselves, without asking for
// its bytes, and the copy has a type of its own.
func TestCopies(t *testing.T) {
	for name, server := range map[string]func(testing.TB) *servers.Server{"S3": servers.S3, "GCS": servers.GCS} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := server(t).Bucket(t)
			s := openServer(t, url)
			body := bucket.Bytes([]byte("archive"))
			if err := s.Create(t.Context(), bucket.Object{Key: "charts/a+b.tgz", Body: body, ContentType: "application/gzip"}); err != nil {
				t.Fatal(err)
			}
			unasked := func(io.Writer) error { return errors.New("it is asked for its bytes") }
			o := bucket.Object{Key: "v2/blobs/sha256:1", Body: unasked, ContentType: "application/octet-stream", CacheControl: "public", From: "charts/a+b.tgz"}
			if err := s.Create(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			raw, err := blob.OpenBucket(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			a, err := raw.Attributes(t.Context(), o.Key)
			if err != nil || a.Size != 7 || a.ContentType != o.ContentType || a.CacheControl != o.CacheControl {
				t.Errorf("got %+v, %v", a, err)
			}
		})
	}
}
