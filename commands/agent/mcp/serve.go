package mcp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"
)

// mostOpen is the greatest number of requests that are answered at the same time.
const mostOpen = 256

// The times that requests get to be answered, after the last line of the client and after they were cancelled.
const (
	lastAnswers = 2 * time.Second
	lastEnds    = 10 * time.Second
)

// session is one client.
type session struct {
	*Server
	ctx context.Context //nolint:containedctx // that of all its requests
	end context.CancelCauseFunc

	writing sync.Mutex
	out     io.Writer

	mu      sync.Mutex
	open    map[string]context.CancelFunc // the requests that have no answer, by their ids
	running int                           // those that are at work or whose answer is being written
	last    bool                          // no further request is taken
	idle    chan struct{}                 // closed when last is true and running is 0
}

// Serve answers the requests of a client until in ends or outer is done, which both return nil. It does not wait for a
// read from in that has begun.
func (s *Server) Serve(outer context.Context, in io.Reader, out io.Writer) error {
	ctx, end := context.WithCancelCause(outer)
	defer end(nil)
	c := &session{Server: s, ctx: ctx, end: end, out: out, open: map[string]context.CancelFunc{},
		idle: make(chan struct{})}
	read := make(chan error, 1)
	go func() { read <- c.readAll(bufio.NewReaderSize(in, 64<<10)) }()
	var err error
	select {
	case err = <-read:
		c.settle(lastAnswers)
	case <-ctx.Done():
	}
	end(nil)
	c.settle(lastEnds)
	if cause := context.Cause(ctx); outer.Err() == nil && !errors.Is(cause, context.Canceled) { // no answer could leave
		err = cause
	}
	return err
}

// settle takes no further requests, and waits until the open ones are answered.
func (c *session) settle(most time.Duration) {
	c.mu.Lock()
	if !c.last {
		c.last = true
		if c.running == 0 {
			close(c.idle)
		}
	}
	c.mu.Unlock()
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case <-c.idle:
	case <-late.C:
	}
}

func (c *session) readAll(in *bufio.Reader) error {
	for {
		text, isLong, err := nextLine(in)
		switch {
		case isLong:
			c.write(nil, nil, &failure{Code: codeRequest, Message: "the message is longer than 8 MiB"})
		case len(text) > 0:
			c.take(text)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// take does what a line asks for.
func (c *session) take(text []byte) {
	m, problem := parse(text)
	switch {
	case problem != nil:
		c.write(nil, nil, problem)
	case m.Method == nil: // an answer, though the client was asked nothing
	case len(m.ID) > 0:
		c.begin(&m)
	case *m.Method == "notifications/cancelled":
		var which struct {
			ID json.RawMessage `json:"requestId"`
		}
		if json.Unmarshal(m.Params, &which) == nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			if cancel := c.open[string(which.ID)]; cancel != nil {
				cancel()
			}
		}
	}
}

// begin answers a request at once, or begins to when that may take long.
func (c *session) begin(m *message) {
	ctx, cancel := context.WithCancel(c.ctx)
	c.mu.Lock()
	id, last := string(m.ID), c.last
	isTwice, isBusy := c.open[id] != nil, c.running >= mostOpen
	isTaken := !last && !isTwice && !isBusy
	if isTaken {
		c.open[id] = cancel
		c.running++
	}
	c.mu.Unlock()
	switch {
	case isTaken && (*m.Method == "tools/call" || *m.Method == "resources/read"):
		go c.finish(ctx, m, cancel)
		return
	case isTaken:
		c.finish(ctx, m, cancel)
	case isTwice:
		c.write(nil, nil, &failure{Code: codeRequest, Message: "a request with this id has no answer yet"})
	case isBusy:
		c.write(m.ID, nil, &failure{Code: codeBusy, Message: "too many requests have no answer yet"})
	}
	cancel()
}

// finish answers a request, unless it is cancelled before. The id is free as soon as the client can see the answer.
func (c *session) finish(ctx context.Context, m *message, cancel context.CancelFunc) {
	result, err := c.answer(ctx, *m.Method, m.Params)
	c.mu.Lock()
	delete(c.open, string(m.ID))
	c.mu.Unlock()
	if ctx.Err() == nil {
		c.write(m.ID, result, err)
	}
	cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running--; c.running == 0 && c.last {
		close(c.idle)
	}
}

// write writes an answer: a result or an error. The session ends where that fails.
func (c *session) write(id json.RawMessage, result any, problem error) {
	said := struct {
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"` // null: nobody knows which request it was
		Result  any             `json:"result,omitempty"`
		Error   *failure        `json:"error,omitempty"`
	}{"2.0", id, result, nil}
	if problem != nil && !errors.As(problem, &said.Error) {
		said.Error = &failure{Code: codeInternal, Message: problem.Error()}
	}
	data, err := json.Marshal(said)
	if err != nil {
		data, err = json.Marshal(object{"jsonrpc": "2.0", "id": id,
			"error": failure{Code: codeInternal, Message: "the result is not JSON"}})
	}
	if err == nil {
		c.writing.Lock()
		defer c.writing.Unlock()
		_, err = c.out.Write(append(data, '\n'))
	}
	if err != nil {
		c.end(err)
	}
}
