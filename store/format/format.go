// Package format has exchanges in the files of other tools. It reads HAR 1.2, .http files, raw HTTP, curl commands and
// what ngrok's inspector, stripe listen and smee print. It writes HAR, .http files and curl commands. Each reader and
// writer says what its format cannot keep.
package format

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Part is a part of an exchange that a format may lose.
type Part string

// The parts.
const (
	Body      Part = "body"
	Headers   Part = "headers"
	URL       Part = "url"
	Framing   Part = "framing" // chunks, trailers, the spacing of the head
	Time      Part = "time"
	Answer    Part = "answer"
	Signature Part = "signature"
)

// Loss is what a format does not keep of an exchange.
type Loss struct {
	Part Part
	Text string // for people
}

// Item is an exchange that was read.
type Item struct {
	Exchange *record.Exchange
	Line     int // where it begins, from 1
	Lost     []Loss
}

// Error is a mistake in a file.
type Error struct {
	Line int // from 1
	Text string
}

// Error returns the line and what is wrong.
func (e *Error) Error() string { return "line " + strconv.Itoa(e.Line) + ": " + e.Text }

func bad(line int, format string, args ...any) error {
	return &Error{Line: max(line, 1), Text: fmt.Sprintf(format, args...)}
}

// Options bound a reader.
type Options struct {
	Now        time.Time // the time of an exchange whose format has none
	MaxMessage int       // bytes of one exchange; 0: 64 MiB
	MaxFile    int       // bytes of a file that is read as a whole; 0: 512 MiB
}

func (o *Options) maxMessage() int { return cmp.Or(o.MaxMessage, 64<<20) }
func (o *Options) maxFile() int    { return cmp.Or(o.MaxFile, 512<<20) }

// A Reader yields the exchanges of a file or stream in their order. The first error, an *Error or that of r, ends it.
type Reader func(r io.Reader, o Options) iter.Seq2[Item, error]

// yielder hands items to a loop until that ends.
type yielder struct {
	yield func(Item, error) bool
	ended bool
}

func (y *yielder) item(i Item) bool {
	y.ended = y.ended || !y.yield(i, nil)
	return !y.ended
}

// sequence turns a function that hands items over into an iterator.
func sequence(do func(y *yielder) error) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		y := &yielder{yield: yield}
		if err := do(y); err != nil && !y.ended {
			yield(Item{}, err)
		}
	}
}

// received returns a received exchange of which only the request is known.
func received(r record.Request, at time.Time) *record.Exchange {
	return &record.Exchange{Kind: record.Received, Attempt: 1, Start: at, Request: r}
}

// whole reads a file as a whole, without a byte order mark.
func whole(r io.Reader, o *Options) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, int64(o.maxFile())+1))
	if err == nil && len(text) > o.maxFile() {
		err = bad(bytes.Count(text, []byte("\n"))+1, "the file is larger than %d bytes", o.maxFile())
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), err
}

// lines reads a stream by lines.
type lines struct {
	br    *bufio.Reader
	max   int // bytes of a line
	count int
}

func newLines(r io.Reader, o *Options) *lines {
	return &lines{br: bufio.NewReader(r), max: o.maxMessage()}
}

// next returns a line without its end. The error is io.EOF at the end.
func (l *lines) next() (string, error) {
	var line []byte
	for {
		part, err := l.br.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > l.max:
			return "", bad(l.count+1, "the line is longer than %d bytes", l.max)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (len(line) == 0 || !errors.Is(err, io.EOF)):
			return "", err
		}
		l.count++
		return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), nil
	}
}

// complete adds the fields that a client would have added: Host at the front, Content-Length at the end.
func complete(r *record.Request) {
	r.Target = r.WireTarget()
	if _, host := record.SplitURL(r.URL); !r.Header.Has("Host") && host != "" {
		if i := strings.LastIndexByte(host, '@'); i >= 0 {
			host = host[i+1:]
		}
		r.Header = append(record.Header{{Name: "Host", Value: host}}, r.Header...)
	}
	if len(r.Body) > 0 && !r.Header.Has("Content-Length") && !r.Header.Has("Transfer-Encoding") {
		r.Header = append(r.Header, record.Field{Name: "Content-Length", Value: strconv.Itoa(len(r.Body))})
	}
}

// check returns an error for a request that HTTP cannot carry.
func check(r *record.Request) error {
	for _, f := range r.Header {
		if err := record.CheckField(f); err != nil {
			return err
		}
	}
	if record.CheckField(record.Field{Name: r.Method}) != nil {
		return fmt.Errorf("method %q is not one of HTTP", clip(r.Method))
	}
	if scheme, rest, ok := strings.Cut(r.URL, "://"); !ok || scheme != "http" && scheme != "https" || rest == "" ||
		strings.ContainsFunc(r.URL, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return fmt.Errorf("%q is not a URL of http or https", clip(r.URL))
	}
	return nil
}

// clip shortens a text for an error.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

// framingLoss returns the loss of a request whose framing a format does not have.
func framingLoss(r *record.Request) (lost []Loss) {
	if len(r.Trailer) > 0 || r.Chunks != "" {
		lost = append(lost, Loss{Framing, "chunks and trailers are not kept"})
	}
	if r.Head != "" && !r.IsAsItsHead() {
		lost = append(lost, Loss{Framing, "the spacing of the head is not kept"})
	}
	if r.Whole != nil {
		lost = append(lost, Loss{Body, "only the beginning of the body is in the history"})
	}
	return lost
}

// pattern compiles a regular expression when it is first used.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
