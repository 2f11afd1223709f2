// Package bundle reads together what is asked for at the same time.
package bundle

import (
	"context"
	"runtime"
	"sync"
)

const (
	atOnce = 2  // bundles that are read at a time: one large value does not hold up all others
	most   = 64 // keys in one
)

// Reader reads values by their keys. Where many callers want one each, a query for all of them costs the database
// little more than a query for one. The zero value with Read is ready for use.
type Reader[V any] struct {
	// Read returns the values of some keys, in their order. A key may be there twice: its callers share nothing. The error
	// is that of all callers.
	Read func(ctx context.Context, keys []int64) ([]V, error)

	mu      sync.Mutex
	reading int          // goroutines
	ready   int          // of them, those that are about to take a bundle
	waiting []*bundle[V] // the last one may have room
}

// bundle is the keys that are read together, and what came of it.
type bundle[V any] struct {
	keys   []int64
	wanted int // callers that still wait
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
	values []V
	err    error
}

// Get returns the value of a key. It returns at once when ctx ends. The query goes on as long as somebody waits for it.
func (r *Reader[V]) Get(ctx context.Context, key int64) (v V, err error) {
	b, i := r.join(ctx, key)
	select {
	case <-b.done:
	case <-ctx.Done():
		r.leave(b)
		return v, ctx.Err()
	}
	if b.err != nil {
		return v, b.err
	}
	return b.values[i], nil
}

// join puts a key into a bundle, and has that read where there is room.
func (r *Reader[V]) join(ctx context.Context, key int64) (b *bundle[V], i int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.waiting); n > 0 && r.waiting[n-1].wanted > 0 && len(r.waiting[n-1].keys) < most {
		b = r.waiting[n-1]
	} else {
		b = &bundle[V]{done: make(chan struct{})}
		b.ctx, b.cancel = context.WithCancel(context.WithoutCancel(ctx))
		r.waiting = append(r.waiting, b)
	}
	b.keys, b.wanted = append(b.keys, key), b.wanted+1
	if r.reading < atOnce && len(r.waiting) > r.ready {
		r.reading++
		r.ready++
		go r.read()
	}
	return b, len(b.keys) - 1
}

// leave notes that a caller has gone. A query that nobody waits for is cancelled.
func (r *Reader[V]) leave(b *bundle[V]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b.wanted--; b.wanted == 0 {
		b.cancel()
	}
}

// read reads bundles until none waits.
func (r *Reader[V]) read() {
	for b := r.take(); b != nil; b = r.take() {
		b.values, b.err = r.Read(b.ctx, b.keys)
		b.cancel()
		close(b.done)
		r.mu.Lock()
		r.ready++
		r.mu.Unlock()
	}
}

// take returns the next bundle, nil when there is none. It yields the processor until no more callers come: those of
// one moment are to be in one bundle.
func (r *Reader[V]) take() *bundle[V] {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() { r.ready-- }()
	for n := 0; len(r.waiting) > 0 && n < len(r.waiting[0].keys); {
		n = len(r.waiting[0].keys)
		r.mu.Unlock()
		runtime.Gosched()
		r.mu.Lock()
	}
	if len(r.waiting) == 0 {
		r.reading--
		return nil
	}
	b := r.waiting[0]
	r.waiting = r.waiting[1:]
	return b
}
