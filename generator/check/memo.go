package check

import (
	"crypto/sha256"
	"sync"
)

// A new version of a chart has most files of the one before, and charts of one team have
// the same subcharts. What is found of a file depends on its path and its bytes alone, so
// it is remembered: most of what checking an archive costs is parsing. What a file takes of
// what the archive may spend is taken in any case, so that no verdict and no warning depends
// on the archives before.

const (
	// maxMemo bounds what is remembered, in bytes, roughly.
	maxMemo = 8 << 20

	// maxFinding is the largest finding that is remembered.
	maxFinding = maxMemo / 256

	// findingSize is what a finding takes beside its texts.
	findingSize = 300
)

// A finding is what was found of a file that is accepted.
type finding struct {
	cost     cost
	warnings warnings
	template *templateFile // of a template
	fault    string        // of a definition or a schema; "" if nothing is known against it
	metadata *Metadata     // of a subchart; shared by all that find it
}

// size is about how many bytes of memory the finding takes.
func (f *finding) size() int {
	n := findingSize + len(f.fault) + f.warnings.size()
	if f.template != nil {
		n += f.template.size()
	}
	if f.metadata != nil {
		n += 1000 + 100*f.cost.nodes + 2*int(f.cost.text)
	}
	return n
}

// A memoKey stands for a file's path and bytes.
type memoKey [sha256.Size]byte

func keyOf(where string, sum [sha256.Size]byte) memoKey {
	text := make([]byte, 0, 256) // most fit into it, and it costs nothing
	return sha256.Sum256(append(append(text, sum[:]...), where...))
}

// A memo remembers findings. Half of what it remembers is older than the rest: once that
// has its size, it takes the place of the older ones. What is asked for stays.
type memo struct {
	mu         sync.Mutex
	young, old map[memoKey]*finding
	size       int                       // of the young ones
	underway   map[memoKey]chan struct{} // closed when somebody has looked
}

// findings are those of all archives that this process has checked.
var findings memo

// find returns the finding that is remembered, or else what to call after looking at the
// file. If somebody is looking at it right now, find waits. So nobody may look at one file
// while looking at another: two could wait for each other.
func (m *memo) find(key memoKey) (f *finding, looked func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f = m.known(key); f != nil {
		return f, nil
	}
	if other := m.underway[key]; other != nil {
		m.mu.Unlock()
		<-other
		m.mu.Lock()
		if f = m.known(key); f != nil {
			return f, nil
		}
	}
	// If the first look left nothing to remember, all others look at once, not in turn.
	if m.underway[key] != nil {
		return nil, func() {}
	}
	return nil, m.begin(key)
}

// begin makes others wait until end is called.
func (m *memo) begin(key memoKey) (end func()) {
	if m.underway == nil {
		m.underway = map[memoKey]chan struct{}{}
	}
	done := make(chan struct{})
	m.underway[key] = done
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.underway, key)
		close(done)
	}
}

func (m *memo) known(key memoKey) *finding {
	if f := m.young[key]; f != nil {
		return f
	}
	f := m.old[key]
	if f != nil {
		m.put(key, f)
	}
	return f
}

func (m *memo) add(key memoKey, f *finding) {
	if f.size() > maxFinding {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(key, f)
}

func (m *memo) put(key memoKey, f *finding) {
	if m.young == nil || m.size+f.size() > maxMemo/2 {
		m.young, m.old, m.size = map[memoKey]*finding{}, m.young, 0
	}
	m.young[key] = f
	m.size += f.size()
}

// look returns what is found of a file, by looking at it unless that is known, and takes
// what it costs. Nothing is remembered of a file that is refused, or for which too little
// was left.
func (b *bounds) look(where string, sum [sha256.Size]byte, at func(*finding) *Problem) (*finding, *Problem) {
	key := keyOf(where, sum)
	known, looked := findings.find(key)
	switch {
	case known == nil:
		defer looked()
	case b.affords(known.cost, where):
		b.left = b.left.minus(known.cost)
		b.warn.join(known.warnings)
		return known, nil
	}
	f, p := b.lookAnew(at)
	if p == nil && !b.left.overspent() {
		findings.add(key, f)
	}
	return f, p
}

// lookAnew looks at a file, and notes what it costs and which warnings it brings.
func (b *bounds) lookAnew(at func(*finding) *Problem) (*finding, *Problem) {
	f, before, left := &finding{}, b.warn, b.left
	b.warn = warnings{}
	defer func() {
		f.warnings, b.warn = b.warn, before
		b.warn.join(f.warnings)
	}()
	p := at(f)
	f.cost = left.minus(b.left)
	return f, p
}

// affords reports whether as much is left, and a file may have as much.
func (b *bounds) affords(c cost, where string) bool {
	return c.text <= b.maxText(where) && !b.left.minus(c).overspent()
}
