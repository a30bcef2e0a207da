package droparea_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// TestRemoveOrder: whatever fails, of an upload nothing is removed after a part that
// stayed, and the others are removed.
func TestRemoveOrder(t *testing.T) {
	order := []string{".tgz.prov", ".json", ".tgz"}
	for failing := range 3 * len(order) {
		m, _ := buckettest.Clocked(t)
		var left []string
		for n := range 3 {
			for part, ext := range order {
				key := fmt.Sprintf("inbox/stable/%s%d%s", id1[:35], n, ext)
				m.Put(key, []byte(ext))
				if n == failing/len(order) && part >= failing%len(order) {
					left = append(left, key)
				}
			}
		}
		uploads := readInbox(t, m).Channels[0].Uploads
		m.Hook = func(op buckettest.Op) buckettest.Fault {
			if op.Key == left[0] {
				return buckettest.Refused
			}
			return buckettest.None
		}
		errs := droparea.Remove(t.Context(), m.Handle("test"), 2, uploads)
		for i, u := range uploads {
			if want := strings.Contains(left[0], u.ID); errors.Is(errs[i], buckettest.ErrInjected) != want {
				t.Errorf("%s fails: %s: %v", left[0], u.ID, errs[i])
			}
		}
		var got []string
		for key := range m.Snapshot() {
			got = append(got, key)
		}
		slices.Sort(got)
		if slices.Sort(left); !slices.Equal(got, left) {
			t.Errorf("left %q, want %q", got, left)
		}
	}
}
