package commands

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/barbhq/barb/commands/ui"
)

// lines is a file with one event a line. It is read twice, once to look at it and once to send it, and never held: what is
// kept is where some of its events begin.
type lines struct {
	in    io.ReadSeeker
	file  io.Closer // nil: nothing to close
	name  string
	check func([]byte) error

	reader lineReader
	sum    string
	events int64
	wrong  badEvents
	at     int64 // the number of the event that reader comes to next

	marks  []mark // every step-th event
	step   int64
	limits int // how many marks are kept at most
}

// mark is where an event begins.
type mark struct{ offset, line int64 }

// maxMarks are 2 MiB. Beyond them every second is let go.
const maxMarks = 1 << 17

func newLines(in io.ReadSeeker, file io.Closer, name string, check func([]byte) error) *lines {
	return &lines{in: in, file: file, name: name, check: check, step: 1, limits: maxMarks}
}

// scan reads all of it once: how many events there are, what is wrong with the others, where they begin, and their digest.
func (l *lines) scan() error {
	sum := sha256.New()
	l.reader = newLineReader(l.in, sum)
	for {
		begin := mark{l.reader.offset, l.reader.line}
		line, err := l.reader.next()
		switch {
		case errors.Is(err, io.EOF):
			l.sum = hex.EncodeToString(sum.Sum(nil))
			return l.seek(0)
		case errors.Is(err, errLongLine):
			l.wrong.add("line %d is longer than %s", l.reader.line, ui.Size(maxEvent))
		case err != nil:
			return err
		case isBlank(line):
		default:
			if why := judge(line, l.check); why != nil {
				l.wrong.add("line %d: %w", l.reader.line, why)
				continue
			}
			l.mark(begin)
		}
	}
}

func (l *lines) mark(m mark) {
	if l.events%l.step == 0 {
		if len(l.marks) == l.limits {
			for i := range l.marks[:l.limits/2] {
				l.marks[i] = l.marks[2*i]
			}
			l.marks = l.marks[:l.limits/2]
			l.step *= 2
		}
		if l.events%l.step == 0 {
			l.marks = append(l.marks, m)
		}
	}
	l.events++
}

// seek goes to the last marked event that is not behind n.
func (l *lines) seek(n int64) error {
	var m mark
	l.at = 0
	if i := n / l.step; i < int64(len(l.marks)) {
		m, l.at = l.marks[i], i*l.step
	}
	if _, err := l.in.Seek(m.offset, io.SeekStart); err != nil {
		return err
	}
	l.reader = newLineReader(l.in, nil)
	l.reader.offset, l.reader.line = m.offset, m.line
	return nil
}

func (l *lines) count() int64   { return l.events }
func (l *lines) print() string  { return l.sum }
func (l *lines) bad() badEvents { return l.wrong }

func (l *lines) close() {
	if l.file != nil {
		_ = l.file.Close() // it was read only
	}
}

// event reads on when n comes next, or soon, and else goes there.
func (l *lines) event(_ context.Context, n int64) ([]byte, error) {
	if n < l.at || n-l.at > l.step {
		if err := l.seek(n); err != nil {
			return nil, local("%s: %w", l.name, err)
		}
	}
	for {
		line, err := l.reader.next()
		switch {
		case errors.Is(err, errLongLine), err == nil && isBlank(line):
			continue
		case errors.Is(err, io.EOF):
			return nil, local("%s became shorter while it was sent", l.name)
		case err != nil:
			return nil, local("%s: %w", l.name, err)
		case l.wrong.count > 0 && judge(line, l.check) != nil:
			continue
		}
		if l.at++; l.at > n {
			return bytes.Clone(line), nil
		}
	}
}

func isBlank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// lineReader reads lines of at most maxEvent bytes. A longer one is passed over.
type lineReader struct {
	br     *bufio.Reader
	sum    hash.Hash // of all that was read; nil: not wanted
	offset int64     // where the next line begins
	line   int64     // the number of the line that was read last, from 1
	long   []byte    // a line that does not fit in the buffer of br
}

var errLongLine = errors.New("line too long")

func newLineReader(in io.Reader, sum hash.Hash) lineReader {
	return lineReader{br: bufio.NewReaderSize(in, 64<<10), sum: sum}
}

// next returns the next line without its end. It is valid until the next call.
func (r *lineReader) next() ([]byte, error) {
	r.long = r.long[:0]
	over := false
	for {
		part, err := r.br.ReadSlice('\n')
		r.offset += int64(len(part))
		if r.sum != nil {
			_, _ = r.sum.Write(part) // a hash takes everything
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			if over = over || len(r.long)+len(part) > maxEvent; !over {
				r.long = append(r.long, part...)
			}
			continue
		}
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended || ended && len(part)+len(r.long) == 0 && !over {
			return nil, err
		}
		r.line++
		return r.whole(part, over)
	}
}

func (r *lineReader) whole(part []byte, over bool) ([]byte, error) {
	switch {
	case over || len(r.long)+len(part) > maxEvent+2:
		r.long = nil // and not kept for the next
		return nil, errLongLine
	case len(r.long) == 0:
		return trimLine(part), nil
	}
	r.long = append(r.long, part...)
	line := trimLine(r.long)
	if cap(r.long) > 1<<20 {
		r.long = nil
	}
	return line, nil
}

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
		return nil, usage("-n %d: %s can be read once", o.count, name).hint("write it to a file first: -d @events.ndjson")
	case o.shuffle:
		return nil, usage("--shuffle: %s has to be known as a whole", name).hint("write it to a file first: -d @events.ndjson")
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
			return nil, local("%s: %w", s.name, c.err)
		case why != nil && !s.skipBad:
			return nil, usage("%s: line %d: %w", s.name, c.at, why).hint("--skip-bad leaves bad lines out and lists them; those before it were sent")
		case why != nil:
			s.wrong.add("line %d: %w", c.at, why)
			continue
		}
		if s.at++; s.at > n {
			return c.line, nil
		}
	}
}

// why is what is wrong with a line, nil also where it could not be read, which is no fault of its own.
func (s *stream) why(c streamed) error {
	switch {
	case errors.Is(c.err, errLongLine):
		return fmt.Errorf("longer than %s", ui.Size(maxEvent))
	case c.err == nil:
		return judge(c.line, s.check)
	}
	return nil
}
