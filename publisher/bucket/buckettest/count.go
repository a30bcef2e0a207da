package buckettest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Counter counts operations, or requests, by kind. The zero value is ready, and
// may be used from many goroutines.
type Counter struct {
	mu sync.Mutex
	n  map[string]int
}

// Add counts one of the kind.
func (c *Counter) Add(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[kind]++
}

// Count returns how many there were of the kind; of all kinds, if that is "".
func (c *Counter) Count(kind string) (sum int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, n := range c.n {
		if kind == "" || k == kind {
			sum += n
		}
	}
	return sum
}

// kinds are those that come first when they are told, in their order.
var kinds = []string{List, Get, Create, Replace, Delete, "GET", "HEAD", "PUT", "POST", "DELETE"}

// String is such as "14: 1 list, 5 get, 8 create".
func (c *Counter) String() string {
	var parts []string
	sum := c.Count("")
	c.mu.Lock()
	defer c.mu.Unlock()
	others := slices.DeleteFunc(slices.Sorted(maps.Keys(c.n)), func(kind string) bool { return slices.Contains(kinds, kind) })
	for _, kind := range slices.Concat(kinds, others) {
		if n := c.n[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	return fmt.Sprintf("%d: %s", sum, strings.Join(parts, ", "))
}

// Of returns the store with its operations counted.
func (c *Counter) Of(s bucket.Store) bucket.Store { return counted{s, c} }

type counted struct {
	bucket.Store
	counter *Counter
}

func (s counted) Create(ctx context.Context, o bucket.Object) error {
	s.counter.Add(Create)
	return s.Store.Create(ctx, o)
}

func (s counted) Replace(ctx context.Context, o bucket.Object, token string) error {
	s.counter.Add(Replace)
	return s.Store.Replace(ctx, o, token)
}

func (s counted) Get(ctx context.Context, key string) (*bucket.Reader, error) {
	s.counter.Add(Get)
	return s.Store.Get(ctx, key)
}

func (s counted) List(ctx context.Context, dir string, depth bucket.Depth) iter.Seq2[bucket.Entry, error] {
	s.counter.Add(List)
	return s.Store.List(ctx, dir, depth)
}

func (s counted) Delete(ctx context.Context, key, token string) error {
	s.counter.Add(Delete)
	return s.Store.Delete(ctx, key, token)
}

// DeleteMany counts as one operation, as the caller sees it.
func (s counted) DeleteMany(ctx context.Context, keys []string) ([]string, error) {
	s.counter.Add(Delete)
	return nil, errors.Join(bucket.DeleteAll(ctx, s.Store, singly, keys)...)
}

// singly is how many objects are removed at a time if each takes a request of its own.
const singly = 8
