package pages_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/pages"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// While one other wants the machine, pages take at most half of the time, while many do a
// quarter, and all of it once nobody does.
func TestGiveWay(t *testing.T) {
	const versions, each = 4, 10 * time.Millisecond
	took := func(giveWay func() int) (all time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			w := newTown(t, pages.Options{Site: published.Site, GiveWay: giveWay})
			for i := range versions {
				w.upload("stable", charttest.Simple("web", fmt.Sprintf("1.%d.0", i)), nil)
			}
			w.mem.Hook = func(op buckettest.Op) buckettest.Fault {
				if op.Kind != buckettest.Get && strings.HasSuffix(op.Key, "/values.html") { // one of each version
					time.Sleep(each)
				}
				return buckettest.None
			}
			began := time.Now()
			w.run()
			all = time.Since(began)
			w.mem.Hook = nil
			w.mustBeRebuilt("stable", "after giving way")
		})
		return all
	}
	alone := took(nil)
	if alone < versions*each {
		t.Fatalf("the pages took %v", alone)
	}
	if never := took(func() int { return 0 }); never != alone {
		t.Errorf("pages that need not rest took %v, want %v", never, alone)
	}
	for waiting, rests := range map[int]time.Duration{1: 1, 2: 2, 3: 3, 100: 3} {
		want := alone + rests*versions*each
		if always := took(func() int { return waiting }); always != want {
			t.Errorf("pages that give way to %d took %v, want %v", waiting, always, want)
		}
	}
	asked := 0
	if some := took(func() int { asked++; return max(0, min(3-asked, 1)) }); some != alone+2*each {
		t.Errorf("pages that rest twice took %v, want %v", some, alone+2*each)
	}
}
