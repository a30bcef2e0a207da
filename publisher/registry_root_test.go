package publisher_test

import (
	"context"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// slashed is a store that takes keys which end with a slash.
type slashed struct {
	*buckettest.Handle
	keys *[]string
}

func (s slashed) CreateSlashed(_ context.Context, o bucket.Object) error {
	*s.keys = append(*s.keys, o.Key+" "+o.ContentType)
	return bucket.ErrConflict // which harms nobody
}

// TestRegistryRoot: a bucket gets the object that clients ask for first when a channel comes
// into the registry, and when it is rebuilt.
func TestRegistryRoot(t *testing.T) {
	m := published(t)
	var keys []string
	site := slashed{m.Handle("test"), &keys}
	want := func(n int) {
		t.Helper()
		if len(keys) != n || n > 0 && keys[0] != "v2/ application/json" {
			t.Errorf("wrote %q, want %d", keys, n)
		}
	}
	c, err := publisher.OpenChannel(t.Context(), site, "stable")
	if err != nil {
		t.Fatal(err)
	}
	publish := func() {
		t.Helper()
		d := c.RegistryDraft(nil, false)
		d.Time, d.Nonce = c.Time(), "n"
		d.Registry = &publisher.RegistryChange{}
		if err := c.Commit(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if err := c.Project(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	c.UseRegistry(true)
	publish()
	want(1)
	publish()
	want(1)
	if _, err := publisher.Rebuild(t.Context(), site, "stable", publisher.RebuildOptions{}); err != nil {
		t.Fatal(err)
	}
	want(2)
}
