package publisher_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// TestReservedChannels has channels on a site with names that were reserved later. They
// are still channels; what only looks like one, as folders of a registry may, does not count.
func TestReservedChannels(t *testing.T) {
	m := published(t)
	commit(t, m.Handle("test"), "v2", release("alpha", "1.0.0", id1, ""))
	commit(t, m.Handle("test"), "v2/app", release("alpha", "1.0.0", id1, ""))
	commit(t, m.Handle("test"), "team/All", release("alpha", "1.0.0", id1, ""))
	m.Put("v2/stable/log/manifests/1.0.0", []byte("a chart that is called log"))
	folder, err := bucket.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for key, data := range m.Snapshot() {
		if err := folder.Create(t.Context(), bucket.Object{Key: key, Body: bucket.Bytes(data)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, site := range []bucket.Store{folder, m.Handle("test")} {
		got, err := publisher.Channels(t.Context(), site)
		if want := []string{"stable", "team/All", "v2", "v2/app"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	}
	got, err := reservedOf(t, folder)
	if want := []string{"team/All", "v2", "v2/app"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("folder: got %v, %v; want %v", got, err, want)
	}
	before := len(m.Ops())
	got, err = reservedOf(t, bare{m.Handle("test")})
	if want := []string{"v2", "v2/app"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("bucket: got %v, %v; want %v", got, err, want)
	}
	for _, op := range m.Ops()[before:] {
		if strings.HasPrefix(op.Key, "stable") || strings.HasPrefix(op.Key, "team") {
			t.Errorf("it looked at %s", op.Key)
		}
	}
}

func reservedOf(t *testing.T, site bucket.Store) ([]string, error) {
	t.Helper()
	folders, err := publisher.RootFolders(t.Context(), site)
	if err != nil {
		t.Fatal(err)
	}
	return publisher.ReservedChannels(t.Context(), site, folders)
}

// bare hides that a store is a folder.
type bare struct{ bucket.Store }

// TestReservedInbox lists uploads to such a channel: none is passed over in silence.
func TestReservedInbox(t *testing.T) {
	m := published(t)
	m.Put("inbox/team/v2/web-1.0.0.tgz", []byte("x"))
	inbox, err := droparea.ReadInbox(t.Context(), m.Handle("test"))
	if err != nil || len(inbox.Channels) != 0 || len(inbox.Ignored) != 1 {
		t.Fatalf("got %+v, %v", inbox, err)
	}
	for _, want := range []string{`"v2" is reserved`, "copy the site's folder team/v2/", "inbox/team/v2/"} {
		if reason := inbox.Ignored[0].Reason; !strings.Contains(reason, want) {
			t.Errorf("%q is not in %q", want, reason)
		}
	}
	id, _ := droparea.NewID()
	for _, name := range []string{id + ".tgz", id + ".tgz.prov", id + ".json"} { // one upload, and one note
		m.Put("inbox/team/v2/"+name, []byte("{}"))
	}
	m.Put("inbox/team/v2/lone-1.0.0.tgz.prov", []byte("x"))
	if inbox, err = droparea.ReadInbox(t.Context(), m.Handle("test")); err != nil || len(inbox.Ignored) != 3 {
		t.Errorf("got %+v, %v, want one note for each upload", inbox.Ignored, err)
	}
	reserved := (*channelname.ReservedError)(nil)
	if err := droparea.Submit(t.Context(), m.Handle("test"), "team/v2", id, droparea.Submission{Chart: bucket.Bytes(nil)}); !errors.As(err, &reserved) {
		t.Errorf("submitting: %v", err)
	}
}
