package cassette

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"unicode/utf8"
)

// MaxWebhook is the greatest length in bytes of an object of a cassette.
const MaxWebhook = 128 << 20

// File is a cassette that was checked as a whole.
type File struct {
	Count int // of webhooks

	name string
	r    io.ReadSeeker
}

// Open checks a cassette from its beginning to its end. It holds one webhook at a time in memory. The error is an
// *Error for a mistake in the file, else that of r.
func Open(name string, r io.ReadSeeker) (*File, error) {
	f := &File{name: name, r: r}
	for _, err := range f.All() {
		if err != nil {
			return nil, err
		}
		f.Count++
	}
	return f, nil
}

// All yields the webhooks in the file's order. An error ends it; after Open there is one only where the file cannot be
// read any more or was changed meanwhile.
func (f *File) All() iter.Seq2[*Webhook, error] {
	return func(yield func(*Webhook, error) bool) {
		if _, err := f.r.Seek(0, io.SeekStart); err != nil {
			yield(nil, err)
			return
		}
		s := &scanner{file: f.name, br: bufio.NewReaderSize(f.r, 64<<10), sum: sha256.New()}
		if err := s.all(func(x *Webhook) bool { return yield(x, nil) }); err != nil {
			yield(nil, err)
		}
	}
}

// scanner reads the objects of a cassette.
type scanner struct {
	file  string
	br    *bufio.Reader
	sum   hash.Hash
	line  int // of the last line that was read
	first int // line of the last object
	count int
	// unended says that the last line had no line feed, as after an editor or in a file that is cut.
	unended bool
}

func (s *scanner) bad(line int, kind Kind, format string, args ...any) error {
	return &Error{File: s.file, Line: max(line, 1), Kind: kind, Text: fmt.Sprintf(format, args...)}
}

// all hands each webhook to do until that returns false, and checks the last line.
func (s *scanner) all(do func(*Webhook) bool) error {
	if err := s.head(); err != nil {
		return err
	}
	for {
		sum := s.sum.Sum(nil)
		object, err := s.object()
		if errors.Is(err, io.EOF) {
			return s.bad(s.line, Cut, "the file is cut: it does not end in the line with its count and SHA-256")
		}
		if err != nil {
			return err
		}
		if bytes.HasPrefix(object, []byte(`{"webhooks":`)) {
			return s.tail(object, hex.EncodeToString(sum))
		}
		x, err := s.webhook(object)
		if err != nil {
			return err
		}
		s.count++
		if !do(x) {
			return nil
		}
	}
}

func (s *scanner) head() error {
	object, err := s.object()
	if errors.Is(err, io.EOF) {
		return s.bad(1, NotCassette, "the file is empty")
	}
	if err != nil {
		return err
	}
	var h head
	if json.Unmarshal(object, &h) != nil || h.Format != Format {
		return s.bad(1, NotCassette, `the first line is not {"format":%q,"version":%d}`, Format, Version)
	}
	if h.Version != Version {
		return s.bad(1, BadVersion, "version %d of the format is unknown; this barb reads version %d", h.Version, Version)
	}
	return nil
}

func (s *scanner) tail(object []byte, sum string) error {
	var end tail
	if err := json.Unmarshal(object, &end); err != nil || end.Webhooks == nil {
		return s.malformed(0, "the last line is not a count and a SHA-256")
	}
	if *end.Webhooks != s.count {
		return s.bad(s.first, BadCount, "the last line counts %d webhooks, but %d are in the file", *end.Webhooks, s.count)
	}
	if end.SHA256 != sum {
		return s.bad(s.first, BadHash, "the lines above were changed: their SHA-256 is %s, not that of the last line", sum)
	}
	if _, err := s.object(); !errors.Is(err, io.EOF) {
		return s.bad(s.line, Malformed, "text follows the last line")
	}
	return nil
}

// malformed is the error for an object, so many lines below its first one. A line without a line feed was cut.
func (s *scanner) malformed(below int, format string, args ...any) error {
	if s.unended {
		return s.bad(s.line, Cut, "the file is cut in the middle of a line")
	}
	return s.bad(s.first+below, Malformed, format, args...)
}

func (s *scanner) webhook(object []byte) (*Webhook, error) {
	if !utf8.Valid(object) {
		return nil, s.malformed(0, "the text is not UTF-8")
	}
	var w webhook
	if err := json.Unmarshal(object, &w); err != nil {
		below := 0
		if at := new(json.SyntaxError); errors.As(err, &at) {
			below = bytes.Count(object[:min(int(at.Offset), len(object))], []byte("\n"))
		}
		return nil, s.malformed(below, "not a webhook: %s", plain(err))
	}
	x, err := w.webhook()
	if err != nil {
		return nil, s.malformed(0, "%s", err)
	}
	return x, nil
}

// plain says what encoding/json says without the names of Go.
func plain(err error) string {
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
		return fmt.Sprintf("%s is a %s", wrong.Field, wrong.Value)
	}
	return err.Error()
}

// object reads the next object: a line, or the lines from "{" to "}". The error is io.EOF at the end of the file.
func (s *scanner) object() ([]byte, error) {
	line, err := s.next(MaxWebhook)
	if err != nil {
		return nil, err
	}
	s.first = s.line
	if !bytes.Equal(line, []byte("{\n")) {
		return line, nil
	}
	object := bytes.Clone(line)
	for !bytes.Equal(line, []byte("}\n")) {
		line, err = s.next(MaxWebhook - len(object))
		if errors.Is(err, io.EOF) {
			return nil, s.bad(s.line, Cut, "the file is cut in the middle of a webhook")
		}
		if err != nil {
			return nil, err
		}
		object = append(object, line...)
	}
	return object, nil
}

// next reads a line of at most limit bytes. It ends in a single line feed.
func (s *scanner) next(limit int) (line []byte, err error) {
	for {
		part, err := s.br.ReadSlice('\n')
		if line = append(line, part...); len(line) > limit {
			return nil, s.bad(s.line+1, TooLong, "the webhook is longer than %d MiB", MaxWebhook>>20)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) > 0:
			s.unended = true
			line = append(line, '\n')
		case err != nil:
			return nil, err
		}
		break
	}
	s.line++
	if bytes.HasSuffix(line, []byte("\r\n")) {
		line = append(line[:len(line)-2], '\n')
	}
	s.sum.Write(line)
	return line, nil
}
