package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// minHeap is what the heap may grow to before garbage is collected, in bytes. Go collects
// it whenever the heap has doubled. Runs that read many charts hold 5 to 15 MB and make
// gigabytes of garbage, so they would collect it eighty times for 2,000 charts; with this
// it is some twenty times, and they take 20 MB more. Larger heaps are left as Go has them.
const minHeap = 44 << 20

// Go's own: how much a heap may grow in percent, and how large it may always get.
const (
	defaultGrowth = 100
	goMinHeap     = 4 << 20 // for each 100 percent
)

// growth is by how many percent a heap may grow of which that many bytes are in use.
func growth(used uint64) int {
	if used >= minHeap/2 {
		return defaultGrowth
	}
	return int(min((minHeap-used)*100/max(used, 1), minHeap*100/goMinHeap))
}

// collectLater has small heaps grow up to minHeap, unless somebody has set GOGC.
func collectLater() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(growth(0))
	runtime.SetFinalizer(&collected{metric: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}}, (*collected).adjust)
}

// A collected is garbage, so that Go tells it each time when it has collected that.
type collected struct{ metric []metrics.Sample }

func (c *collected) adjust() {
	metrics.Read(c.metric)
	debug.SetGCPercent(growth(c.metric[0].Value.Uint64()))
	runtime.SetFinalizer(c, (*collected).adjust)
}
