package publisher_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// barred is a store that does not let anybody write the index in its root or, with
// reading, read it.
type barred struct {
	bucket.Store
	reading bool
}

func bar(key string) error {
	if key == rootKey {
		return bucket.About(key, fs.ErrPermission)
	}
	return nil
}

func (b barred) Get(ctx context.Context, key string) (*bucket.Reader, error) {
	if err := bar(key); err != nil && b.reading {
		return nil, err
	}
	return b.Store.Get(ctx, key)
}

func (b barred) Create(ctx context.Context, o bucket.Object) error {
	if err := bar(o.Key); err != nil {
		return err
	}
	return b.Store.Create(ctx, o)
}

func (b barred) Replace(ctx context.Context, o bucket.Object, token string) error {
	if err := bar(o.Key); err != nil {
		return err
	}
	return b.Store.Replace(ctx, o, token)
}

// TestRootBarred: what makes the index in the site's root unusable does not keep the
// channel from being published. It is told, and found by verify and rebuild.
func TestRootBarred(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, dir string, s bucket.Store) bucket.Store{
		"a folder": func(t *testing.T, dir string, s bucket.Store) bucket.Store {
			if err := errors.Join(os.Remove(filepath.Join(dir, rootKey)), os.Mkdir(filepath.Join(dir, rootKey), 0o777)); err != nil {
				t.Fatal(err)
			}
			return s
		},
		"a link": func(t *testing.T, dir string, s bucket.Store) bucket.Store {
			if err := errors.Join(os.Remove(filepath.Join(dir, rootKey)), os.Symlink("stable/"+rootKey, filepath.Join(dir, rootKey))); err != nil {
				t.Fatal(err)
			}
			return s
		},
		"unreadable": func(_ *testing.T, _ string, s bucket.Store) bucket.Store { return barred{s, true} },
		"unwritable": func(_ *testing.T, _ string, s bucket.Store) bucket.Store { return barred{s, false} },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := buckettest.Open(t, dir)
			later := publisher.VerifyOptions{Now: func() time.Time { return time.Now().Add(24 * time.Hour) }}
			open := func() *publisher.Channel {
				c, err := publisher.OpenAtRoot(t.Context(), s, "stable", false)
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			publish := func(minute int, chart string) *publisher.Channel {
				c := open()
				d := publisher.Draft{Time: buckettest.Start().Add(time.Duration(minute) * time.Minute), Nonce: "n"}
				d.Removed, d.Added = c.Index().Diff(map[string][]string{chart: nil})
				if err := errors.Join(c.Commit(t.Context(), d), c.Project(t.Context())); err != nil {
					t.Fatal(err)
				}
				return c
			}
			commit(t, s, "stable", release("alpha", "1.0.0", id1, ""))
			commit(t, s, "stable", release("beta", "1.0.0", id2, ""))
			publish(3, "none")
			whole := s
			s = spoil(t, dir, s)
			c := publish(4, "beta")
			if !strings.Contains(c.RootLeft(), "cannot be read or written") || c.AtRoot() || c.RootChanges() {
				t.Errorf("it says %q; at root: %t, to change: %t", c.RootLeft(), c.AtRoot(), c.RootChanges())
			}
			head, err := publisher.ReadHead(t.Context(), s, "stable", nil)
			if err != nil || len(head.HeadLines("beta")) > 0 {
				t.Errorf("head is not the newest: %v", err)
			}
			if r := verify(t, s, later); r.OK() {
				t.Error("verify finds nothing")
			}
			if _, err := publisher.Rebuild(t.Context(), s, "stable", publisher.RebuildOptions{AtRoot: true}); err == nil || !strings.Contains(err.Error(), rootKey) {
				t.Errorf("a rebuild ends with %v", err)
			}
			if s = whole; name == "a folder" || name == "a link" {
				if err := os.Remove(filepath.Join(dir, rootKey)); err != nil {
					t.Fatal(err)
				}
			}
			c = open()
			if err := c.Project(t.Context()); err != nil || c.RootLeft() != "" || !c.AtRoot() || c.RootChanges() {
				t.Errorf("afterwards: %q, %v", c.RootLeft(), err)
			}
			if r := verify(t, s, later); !r.OK() {
				t.Errorf("afterwards: %+v", r.Channels)
			}
		})
	}
}
