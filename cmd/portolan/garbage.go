package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// minHeap is the size in bytes that the heap may reach before garbage is collected. Go
// collects whenever the heap has doubled. Runs that read many charts hold 5 to 15 MB and
// make gigabytes of garbage: for 2,000 charts, Go would collect eighty times. With this it
// collects some twenty times, and a run takes 20 MB more. Larger heaps grow as always.
const minHeap = 44 << 20

// Go's own: by how many percent a heap may grow, and how large any heap may get.
const (
	defaultGrowth = 100
	goMinHeap     = 4 << 20 // for each 100 percent
)

// growth returns by how many percent a heap may grow that has used bytes in use.
func growth(used uint64) int {
	if used >= minHeap/2 {
		return defaultGrowth
	}
	return int(min((minHeap-used)*100/max(used, 1), minHeap*100/goMinHeap))
}

// collectLater lets small heaps grow up to minHeap, unless GOGC is set. Go knows no least
// size of a heap, so the percentage is set again after each collection. A constant one would
// let large heaps grow as much, and a memory limit of minHeap would slow them down.
func collectLater() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(growth(0))
	runtime.SetFinalizer(&collected{metric: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}}, (*collected).adjust)
}

// Nobody holds a collected, so Go calls its finalizer after each collection.
type collected struct{ metric []metrics.Sample }

func (c *collected) adjust() {
	metrics.Read(c.metric)
	debug.SetGCPercent(growth(c.metric[0].Value.Uint64()))
	runtime.SetFinalizer(c, (*collected).adjust)
}
