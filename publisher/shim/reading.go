package shim

import (
	"container/list"
	"errors"
	"sync"
)

// maxRead is how many bytes of indexes may be read at the same time, unless a single
// one is larger. Any number of clients may read the same.
const maxRead = 128 << 20

// readings are the answers under way that come from views. A client that reads slowly
// keeps its view in memory, also one that has been replaced since. So if views of more
// than maxRead bytes are being read, the answers that have taken longest are cut off.
type readings struct {
	mu    sync.Mutex
	under list.List     // of *reading, the oldest first
	count map[*view]int // answers from each view
	size  int64         // of these views together
}

type reading struct {
	view *view
	cut  chan struct{} // closed when the answer must end
}

var errCut = errors.New("the answer took too long, and was cut off")

// begin counts an answer from a view. Its end is to be called when the answer ends.
func (rs *readings) begin(v *view) (cut <-chan struct{}, end func()) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r := &reading{v, make(chan struct{})}
	at := rs.under.PushBack(r)
	if rs.count == nil {
		rs.count = map[*view]int{}
	}
	if rs.count[v]++; rs.count[v] == 1 {
		rs.size += v.head.Size
	}
	for rs.size > maxRead && len(rs.count) > 1 {
		oldest := rs.under.Front()
		close(oldest.Value.(*reading).cut)
		rs.remove(oldest)
	}
	return r.cut, func() {
		rs.mu.Lock()
		defer rs.mu.Unlock()
		rs.remove(at)
	}
}

// remove takes an answer out, unless that has been done. The caller holds mu.
func (rs *readings) remove(at *list.Element) {
	r := at.Value.(*reading)
	if r.view == nil {
		return
	}
	rs.under.Remove(at)
	if rs.count[r.view]--; rs.count[r.view] == 0 {
		delete(rs.count, r.view)
		rs.size -= r.view.head.Size
	}
	r.view = nil
}

// from makes the answer end early if its view has to make room.
func (a *answer) from(vs *views, v *view) (end func()) {
	a.cut, end = vs.readings.begin(v)
	return end
}
