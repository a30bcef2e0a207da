package buckettest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// testDeleteAll removes more objects than one request can, those that do not exist and
// those with odd names among them.
func testDeleteAll(t *testing.T, s bucket.Store) {
	ctx := t.Context()
	keys := []string{"some/absent", "some/charts/a/1.0.0+b/x.tgz", "some/a b&c<d>/é.tgz", "some/100%25.tgz", "some/twice", "some/twice"}
	for i := range bucket.MaxMany + 10 {
		keys = append(keys, fmt.Sprintf("some/%d/deferred", i))
	}
	must(t, s.Create(ctx, object("some/kept", "1")))
	must(t, s.Create(ctx, object("somewhere", "1")))
	for i, key := range slices.Concat(keys[1:20], keys[len(keys)-10:]) {
		o := object(key, "1")
		o.Deferred = i > 10
		must(t, s.Create(ctx, o))
	}
	for i, err := range bucket.DeleteAll(ctx, s, 4, keys) {
		if err != nil {
			t.Errorf("%s: %v", keys[i], err)
		}
	}
	var left []string
	for e, err := range s.List(ctx, "", bucket.Descendants) {
		must(t, err)
		left = append(left, e.Key)
	}
	if slices.Sort(left); !slices.Equal(left, []string{"some/kept", "somewhere"}) {
		t.Errorf("what is left: %q", left)
	}
	if errs := bucket.DeleteAll(ctx, s, 4, []string{"some/../kept", "some/kept"}); errs[0] == nil || errs[1] != nil {
		t.Errorf("an invalid key and a valid one: %v", errors.Join(errs...))
	}
}
