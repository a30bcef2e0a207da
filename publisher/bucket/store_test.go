package bucket_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// TestReadAllTooLarge reads nothing of an object that is known to be too large.
func TestReadAllTooLarge(t *testing.T) {
	s := buckettest.Faulty{GetFunc: func(bucket.Store, context.Context, string) (*bucket.Reader, error) {
		return &bucket.Reader{ReadCloser: io.NopCloser(iotest.ErrReader(errors.New("it is read"))), Entry: bucket.Entry{Size: 11}}, nil
	}}
	if _, _, err := bucket.ReadAll(t.Context(), &s, "a", 10); !errors.Is(err, bucket.ErrTooLarge) {
		t.Errorf("got %v, want %v", err, bucket.ErrTooLarge)
	}
}
