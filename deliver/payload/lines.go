package payload

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
)

// lines is a file with one event a line. It is read twice, first to check and then to send. Memory holds only the
// positions of some events.
type lines struct {
	list
	in    io.ReadSeeker
	name  string
	check Check

	reader lineReader
	at     int64 // the number of the next event of reader

	marks []mark // every step-th event
	step  int64
	limit int // the greatest number of marks, which is even
}

// mark is the beginning of an event.
type mark struct{ offset, line int64 }

// maxMarks is the greatest number of marks, 2 MiB. Beyond it every second mark is dropped.
const maxMarks = 1 << 17

// Lines returns the bodies of a file with one JSON value a line; blank lines do not count. It checks all of it: the
// error is a *BadEventsError, unless bad events are left out, or wraps ErrNoEvent. Closing the bodies closes in, if in
// is an io.Closer.
func Lines(in io.ReadSeeker, name string, skipBad bool, check Check) (Bodies, error) {
	l := newLines(in, name, check)
	if err := l.scan(); err != nil {
		l.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return accept(l, name, skipBad)
}

func newLines(in io.ReadSeeker, name string, check Check) *lines {
	return &lines{in: in, name: name, check: check, step: 1, limit: maxMarks}
}

// scan reads the whole file, and finds the number of events, the bad ones, their positions, and their digest.
func (l *lines) scan() error {
	sum := sha256.New()
	l.reader = newLineReader(l.in, sum)
	for {
		begin := mark{l.reader.offset, l.reader.line}
		line, err := l.reader.next()
		switch {
		case errors.Is(err, io.EOF):
			l.digest = hex.EncodeToString(sum.Sum(nil))
			return l.seek(0)
		case errors.Is(err, errLongLine):
			l.bad.add("line %d is longer than %s", l.reader.line, maxEventText)
		case err != nil:
			return err
		case isBlank(line):
		default:
			if why := checkLine(line, l.check); why != nil {
				l.bad.add("line %d: %w", l.reader.line, why)
				continue
			}
			l.mark(begin)
		}
	}
}

func (l *lines) mark(m mark) {
	if l.events%l.step == 0 {
		if len(l.marks) == l.limit {
			for i := range l.marks[:l.limit/2] {
				l.marks[i] = l.marks[2*i]
			}
			l.marks = l.marks[:l.limit/2]
			l.step *= 2
		}
		l.marks = append(l.marks, m)
	}
	l.events++
}

// seek moves to the last marked event that is not after n.
func (l *lines) seek(n int64) error {
	var m mark
	l.at = 0
	if i := n / l.step; i < int64(len(l.marks)) {
		m, l.at = l.marks[i], i*l.step
	}
	if _, err := l.in.Seek(m.offset, io.SeekStart); err != nil {
		return err
	}
	l.reader.br.Reset(l.in) // a shuffle seeks for each event
	l.reader.sum, l.reader.offset, l.reader.line = nil, m.offset, m.line
	return nil
}

// Close closes the file, if it can be closed.
func (l *lines) Close() {
	if file, ok := l.in.(io.Closer); ok {
		_ = file.Close() // it was read only
	}
}

// Event reads on when n comes next or soon, and seeks it otherwise.
func (l *lines) Event(_ context.Context, n int64) ([]byte, error) {
	if n < l.at || n-l.at > l.step {
		if err := l.seek(n); err != nil {
			return nil, fmt.Errorf("%s: %w", l.name, err)
		}
	}
	for {
		line, err := l.reader.next()
		switch {
		case errors.Is(err, errLongLine), err == nil && isBlank(line):
			continue
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%s became shorter while it was sent", l.name)
		case err != nil:
			return nil, fmt.Errorf("%s: %w", l.name, err)
		case l.bad.Count > 0 && checkLine(line, l.check) != nil:
			continue
		}
		if l.at++; l.at > n {
			return bytes.Clone(line), nil
		}
	}
}

func isBlank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// lineReader reads lines of at most MaxEvent bytes, and skips longer ones.
type lineReader struct {
	br     *bufio.Reader
	sum    hash.Hash // of all bytes read; nil: none
	offset int64     // where the next line begins
	line   int64     // the number of the last line read, from 1
	long   []byte    // a line that does not fit into the buffer of br
}

var errLongLine = errors.New("line too long")

func newLineReader(in io.Reader, sum hash.Hash) lineReader {
	return lineReader{br: bufio.NewReaderSize(in, 16<<10), sum: sum}
}

// next returns the next line without its end. It is valid until the next call.
func (r *lineReader) next() ([]byte, error) {
	r.long = r.long[:0]
	over := false
	for {
		part, err := r.br.ReadSlice('\n')
		r.offset += int64(len(part))
		if r.sum != nil {
			_, _ = r.sum.Write(part) // never fails
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			if over = over || len(r.long)+len(part) > MaxEvent; !over {
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
	case over || len(r.long)+len(part) > MaxEvent+2:
		r.long = nil // released for the garbage collector
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

// trimLine removes the end of a line, LF or CRLF.
func trimLine(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}
