package buckettest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// The kinds of operation.
const (
	Create  = "create"
	Replace = "replace"
	Get     = "get"
	List    = "list"
	Delete  = "delete"
)

// Op is one operation on a Mem.
type Op struct {
	N     int    // how many came before it, on all handles
	Actor string // whose handle it came through
	Kind  string
	Key   string // of a listing: the folder
}

func (op Op) String() string {
	return fmt.Sprintf("%d: %s %s %q", op.N, op.Actor, op.Kind, op.Key)
}

// Fault is what goes wrong with an operation.
type Fault int

// The faults. An error that they cause is ErrInjected or, of a dead handle,
// ErrDead.
const (
	None      Fault = iota
	Refused         // no effect, and an error
	Unacked         // takes effect, and an error all the same
	DieBefore       // as Refused, and so does all that the handle is asked later
	DieAfter        // takes effect, then as DieBefore
	Delayed         // an error; a write takes effect when Land is called, if it still may
	Stale           // a listing that does not see the newest write yet; otherwise None
)

// What faulty operations return, wrapped in a bucket.KeyError.
var (
	ErrInjected = errors.New("injected fault")
	ErrDead     = errors.New("this process is dead")
)

// Mem is a store in memory that fails when it is told to. Its zero value is an
// empty store in which nothing goes wrong. The exported fields are to be set
// before use.
//
// Mem starts no goroutines and reads no clock, so a test that calls it in the
// same order sees the same. Hook and After are called without any lock held:
// they may block, to let other actors go first, and use Snapshot and Land.
//
// An operation is in this order: the Body runs; Hook is called; the operation
// takes effect or not, in one moment; After is called; it returns.
type Mem struct {
	TB        testing.TB            // fails when an immutable object changes; may be nil
	Now       func() time.Time      // when a write happens; nil is a second later for each
	Hook      func(Op) Fault        // asked before each operation; nil is None
	After     func(Op)              // told after each operation, and each that lands
	Immutable func(key string) bool // which keys never change their bytes

	mu      sync.Mutex
	objects map[string]*stored
	first   map[string][]byte // what immutable keys held first
	undo    func()            // takes back the newest write; nil if none
	ops     []Op
	pending []landing
	writes  int
}

type stored struct {
	bucket.Object
	data  []byte
	entry bucket.Entry
	soft  bool    // deferred and not flushed since: a power cut takes it
	was   *stored // what a power cut leaves instead, if it is soft and replaces something durable
}

// landing is a delayed write.
type landing struct {
	op Op
	do func() error // with mu held
}

// Handle returns the store as one process sees it, alive. A process that is
// started again after its death is a new handle.
func (m *Mem) Handle(actor string) *Handle {
	return &Handle{m: m, actor: actor}
}

// Put writes as another program does, with a cloud's own client: at once,
// unconditionally, and past the hooks.
func (m *Mem) Put(key string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(&stored{Object: bucket.Object{Key: key}, data: bytes.Clone(data)})
}

// Snapshot returns all objects.
func (m *Mem) Snapshot() map[string][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make(map[string][]byte, len(m.objects))
	for key, o := range m.objects {
		all[key] = o.data // never changed in place
	}
	return all
}

// Object returns an object's bytes with its Content-Type and Cache-Control.
func (m *Mem) Object(key string) (o bucket.Object, data []byte, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := m.objects[key]
	if found == nil {
		return bucket.Object{}, nil, false
	}
	return found.Object, found.data, true
}

// Ops returns all operations so far, in order.
func (m *Mem) Ops() []Op {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.ops)
}

// Count returns how many operations of each kind there were.
func (m *Mem) Count() map[string]int {
	count := map[string]int{}
	for _, op := range m.Ops() {
		count[op.Kind]++
	}
	return count
}

// Pending returns the delayed writes that have not landed, oldest first.
func (m *Mem) Pending() []Op {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ops []Op
	for _, p := range m.pending {
		ops = append(ops, p.op)
	}
	return ops
}

// Land lets the i-th pending write arrive. It takes effect on its own
// condition, as things are by now; Land returns what the writer would be told.
func (m *Mem) Land(i int) error {
	m.mu.Lock()
	p := m.pending[i]
	m.pending = slices.Delete(m.pending, i, i+1)
	err := p.do()
	m.mu.Unlock()
	m.after(p.op)
	return err
}

// PowerCut undoes every write that was deferred and is not durable yet. On a
// disk, that is the worst that can come of it. Handles stay alive: let them go.
func (m *Mem) PowerCut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, o := range m.objects {
		switch {
		case o.soft && o.was != nil:
			m.objects[key] = o.was
		case o.soft:
			delete(m.objects, key)
		}
	}
	m.undo = nil
}

func (m *Mem) after(op Op) {
	if m.After != nil {
		m.After(op)
	}
}

func (m *Mem) set(o *stored) {
	key := o.Key
	m.writes++
	o.entry = bucket.Entry{Key: key, Size: int64(len(o.data)), Modified: m.now(), Token: fmt.Sprintf("v%d", m.writes)}
	m.change(key, o)
	if m.Immutable == nil || !m.Immutable(key) {
		return
	}
	if first, ok := m.first[key]; ok && !bytes.Equal(first, o.data) && m.TB != nil {
		m.TB.Errorf("immutable object %q changed:\ngot  %.200q\nfrom %.200q", key, o.data, first)
	}
	if m.first == nil {
		m.first = map[string][]byte{}
	}
	m.first[key] = o.data
}

func (m *Mem) now() time.Time {
	if m.Now != nil {
		return m.Now()
	}
	return time.Date(2026, 1, 1, 0, 0, m.writes, 0, time.UTC)
}

// change puts o, or nothing, in the place of key.
func (m *Mem) change(key string, o *stored) {
	old := m.objects[key]
	m.undo = func() { m.assign(key, old) }
	m.assign(key, o)
}

func (m *Mem) assign(key string, o *stored) {
	if m.objects == nil {
		m.objects = map[string]*stored{}
	}
	if o == nil {
		delete(m.objects, key)
		return
	}
	m.objects[key] = o
}

func (m *Mem) list(dir string, depth bucket.Depth) []bucket.Entry {
	prefix := dir + "/"
	if dir == "" {
		prefix = ""
	}
	found := map[string]bucket.Entry{}
	for key, o := range m.objects {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		if sub, _, deeper := strings.Cut(rest, "/"); deeper && depth == bucket.Children {
			found[prefix+sub+"/"] = bucket.Entry{Key: prefix + sub, Dir: true}
			continue
		}
		found[key] = o.entry
	}
	var entries []bucket.Entry
	for _, key := range slices.Sorted(maps.Keys(found)) {
		entries = append(entries, found[key])
	}
	return entries
}
