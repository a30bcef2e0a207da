package check

import (
	"crypto/sha256"
	"io"
	"sync"
)

// A new version of a chart often has the values of the one before, and charts
// of one team the same subcharts. What was found of a values.yaml depends on its
// bytes alone, so it is remembered: parsing them, once as text and once as Helm
// does, is a third of what checking an archive costs.

// maxValuesMemo is how many are remembered, in some 70 bytes each.
const maxValuesMemo = 16 << 10

// valuesMemo remembers what good values.yaml files cost of the bounds.
type valuesMemo struct {
	mu   sync.Mutex
	good map[[sha256.Size]byte]yamlCost
}

// yamlCost is what parsing a file takes from the bounds.
type yamlCost struct {
	marks, nodes int
	text         int64
}

var goodValues valuesMemo

// goodFiles remembers manifests and schemas with nothing to warn of. What they cost
// of the effort is taken in any case, so that an archive's warnings do not depend on
// the archives before it.
var goodFiles valuesMemo

func (m *valuesMemo) knows(kind string, data []byte) bool {
	_, known := m.find(kindSum(kind, data))
	return known
}

func (m *valuesMemo) remember(kind string, data []byte) { m.add(kindSum(kind, data), yamlCost{}) }

func kindSum(kind string, data []byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	io.WriteString(h, kind+" ")
	h.Write(data)
	h.Sum(sum[:0])
	return sum
}

func (m *valuesMemo) find(sum [sha256.Size]byte) (yamlCost, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	cost, known := m.good[sum]
	return cost, known
}

// add remembers a file. When there are too many it starts over.
func (m *valuesMemo) add(sum [sha256.Size]byte, cost yamlCost) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.good == nil || len(m.good) >= maxValuesMemo {
		m.good = map[[sha256.Size]byte]yamlCost{}
	}
	m.good[sum] = cost
}

// spend takes the cost from the bounds, if that much is left.
func (b *bounds) spend(c yamlCost) bool {
	if b.marks < c.marks || b.yamlNodes+c.nodes > maxYAMLNodesTotal || b.yamlText+c.text > maxYAMLTextTotal {
		return false
	}
	b.marks -= c.marks
	b.yamlNodes += c.nodes
	b.yamlText += c.text
	return true
}

// checkValues checks a values.yaml. One that was found to be good, with nothing
// to warn of, is not parsed again.
func (b *bounds) checkValues(where string, data []byte, strict bool) *Problem {
	sum := sha256.Sum256(data)
	if cost, known := goodValues.find(sum); known && b.spend(cost) {
		return nil
	}
	before, warned := *b, b.warn.total()
	p := b.parseValues(where, data, strict)
	if p == nil && b.warn.total() == warned {
		goodValues.add(sum, yamlCost{before.marks - b.marks, b.yamlNodes - before.yamlNodes, b.yamlText - before.yamlText})
	}
	return p
}
