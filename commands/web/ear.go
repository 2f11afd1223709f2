package web

import (
	"context"
	"sync"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/disk"
)

const (
	// lookEvery is how often the ear looks for what came. That is one look at a file, or at the end of an index where
	// the file was written in the last seconds.
	lookEvery = 50 * time.Millisecond
	// lookSeldom is the same when nothing came for quietAfter.
	lookSeldom = 100 * time.Millisecond
	quietAfter = 10 * time.Second
	// lookAtServerEvery and lookAtServerSeldom are the same over a history on a server, where each look is a question
	// over the network.
	lookAtServerEvery  = 250 * time.Millisecond
	lookAtServerSeldom = 500 * time.Millisecond
	// readAnyway is how often the history is read although its file is as it was: a slow disk shows what was written
	// some time after it has noted the writing.
	readAnyway = 2 * time.Second
)

// ear looks for what came, once for all open pages of this process, and only while there is one.
type ear struct {
	mu      sync.Mutex
	pages   int
	end     context.CancelFunc
	heard   heard
	changed chan struct{} // closed when heard changes
}

// heard is what the ear knows.
type heard struct {
	newest int64 // exchange
	writes int   // how often something was written, as far as the ear can tell
	err    error // of reading the history
	pages  int   // that are open
}

// join counts a page in, and leave out.
func (p *Page) join() (leave func()) {
	e := &p.ear
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pages++; e.pages == 1 {
		var ctx context.Context
		ctx, e.end = context.WithCancel(p.ending)
		if e.changed == nil {
			e.changed = make(chan struct{})
		}
		p.acting.Go(func() { p.listen(ctx) })
	}
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.pages--; e.pages == 0 {
			e.end()
		}
	}
}

// now returns what the ear knows, and a channel that is closed when that changes.
func (e *ear) now() (heard, <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.heard
	now.pages = e.pages
	return now, e.changed
}

// tell notes what the ear has read, unless a later ear has taken its place.
func (e *ear) tell(ctx context.Context, newest int64, err error, written bool) (changed bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	written = written || newest != e.heard.newest && err == nil
	if ctx.Err() != nil || !written && (err == nil) == (e.heard.err == nil) {
		return false
	}
	e.heard.err = err
	e.heard.newest = max(newest, e.heard.newest)
	if written {
		e.heard.writes++
	}
	close(e.changed)
	e.changed = make(chan struct{})
	return true
}

// listen looks until the last page is closed or barb ends.
func (p *Page) listen(ctx context.Context) {
	isServer := store.IsServer(p.History.Path())
	var stamp disk.Stamp
	var sure bool
	var read time.Time
	came := time.Now()
	for ctx.Err() == nil {
		s, isSure := p.stamp() // before reading: a later write has another one
		if s != stamp || !sure || time.Since(read) > readAnyway {
			written := s != stamp
			stamp, sure, read = s, isSure, time.Now()
			newest, err := p.newest(ctx)
			if p.ear.tell(ctx, newest, err, written) && err == nil {
				came = time.Now()
			}
		}
		select {
		case <-ctx.Done():
		case <-p.ended:
			return
		case <-time.After(pace(isServer, time.Since(came) > quietAfter)):
		}
	}
}

// stamp returns what the system says of the file of the history, which costs much less than reading. sure is false
// where that says nothing, as it does of a history on a server.
func (p *Page) stamp() (mark disk.Stamp, sure bool) {
	if store.IsServer(p.History.Path()) || p.History.Network() {
		return disk.Stamp{}, false
	}
	return disk.StampOf(p.History.Path(), time.Now())
}

// pace is how long the ear waits between two looks.
func pace(isServer, isQuiet bool) time.Duration {
	switch {
	case isServer && isQuiet:
		return lookAtServerSeldom
	case isServer:
		return lookAtServerEvery
	case isQuiet:
		return lookSeldom
	}
	return lookEvery
}
