package generator_test

import (
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
)

// TestClientNotes: of an index, an archive and names it is said which clients do not
// take them, and which setting helps.
func TestClientNotes(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct {
		status publisher.ChannelStatus
		want   string // what each note is about, and the clients
		seen   []string
	}{
		{publisher.ChannelStatus{IndexSize: 2 * mib, LargestArchive: 5 * mib, Names: []string{"a-b.c"}}, "", nil},
		{publisher.ChannelStatus{IndexSize: 27 * mib / 10}, "index: 1", []string{"nearly too large for programs that use SnakeYAML (3.0 MiB)"}},
		{publisher.ChannelStatus{IndexSize: 56 * mib / 10}, "index: 2", []string{"5.6 MiB, too large for", "and Rancher (5.0 MiB)"}},
		{publisher.ChannelStatus{IndexSize: 41 * mib}, "index: 4", []string{"Nexus' proxy (24 MiB); nearly too large for Flux (50 MiB)"}},
		{publisher.ChannelStatus{LargestArchive: 6 * mib}, "archive: 1", []string{"6.0 MiB, too large for Rancher (5.0 MiB)"}},
		{publisher.ChannelStatus{LargestArchive: 11 * mib}, "archive: 2", []string{"Rancher (5.0 MiB) and Flux (10 MiB)"}},
		{publisher.ChannelStatus{Names: []string{"A", "b", "c_d", "E", "F", "G"}}, "name: 1", []string{`Flux`, `"A", "c_d", "E" and 2 more`}},
	} {
		var got []string
		text := ""
		for _, n := range generator.ClientNotes(tt.status) {
			got = append(got, n.What+": "+string(rune('0'+len(n.Clients))))
			text += n.Seen + "\n"
			if !strings.Contains(n.Fix, "portolan.yaml") {
				t.Errorf("%s: the fix names no setting: %s", n.What, n.Fix)
			}
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.status, got, tt.want)
		}
		for _, seen := range tt.seen {
			if !strings.Contains(text, seen) {
				t.Errorf("%q is not in %s", seen, text)
			}
		}
	}
}
