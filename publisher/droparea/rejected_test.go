package droparea_test

import (
	"maps"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// TestCountRejected: each refused upload or action counts once, by its reason.
func TestCountRejected(t *testing.T) {
	t.Parallel()
	now := buckettest.Start()
	drop := &buckettest.Mem{Now: func() time.Time { return now }}
	drop.Put("rejected/stable/"+id1+".tgz", nil)
	drop.Put("rejected/stable/"+id1+".json", nil)
	now = now.Add(time.Hour)
	for _, key := range []string{
		"stable/" + id2 + ".tgz", "stable/" + id2 + ".tgz.prov", "stable/" + id2 + ".json",
		"team/devel/" + id1 + ".action.json", "team/devel/" + id1 + ".json",
		"team/" + id1 + ".tgz", // whose reason is not written yet
	} {
		drop.Put("rejected/"+key, nil)
	}
	for since, want := range map[time.Time]map[string]int{
		buckettest.Start():             {"stable": 2, "team/devel": 1},
		now:                            {"stable": 1, "team/devel": 1},
		now.Add(time.Nanosecond).UTC(): {},
	} {
		got, err := droparea.CountRejected(t.Context(), drop.Handle("test"), since)
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("since %v: got %v, %v; want %v", since, got, err, want)
		}
	}
}
