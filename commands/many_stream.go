package commands

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
)

// stream is lines that cannot be read twice: each is sent as it comes.
type stream struct {
	name    string
	skipBad bool
	check   func([]byte) error
	came    chan streamed
	gone    chan struct{} // closed when nobody takes any more
	wrong   badEvents
	at      int64
}

type streamed struct {
	line []byte
	at   int64
	err  error
}

func newStream(in io.Reader, name string, o *sendOptions, check func([]byte) error) (bodies, error) {
	switch {
	case o.count > 1:
		return nil, fail.Usage("-n %d: %s can be read once", o.count, name).Hint("write it to a file first: -d @events.ndjson")
	case o.shuffle:
		return nil, fail.Usage("--shuffle: %s has to be known as a whole", name).Hint("write it to a file first: -d @events.ndjson")
	}
	s := &stream{name: name, skipBad: o.skipBad, check: check, came: make(chan streamed), gone: make(chan struct{})}
	go s.read(in) // a read that waits for a line cannot be interrupted; it ends with the process
	return s, nil
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

func (s *stream) count() int64   { return 0 }
func (s *stream) print() string  { return "" }
func (s *stream) bad() badEvents { return s.wrong }
func (s *stream) close()         { close(s.gone) }

// event returns the next line; lines before n, which were sent before, are passed over.
func (s *stream) event(ctx context.Context, n int64) ([]byte, error) {
	for {
		var c streamed
		select {
		case c = <-s.came:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		why := s.why(c)
		switch {
		case errors.Is(c.err, io.EOF):
			return nil, io.EOF
		case c.err != nil && !errors.Is(c.err, errLongLine):
			return nil, fail.Local("%s: %w", s.name, c.err)
		case why != nil && !s.skipBad:
			return nil, fail.Usage("%s: line %d: %w", s.name, c.at, why).Hint("--skip-bad leaves bad lines out and lists them; those before it were sent")
		case why != nil:
			s.wrong.add("line %d: %w", c.at, why)
			continue
		}
		if s.at++; s.at > n {
			return c.line, nil
		}
	}
}

func (s *stream) why(c streamed) error {
	switch {
	case errors.Is(c.err, errLongLine):
		return fmt.Errorf("longer than %s", ui.Size(maxEvent))
	case c.err == nil:
		return judge(c.line, s.check)
	}
	return nil // it is not about a line
}
