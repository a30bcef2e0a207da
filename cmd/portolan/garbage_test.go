package main

import (
	"runtime"
	"testing"
	"time"
)

// TestGrowth: small heaps grow to minHeap, and large ones as much as Go has them.
func TestGrowth(t *testing.T) {
	for _, used := range []uint64{0, 1, 1 << 20, goMinHeap, minHeap / 3, minHeap/2 - 1, minHeap / 2, minHeap, 1 << 40} {
		percent := uint64(growth(used))
		most := max(used+used*percent/100, goMinHeap*percent/100)
		if want := max(minHeap, 2*used); most > want || most < want*98/100 {
			t.Errorf("with %d bytes in use, the heap grows to %d, want %d", used, most, want)
		}
	}
}

// TestCollectLater: what little is in use decides how late garbage is collected, and
// what is much does not make the heap larger than Go does.
func TestCollectLater(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for the collector")
	}
	t.Setenv("GOGC", "")
	collectLater()
	goal := func(want func(used, goal uint64) bool) {
		t.Helper()
		var m runtime.MemStats
		for range 100 {
			runtime.GC()
			time.Sleep(10 * time.Millisecond) // collected is told by then
			runtime.ReadMemStats(&m)
			if want(m.HeapAlloc, m.NextGC) {
				return
			}
		}
		t.Errorf("with %d bytes in use, garbage is collected at %d", m.HeapAlloc, m.NextGC)
	}
	goal(func(_, goal uint64) bool { return goal > minHeap*9/10 && goal < minHeap*11/10 })
	held := make([]byte, 2*minHeap)
	goal(func(used, goal uint64) bool { return used > 2*minHeap && goal < 2*used*11/10 })
	runtime.KeepAlive(held)
	goal(func(_, goal uint64) bool { return goal > minHeap*9/10 && goal < minHeap*11/10 })
}
