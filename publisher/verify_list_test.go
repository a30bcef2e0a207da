package publisher_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// TestVerifyFolder verifies a site on disk, where charts are listed at the same time.
func TestVerifyFolder(t *testing.T) {
	dir := t.TempDir()
	s := buckettest.Open(t, dir)
	cut := "stable/charts/chart-4/1.0.0/" + fmt.Sprintf("%s%03d", id1[:33], 4) + "/chart-4-1.0.0.tgz"
	for n := range 20 {
		commit(t, s, "stable", release(fmt.Sprintf("chart-%d", n), "1.0.0", fmt.Sprintf("%s%03d", id1[:33], n), ""))
	}
	for _, workers := range []int{1, 4} {
		c := verify(t, s, publisher.VerifyOptions{Workers: workers}).Channels[0]
		if want := int64(len("archive of chart-0")*20 + 10); len(c.Faults) > 0 || c.Archives != 20 || c.Bytes != want {
			t.Errorf("%d workers: %+v, want %d bytes", workers, c, want)
		}
	}
	buckettest.WriteFile(t, "archive", dir, filepath.FromSlash(cut))
	for _, workers := range []int{1, 4} {
		c := verify(t, s, publisher.VerifyOptions{Workers: workers}).Channels[0]
		want := []publisher.Fault{{Key: cut, Message: "it has 7 bytes, not the 18 of the log"}}
		for i := range c.Faults {
			c.Faults[i].Fix = ""
		}
		if !slices.Equal(c.Faults, want) {
			t.Errorf("%d workers: %+v", workers, c.Faults)
		}
	}
}
