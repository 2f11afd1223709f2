package commands

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"github.com/barbhq/barb/commands/fail"
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
	l.reader.br.Reset(l.in) // a shuffle seeks for each event
	l.reader.sum, l.reader.offset, l.reader.line = nil, m.offset, m.line
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
			return nil, fail.Local("%s: %w", l.name, err)
		}
	}
	for {
		line, err := l.reader.next()
		switch {
		case errors.Is(err, errLongLine), err == nil && isBlank(line):
			continue
		case errors.Is(err, io.EOF):
			return nil, fail.Local("%s became shorter while it was sent", l.name)
		case err != nil:
			return nil, fail.Local("%s: %w", l.name, err)
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
