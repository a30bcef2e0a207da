package pages

import "context"

// A memo remembers what was found of something, by what it was found of, up to a cost in
// all. It forgets those first for which nobody has asked for long: once half of that is
// used up by what was asked for since it last did so, it forgets the others. It is not
// safe for concurrent use.
type memo[K comparable, V any] struct {
	most     int // cost of all
	used     int // cost of those in now
	now, old map[K]remembered[V]
}

type remembered[V any] struct {
	value V
	cost  int
}

// of returns what find finds of the key, and what it costs to remember that. What it
// finds once ctx is done is not remembered: it may not be all.
func (m *memo[K, V]) of(ctx context.Context, key K, find func() (value V, cost int)) V {
	r, ok := m.now[key]
	if ok {
		return r.value
	}
	if r, ok = m.old[key]; !ok {
		if r.value, r.cost = find(); ctx.Err() != nil {
			return r.value
		}
	}
	if r.cost > m.most/2 {
		return r.value
	}
	if m.used += r.cost; m.now == nil || m.used > m.most/2 {
		m.now, m.old, m.used = map[K]remembered[V]{}, m.now, r.cost
	}
	m.now[key] = r
	return r.value
}
