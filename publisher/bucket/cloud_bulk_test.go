package bucket

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"testing"

	"gocloud.dev/blob"
)

// TestCloudDeleteMany lists what a bucket may answer when it is asked to remove a, b and
// c at once, in two calls.
func TestCloudDeleteMany(t *testing.T) {
	for _, test := range []struct {
		name  string
		gone  []string // what the answer calls removed
		err   error
		left  []string // to be removed one by one
		alone error    // the answer to a removal of one
		fails error
		asked int // how often, at least
		most  int
	}{
		{"plain", []string{"site/a", "site/b", "site/c"}, nil, []string{}, nil, nil, 2, 2},
		{"one is refused", []string{"site/c", "site/a"}, nil, []string{"b"}, nil, nil, 2, 2},
		{"others are confirmed", []string{"a", "b", "c"}, nil, []string{"a", "b", "c"}, nil, nil, 2, 2},
		{"not known", nil, errNotYou, []string{"a", "b", "c"}, nil, nil, 1, 1},
		{"out of order", nil, errBusy, nil, errBusy, errBusy, 4, 1000},
		{"this request alone is out of order", nil, errBusy, []string{"a", "b", "c"}, nil, nil, 2, 100},
	} {
		testCloud(t, test.name, func(t *testing.T) {
			s := fakeStore(&fakeDriver{removing: test.alone})
			s.url, _ = url.Parse("s3://charts?prefix=site/")
			asked := 0
			s.deleteMany = func(_ context.Context, _ *blob.Bucket, bucket string, names []string) ([]string, error) {
				if asked++; bucket != "charts" || !slices.Equal(names, []string{"site/a", "site/b", "site/c"}) {
					t.Errorf("asked %s to remove %q", bucket, names)
				}
				return test.gone, test.err
			}
			for range 2 {
				left, err := s.DeleteMany(t.Context(), []string{"a", "b", "c"})
				if !errors.Is(err, test.fails) || !slices.Equal(left, test.left) {
					t.Errorf("left %q, %v; want %q, %v", left, err, test.left, test.fails)
				}
			}
			if asked < test.asked || asked > test.most {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}
