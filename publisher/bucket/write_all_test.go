package bucket_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// TestWriteAllStops: each write is an operation of the store, and after one that fails no
// other begins. A conflict stops nothing.
func TestWriteAllStops(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault buckettest.Fault
		put   string
		ops   int
		wants []error
	}{
		{"nothing fails", buckettest.None, "", 4, []error{nil, nil, nil, nil}},
		{"one conflicts", buckettest.None, "1", 4, []error{nil, bucket.ErrConflict, nil, nil}},
		{"one fails", buckettest.Refused, "0", 3, []error{bucket.ErrConflict, nil, buckettest.ErrInjected, buckettest.ErrInjected}},
		{"the process dies", buckettest.DieAfter, "", 3, []error{nil, nil, buckettest.ErrDead, buckettest.ErrDead}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := &buckettest.Mem{Hook: func(op buckettest.Op) buckettest.Fault {
				if op.N == 2 {
					return test.fault
				}
				return buckettest.None
			}}
			if test.put != "" {
				m.Put(test.put, []byte("theirs"))
			}
			var writes []bucket.Write
			for i := range test.wants {
				writes = append(writes, bucket.Write{Object: bucket.Object{Key: fmt.Sprint(i), Body: bucket.Bytes([]byte("mine"))}})
			}
			for i, err := range bucket.WriteAll(t.Context(), m.Handle("one"), 1, writes) {
				if !errors.Is(err, test.wants[i]) {
					t.Errorf("write %d: got %v, want %v", i, err, test.wants[i])
				}
			}
			if got := len(m.Ops()); got != test.ops {
				t.Errorf("%d operations, want %d: %v", got, test.ops, m.Ops())
			}
		})
	}
}
