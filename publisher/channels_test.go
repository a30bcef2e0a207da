package publisher_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

func TestChannels(t *testing.T) {
	m := published(t)
	commit(t, m.Handle("test"), "group/app/devel", release("alpha", "1.0.0", id1, ""))
	commit(t, m.Handle("test"), "group", nil)
	m.Put("notes/readme.txt", nil)
	got, err := publisher.Channels(t.Context(), m.Handle("test"))
	if want := []string{"group", "group/app/devel", "stable"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

// TestChannelsBesideRegistry: looking for channels takes no longer if charts are in the
// registry, however many these are; and a channel that was called v2 once is still found.
func TestChannelsBesideRegistry(t *testing.T) {
	m := published(t)
	commit(t, m.Handle("test"), "v2/old", nil)
	commit(t, m.Handle("test"), "v2", nil)
	for i := range 100 {
		m.Put(fmt.Sprintf("v2/stable/chart%d/blobs/x", i), nil)
		m.Put(fmt.Sprintf("v2/stable/chart%d/manifests/x", i), nil)
		m.Put(fmt.Sprintf("v2/group/app/chart%d/blobs/x", i), nil)
		m.Put(fmt.Sprintf("v2/group/app/chart%d/manifests/x", i), nil)
	}
	lists := m.Count()[buckettest.List]
	got, err := publisher.Channels(t.Context(), m.Handle("test"))
	if want := []string{"stable", "v2", "v2/old"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if n := m.Count()[buckettest.List] - lists; n > 12 {
		t.Errorf("it took %d listings", n)
	}
}

// TestLostLogs: verify and status name a channel that has lost its whole log, whatever
// else it has lost. An index that is not a channel's head makes no channel.
func TestLostLogs(t *testing.T) {
	m, _ := rooted(t)
	head, atRoot := m.Snapshot()["stable/index.yaml"], m.Snapshot()[rootKey]
	m.Put("other/index.yaml", head)
	m.Put("group/other/index.yaml", head)
	m.Put("whole/index.yaml", head)
	m.Put("whole/snapshots/00000002/index.yaml", head)
	for name, b := range map[string][]byte{
		"root": atRoot, "foreign": []byte("apiVersion: v1\nentries: {}\n"), "empty": nil, "cut": head[:60], "line": bytes.Repeat([]byte("x"), 1<<17), "stable/all": head,
	} {
		m.Put(name+"/index.yaml", b)
	}
	want := []string{"stable", "group/other", "other", "whole"}
	for _, c := range verify(t, m.Handle("verify"), publisher.VerifyOptions{}).Channels {
		if !slices.Contains(want, c.Channel) || (len(c.Faults) == 0) != (c.Channel == "stable") {
			t.Errorf("verify: %+v", c)
		}
		if c.Channel == "other" && !strings.Contains(c.Faults[0].Message, "the log ends at 0") {
			t.Errorf("verify: %+v", c)
		}
		want = slices.DeleteFunc(want, func(name string) bool { return name == c.Channel })
	}
	if len(want) > 0 {
		t.Errorf("verify leaves out %q", want)
	}
	all, err := publisher.ReadStatus(t.Context(), m.Handle("test"), &droparea.Inbox{}, nil, nil)
	if err != nil || len(all) != 4 {
		t.Errorf("status: %+v, %v", all, err)
	}
	for _, s := range all {
		if (s.Error == "") != (s.Channel == "stable") {
			t.Errorf("status: %+v", s)
		}
	}
	if got, err := publisher.Channels(t.Context(), m.Handle("test")); err != nil || !slices.Equal(got, []string{"stable"}) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestHasChannel(t *testing.T) {
	m := published(t)
	for name, want := range map[string]bool{"stable": true, "stabel": false} {
		if got, err := publisher.HasChannel(t.Context(), m.Handle("test"), name); got != want || err != nil {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
}
