package buckettest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"maps"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Handle is one process's view of a Mem.
type Handle struct {
	m     *Mem
	actor string

	// With m.mu held:
	dead     bool
	deferred []*stored // not flushed yet
}

var _ bucket.Store = (*Handle)(nil)

// Dead reports whether a fault has killed the process.
func (h *Handle) Dead() bool {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	return h.dead
}

// Create implements bucket.Store.
func (h *Handle) Create(ctx context.Context, o bucket.Object) error {
	data, err := h.content(ctx, o)
	if err != nil {
		return err
	}
	return h.do(ctx, Create, o.Key, func() error {
		h.flush(o.Deferred)
		old := h.m.objects[o.Key]
		if old == nil {
			h.put(o, data)
			return nil
		}
		return h.same(old, o, data)
	})
}

// Replace implements bucket.Store.
func (h *Handle) Replace(ctx context.Context, o bucket.Object, token string) error {
	if token == "" {
		return bucket.About(o.Key, errors.New("replacing needs the token of the version to be replaced"))
	}
	o.From = ""
	data, err := h.content(ctx, o)
	if err != nil {
		return err
	}
	return h.do(ctx, Replace, o.Key, func() error {
		h.flush(o.Deferred)
		old := h.m.objects[o.Key]
		if old == nil {
			return bucket.ErrConflict
		}
		if old.entry.Token == token {
			h.put(o, data)
			return nil
		}
		return h.same(old, o, data)
	})
}

// Get implements bucket.Store.
func (h *Handle) Get(ctx context.Context, key string) (*bucket.Reader, error) {
	if err := bucket.CheckKey(key); err != nil {
		return nil, err
	}
	var r *bucket.Reader
	err := h.do(ctx, Get, key, func() error {
		o := h.m.objects[key]
		if o == nil {
			return bucket.ErrNotFound
		}
		r = &bucket.Reader{ReadCloser: io.NopCloser(bytes.NewReader(o.data)), Entry: o.entry}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// List implements bucket.Store. A listing is one operation, and shows one
// moment; entries come sorted by key.
func (h *Handle) List(ctx context.Context, dir string, depth bucket.Depth) iter.Seq2[bucket.Entry, error] {
	return func(yield func(bucket.Entry, error) bool) {
		if dir != "" {
			if err := bucket.CheckKey(dir); err != nil {
				yield(bucket.Entry{}, err)
				return
			}
		}
		var entries []bucket.Entry
		err := h.do(ctx, List, dir, func() error {
			entries = h.m.list(dir, depth)
			return nil
		})
		if err != nil {
			yield(bucket.Entry{}, err)
			return
		}
		for _, e := range entries {
			if err := ctx.Err(); err != nil {
				yield(bucket.Entry{}, bucket.About(dir, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Delete implements bucket.Store.
func (h *Handle) Delete(ctx context.Context, key, token string) error {
	if err := bucket.CheckKey(key); err != nil {
		return err
	}
	return h.do(ctx, Delete, key, func() error {
		h.flush(false)
		old := h.m.objects[key]
		if old == nil {
			return nil
		}
		if token != "" && old.entry.Token != token {
			return bucket.ErrConflict
		}
		h.m.change(key, nil)
		return nil
	})
}

// content checks a write and runs its Body.
func (h *Handle) content(ctx context.Context, o bucket.Object) ([]byte, error) {
	if err := bucket.CheckKey(o.Key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, bucket.About(o.Key, err)
	}
	if from := h.from(o.From); from != nil {
		return from, nil
	}
	var b bytes.Buffer
	if err := o.Body(&b); err != nil {
		return nil, bucket.About(o.Key, err)
	}
	return b.Bytes(), nil
}

// from is what an object has that another one can be copied from; nil if that does not exist.
func (h *Handle) from(key string) []byte {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	if o := h.m.objects[key]; o != nil && !h.dead {
		return o.data
	}
	return nil
}

// do is one operation: it has its effect, or a fault, or both.
func (h *Handle) do(ctx context.Context, kind, key string, effect func() error) error {
	op, err := h.begin(ctx, kind, key)
	if err != nil {
		return bucket.About(key, err)
	}
	fault := None
	if h.m.Hook != nil {
		fault = h.m.Hook(op)
	}
	err = h.act(ctx, op, fault, effect)
	h.m.after(op)
	if err != nil {
		return bucket.About(key, err)
	}
	return nil
}

func (h *Handle) begin(ctx context.Context, kind, key string) (Op, error) {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	if h.dead {
		return Op{}, ErrDead
	}
	if err := ctx.Err(); err != nil {
		return Op{}, err
	}
	op := Op{len(h.m.ops), h.actor, kind, key}
	h.m.ops = append(h.m.ops, op)
	return op, nil
}

func (h *Handle) act(ctx context.Context, op Op, fault Fault, effect func() error) error {
	m := h.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if h.dead { // since the hook was called
		return ErrDead
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	switch fault {
	case Refused:
		return ErrInjected
	case Unacked:
		_ = effect()
		return ErrInjected
	case DieBefore:
		h.dead = true
		return ErrDead
	case DieAfter:
		_ = effect()
		h.dead = true
		return ErrDead
	case Delayed:
		if op.Kind != Get && op.Kind != List {
			m.pending = append(m.pending, landing{op, effect})
		}
		return ErrInjected
	case Stale:
		if op.Kind == List && m.undo != nil {
			objects := maps.Clone(m.objects)
			m.undo()
			defer func() { m.objects = objects }()
		}
	}
	return effect()
}

// flush makes durable what this process has deferred.
func (h *Handle) flush(deferred bool) {
	if deferred {
		return
	}
	for _, o := range h.deferred {
		o.soft, o.was = false, nil
	}
	h.deferred = nil
}

func (h *Handle) put(o bucket.Object, data []byte) {
	obj := &stored{Object: o, data: data, soft: o.Deferred}
	if o.Deferred {
		h.deferred = append(h.deferred, obj)
		if old := h.m.objects[o.Key]; old != nil && old.soft {
			obj.was = old.was
		} else {
			obj.was = old
		}
	}
	h.m.set(obj)
}

// same is a write of what may be there already.
func (h *Handle) same(old *stored, o bucket.Object, data []byte) error {
	if !bytes.Equal(old.data, data) {
		return bucket.ErrConflict
	}
	if !o.Deferred {
		old.soft, old.was = false, nil
	} else if old.soft {
		h.deferred = append(h.deferred, old) // another's, who may never flush it
	}
	return nil
}
