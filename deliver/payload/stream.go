package payload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// stream is lines that cannot be read twice, such as stdin: each is sent when it is read.
type stream struct {
	list
	name    string
	skipBad bool
	check   Check
	came    chan streamed
	gone    chan struct{} // closed by Close
	at      int64
}

type streamed struct {
	line []byte
	at   int64
	err  error
}

// Stream returns the bodies of lines that are read while they are sent, so that their number is unknown. Event returns
// a *BadEventsError for a line that cannot be sent, unless bad ones are left out. A read that waits for a line cannot
// be interrupted: the reading goroutine ends with in, or at the first line after Close.
func Stream(in io.Reader, name string, skipBad bool, check Check) Bodies {
	s := &stream{name: name, skipBad: skipBad, check: check, came: make(chan streamed), gone: make(chan struct{})}
	go s.read(in)
	return s
}

func (s *stream) read(in io.Reader) {
	r := newLineReader(in, nil)
	for {
		line, err := r.next()
		if err == nil && isBlank(line) {
			continue
		}
		select {
		case s.came <- streamed{bytes.Clone(line), r.line, err}:
		case <-s.gone:
			return
		}
		if err != nil && !errors.Is(err, errLongLine) {
			return
		}
	}
}

// Close ends the reading.
func (s *stream) Close() { close(s.gone) }

// Event returns the next line. It skips lines before n, which an interrupted run has sent.
func (s *stream) Event(ctx context.Context, n int64) ([]byte, error) {
	for {
		var c streamed
		select {
		case c = <-s.came:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		why := c.err
		switch {
		case why == nil:
			why = checkLine(c.line, s.check)
		case errors.Is(why, errLongLine):
			why = errors.New("longer than " + maxEventText)
		case errors.Is(why, io.EOF):
			return nil, io.EOF
		default:
			return nil, fmt.Errorf("%s: %w", s.name, why)
		}
		switch {
		case why == nil:
			if s.at++; s.at > n {
				return c.line, nil
			}
		case s.skipBad:
			s.bad.add("line %d: %w", c.at, why)
		default:
			bad := &BadEventsError{Name: s.name, Late: true}
			bad.add("line %d: %w", c.at, why)
			return nil, bad
		}
	}
}
