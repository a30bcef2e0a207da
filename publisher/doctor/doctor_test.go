package doctor_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/doctor"
)

func TestGood(t *testing.T) {
	s := newSetUp(t)
	for _, channels := range [][]string{nil, {"group/stable"}} {
		s.options.Channels = channels
		r := s.examine()
		for _, row := range r.Checks {
			if row.Result != doctor.OK || row.Fix != "" {
				t.Errorf("%+v", row)
			}
		}
		if len(r.Checks) < 12 || r.Failed() != 0 {
			t.Errorf("%d checks", len(r.Checks))
		}
	}
	s.options.ReadOnly = true
	before := len(s.drop.Ops()) + len(s.site.Ops())
	s.examine()
	for _, op := range slices.Concat(s.drop.Ops(), s.site.Ops())[:] {
		if op.Actor == "doctor" && op.N >= before && op.Kind != buckettest.Get && op.Kind != buckettest.List {
			t.Errorf("with ReadOnly: %s", op)
		}
	}
	if s.examine().ReadOnly != true {
		t.Error("the report does not say that nothing was written")
	}
}

func TestContextPath(t *testing.T) {
	s := newSetUp(t)
	server := httptest.NewServer(publisher.Handler(s.site.Handle("web"), nil))
	t.Cleanup(server.Close)
	s.options.BaseURL = server.URL
	want(t, s.examine(), "web: contextPath", doctor.Warning, `the index says "/helm", but the base URL's path is ""`)
	for _, bad := range []string{"charts.example.com", "ftp://charts.example.com", "%"} {
		s.options.BaseURL = bad
		want(t, s.examine(), "web", doctor.Fail, "is not the URL of a web site")
	}
}

// denied is a store that refuses some operations, as a cloud does.
type denied struct {
	bucket.Store
	refuse func(kind, key string) error
}

func (d denied) Create(ctx context.Context, o bucket.Object) error {
	if err := d.refuse(buckettest.Create, o.Key); err != nil {
		return bucket.About(o.Key, err)
	}
	return d.Store.Create(ctx, o)
}

func (d denied) Get(ctx context.Context, key string) (*bucket.Reader, error) {
	if err := d.refuse(buckettest.Get, key); err != nil {
		return nil, bucket.About(key, err)
	}
	return d.Store.Get(ctx, key)
}

func (d denied) Replace(ctx context.Context, o bucket.Object, token string) error {
	if err := d.refuse(buckettest.Replace, o.Key); err != nil {
		return bucket.About(o.Key, err)
	}
	return d.Store.Replace(ctx, o, token)
}

func (d denied) Delete(ctx context.Context, key, token string) error {
	if err := d.refuse(buckettest.Delete, key); err != nil && token != "" {
		return bucket.About(key, err)
	}
	return d.Store.Delete(ctx, key, token)
}

func TestPermissions(t *testing.T) {
	errDenied := errors.New("api error AccessDenied: Access Denied")
	for _, c := range []struct{ kind, folder, check, seen string }{
		{buckettest.Create, "inbox/", "drop: inbox/", "creating an object: permission denied"},
		{buckettest.Get, "inbox/", "drop: inbox/", "reading an object: permission denied"},
		{buckettest.Delete, "inbox/", "drop: inbox/", "deleting an object: permission denied"},
		{buckettest.Create, "receipts/", "drop: receipts/", "creating an object: permission denied"},
		{buckettest.Get, "rejected/", "drop: rejected/", "reading an object: permission denied"},
		{buckettest.Create, ".probe-", "site: /", "creating an object: permission denied"},
		{buckettest.Replace, ".probe-", "site: /", "replacing an object: permission denied"},
	} {
		s := newSetUp(t)
		s.options.Channels = nil
		refuse := func(kind, key string) error {
			if kind == c.kind && strings.HasPrefix(key, c.folder) {
				return errDenied
			}
			return nil
		}
		s.options.Drop.Store = denied{s.options.Drop.Store, refuse}
		s.options.Site.Store = denied{s.options.Site.Store, refuse}
		r := s.examine()
		want(t, r, c.check, doctor.Fail, c.seen)
		if r.Failed() != 1 {
			t.Errorf("%s in %s: %d failures:\n%s", c.kind, c.folder, r.Failed(), rows(r))
		}
	}
}

