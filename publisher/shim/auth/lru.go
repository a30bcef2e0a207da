package auth

import "container/list"

// lru is a map of limited size that forgets what was not used for longest.
type lru[K comparable, V any] struct {
	max   int
	items map[K]*list.Element
	order *list.List // of *entry[K, V]; the last used first
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](max int) *lru[K, V] {
	return &lru[K, V]{max, map[K]*list.Element{}, list.New()}
}

func (l *lru[K, V]) get(key K) (value V, ok bool) {
	e, ok := l.items[key]
	if !ok {
		return value, false
	}
	l.order.MoveToFront(e)
	return e.Value.(*entry[K, V]).value, true
}

// add adds or replaces a value.
func (l *lru[K, V]) add(key K, value V) {
	if e, ok := l.items[key]; ok {
		e.Value.(*entry[K, V]).value = value
		l.order.MoveToFront(e)
		return
	}
	l.items[key] = l.order.PushFront(&entry[K, V]{key, value})
	if l.order.Len() > l.max {
		last := l.order.Remove(l.order.Back()).(*entry[K, V])
		delete(l.items, last.key)
	}
}
