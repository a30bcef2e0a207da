package publisher_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

func TestReadStatus(t *testing.T) {
	site := published(t)
	drop, _ := buckettest.Clocked(t)
	drop.Put("inbox/stable/"+id1+".tgz", nil)
	drop.Put("inbox/devel/x.tgz", nil)
	rejected := map[string]int{"stable": 2, "late": 1}
	all, err := publisher.ReadStatus(t.Context(), site.Handle("test"), inboxOf(t, drop), rejected, nil)
	if err != nil || len(all) != 2 {
		t.Fatalf("got %v, %v", all, err)
	}
	want := publisher.ChannelStatus{
		Channel: "stable", Generation: 3, IndexGeneration: 2, Charts: 2, Versions: 2,
		Size: int64(len("archive of alpha") + len("archive of beta")), Changed: buckettest.Start().Add(2 * time.Minute), Waiting: 1, Rejected: 2,
		IndexSize: all[1].IndexSize, LargestArchive: int64(len("archive of alpha")), Names: []string{"alpha", "beta"},
	}
	if all[0].Channel != "devel" || all[0].Waiting != 1 || !reflect.DeepEqual(all[1], want) || want.IndexSize < 100 {
		t.Errorf("got %+v, want %+v", all, want)
	}
}

// TestReadStatusDamaged: a channel that cannot be read says so, and the others
// are shown.
func TestReadStatusDamaged(t *testing.T) {
	site := published(t)
	commit(t, site.Handle("test"), "devel", release("alpha", "1.0.0", id1, ""))
	site.Put("devel/log/00000001.json", []byte("{"))
	drop, _ := buckettest.Clocked(t)
	drop.Put("inbox/devel/"+id1+".tgz", nil)
	all, err := publisher.ReadStatus(t.Context(), site.Handle("test"), inboxOf(t, drop), nil, nil)
	if err != nil || len(all) != 2 {
		t.Fatalf("got %v, %v", all, err)
	}
	if !strings.Contains(all[0].Error, "devel/log/00000001.json: not a commit record") || all[0].Waiting != 1 {
		t.Errorf("devel: %+v", all[0])
	}
	if all[1].Error != "" || all[1].Versions != 2 {
		t.Errorf("stable: %+v", all[1])
	}
	unread := &droparea.Inbox{Channels: []*droparea.ChannelInbox{{Channel: "stable", Err: errors.New("inbox/stable: denied")}}}
	all, err = publisher.ReadStatus(t.Context(), site.Handle("test"), unread, nil, []string{"stable"})
	if err != nil || all[0].Error != "inbox/stable: denied" || all[0].Versions != 2 {
		t.Errorf("with an inbox that cannot be read: %+v, %v", all, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := publisher.ReadStatus(ctx, site.Handle("test"), &droparea.Inbox{}, nil, []string{"stable"}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// TestStatusOfHead: a head that is not what the log says is told, with the fix.
func TestStatusOfHead(t *testing.T) {
	for what, damage := range map[string]func(m *buckettest.Mem, head []byte){
		"":        func(*buckettest.Mem, []byte) {},
		"missing": func(m *buckettest.Mem, _ []byte) { remove(t, m, "stable/index.yaml") },
		"damaged": func(m *buckettest.Mem, head []byte) { m.Put("stable/index.yaml", head[:9]) },
		"generation 1, though generation 2 is committed": func(m *buckettest.Mem, _ []byte) {
			old := strings.ReplaceAll(string(m.Snapshot()["stable/snapshots/00000001/index.yaml"]), "../../", "")
			m.Put("stable/index.yaml", []byte(old))
		},
	} {
		m := published(t)
		damage(m, m.Snapshot()["stable/index.yaml"])
		all, err := publisher.ReadStatus(t.Context(), m.Handle("test"), &droparea.Inbox{}, nil, nil)
		if err != nil || len(all) != 1 || all[0].Generation != 3 || all[0].Versions != 2 {
			t.Fatalf("%s: got %+v, %v", what, all, err)
		}
		got := all[0].Error
		if what == "" && got != "" || what != "" && !(strings.Contains(got, "stable/index.yaml: "+what) && strings.Contains(got, "generate --channel stable")) {
			t.Errorf("%s: got %q", what, got)
		}
	}
}

func inboxOf(t *testing.T, drop *buckettest.Mem) *droparea.Inbox {
	t.Helper()
	inbox, err := droparea.ReadInbox(t.Context(), drop.Handle("test"))
	if err != nil {
		t.Fatal(err)
	}
	return inbox
}