func TestBrokenPromises(t *testing.T) {
	s := newSetUp(t)
	s.options.Site.Store = overwriting{s.options.Site.Store}
	r := s.examine()
	want(t, r, "site: /", doctor.Fail, "an object that exists cannot be created again, but a second writer replaced")
	s = newSetUp(t)
	s.options.Drop.Store = careless{s.options.Drop.Store}
	s.options.Site.Store = careless{s.options.Site.Store}
	r = s.examine()
	want(t, r, "drop: inbox/", doctor.Warning, "who knew only the old one deleted the new one")
	want(t, r, "site: /", doctor.OK, "which a site does not need")
}

// overwriting is a store whose Create replaces an object that exists.
type overwriting struct{ bucket.Store }

func (o overwriting) Create(ctx context.Context, object bucket.Object) error {
	err := o.Store.Create(ctx, object)
	if !errors.Is(err, bucket.ErrConflict) {
		return err
	}
	r, err := o.Get(ctx, object.Key)
	if err != nil {
		return err
	}
	r.Close()
	return o.Replace(ctx, object, r.Entry.Token)
}

// careless is a store whose Delete ignores its condition.
type careless struct{ bucket.Store }

func (c careless) Delete(ctx context.Context, key, _ string) error {
	return c.Store.Delete(ctx, key, "")
}

func TestNoHardLinks(t *testing.T) {
	s := newSetUp(t)
	folder := t.TempDir()
	for _, dir := range []string{"inbox", "receipts"} {
		if err := os.Mkdir(filepath.Join(folder, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	s.options.Drop.Folder = folder
	s.options.Drop.Store = denied{s.options.Drop.Store, func(kind, _ string) error {
		if kind == buckettest.Create {
			return fmt.Errorf("linkat: %w", syscall.EPERM)
		}
		return nil
	}}
	r := s.examine()
	want(t, r, "drop: inbox/", doctor.Fail, "this file system has no hard links")
	want(t, r, "drop: rejected/", doctor.Fail, "this file system has no hard links")
}

func TestExplain(t *testing.T) {
	bucket, folder := doctor.Place{URL: "s3://b"}, doctor.Place{Folder: "/srv/charts"}
	for _, c := range []struct {
		err       error
		place     doctor.Place
		seen, fix string
	}{
		{errors.New("operation error S3: ListObjectsV2, api error NoSuchBucket: x"), bucket, "there is no such bucket", "check the bucket's name"},
		{errors.New("failed to refresh cached credentials, no EC2 IMDS role found"), bucket, "no credentials were found", "AWS_ACCESS_KEY_ID"},
		{errors.New("api error PermanentRedirect: x"), bucket, "in another region", "region=eu-central-1"},
		{errors.New("RESPONSE 404: ERROR CODE: ContainerNotFound"), bucket, "there is no such container", "check the bucket's name"},
		{errors.New("googleapi: Error 403: caller does not have storage.objects.list access: permission denied"), bucket, "permission denied", "Permissions"},
		{fmt.Errorf("dial: %w", syscall.ECONNREFUSED), bucket, "nothing answers at this address", "check the endpoint"},
		{fmt.Errorf("list: %w", context.DeadlineExceeded), bucket, "does not answer in time", "check the endpoint"},
		{errors.New("teapot"), bucket, "teapot", "what the server says"},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, folder, "permission denied", "read and write the folder"},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EROFS}, folder, "is read-only", "mount it"},
		{&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, folder, "is full", "free some space"},
	} {
		seen, fix := doctor.Explain(c.err, c.place)
		if !strings.Contains(seen, c.seen) || !strings.Contains(seen, c.err.Error()) || !strings.Contains(fix, c.fix) {
			t.Errorf("%v: got %q, %q", c.err, seen, fix)
		}
	}
}
