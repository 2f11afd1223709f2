package format

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/store/record"
)

// readHTTPFile reads the file of a REST client: blocks between lines that begin with ###. Each has a request line,
// headers and, after an empty line, a body. {{name}} stands for what @name = value sets in the file.
func readHTTPFile(r io.Reader, o *Options, y *yielder) error {
	text, err := whole(r, o)
	if err != nil {
		return err
	}
	f := httpFile{lines: strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n"), set: map[string]string{}}
	for f.skip(); f.at < len(f.lines); f.skip() {
		begin := f.at + 1
		q, err := f.request()
		if err == nil {
			err = check(&q)
		}
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				err = bad(begin, "%s", err)
			}
			return err
		}
		complete(&q)
		if len(q.Body) > o.maxMessage() {
			return bad(begin, "the body is longer than %d bytes", o.maxMessage())
		}
		lost := []Loss{{Time, "the time is not in the file"}}
		if !y.item(Item{Exchange: received(q, o.Now), Line: begin, Lost: lost}) {
			return nil
		}
	}
	return nil
}

type httpFile struct {
	lines []string
	at    int
	set   map[string]string
}

var (
	assignment = pattern(`^\s*@([\w.-]+)\s*=\s*(.*?)\s*$`)
	variable   = pattern(`\{\{\s*([^{}]*?)\s*\}\}`)
)

// skip moves to the next request line, past separators, comments and scripts that run before a request.
func (f *httpFile) skip() {
	for ; f.at < len(f.lines); f.at++ {
		line := strings.TrimSpace(f.lines[f.at])
		switch m := assignment().FindStringSubmatch(line); {
		case m != nil:
			f.set[m[1]] = m[2]
		case strings.HasPrefix(line, "< {%"):
			for f.at < len(f.lines)-1 && !strings.Contains(f.lines[f.at], "%}") {
				f.at++
			}
		case line != "" && !isComment(line):
			return
		}
	}
}

func isComment(line string) bool {
	return strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//")
}

// next returns the next line with its variables, false at the end of the block.
func (f *httpFile) next() (line string, ok bool, err error) {
	if f.at >= len(f.lines) || strings.HasPrefix(f.lines[f.at], "###") {
		return "", false, nil
	}
	line = f.lines[f.at]
	f.at++
	line = variable().ReplaceAllStringFunc(line, func(use string) string {
		name := variable().FindStringSubmatch(use)[1]
		value, known := f.set[name]
		if !known && err == nil {
			err = bad(f.at, "{{%s}} is not set in the file", clip(name))
		}
		return value
	})
	return line, true, err
}

func (f *httpFile) request() (q record.Request, err error) {
	line, _, err := f.next()
	if err != nil {
		return q, err
	}
	if err := requestLine(strings.TrimSpace(line), &q); err != nil {
		return q, bad(f.at, "%s", err)
	}
	for {
		line, ok, err := f.next()
		trimmed := strings.TrimSpace(line)
		switch {
		case err != nil:
			return q, err
		case !ok:
			return q, f.absolute(&q)
		case trimmed == "":
			if q.Body, err = f.body(); err != nil {
				return q, err
			}
			return q, f.absolute(&q)
		case isComment(trimmed):
		case len(q.Header) == 0 && (trimmed[0] == '?' || trimmed[0] == '&'):
			q.URL += version(trimmed, &q) // a long query goes on below
		default:
			name, value, ok := strings.Cut(trimmed, ":")
			if !ok {
				return q, bad(f.at, "%q is not a header", clip(trimmed))
			}
			q.Header = append(q.Header, record.Field{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
		}
	}
}

// requestLine reads "POST URL HTTP/1.1", of which only the URL is necessary.
func requestLine(line string, q *record.Request) error {
	q.Method, q.Proto = "GET", "HTTP/1.1"
	words := strings.Fields(version(line, q))
	switch {
	case len(words) == 2:
		q.Method, q.URL = words[0], words[1]
	case len(words) == 1 && (strings.Contains(line, "/") || strings.Contains(line, ":")):
		q.URL = words[0]
	default:
		return fmt.Errorf("%q is not a request line such as POST http://localhost:3000/ HTTP/1.1", clip(line))
	}
	return nil
}

// version returns a line without the version at its end, which it sets.
func version(line string, q *record.Request) string {
	if i := strings.LastIndexAny(line, " \t"); i > 0 && strings.HasPrefix(line[i+1:], "HTTP/") {
		q.Proto = protocol(line[i+1:])
		return strings.TrimRight(line[:i], " \t")
	}
	return line
}

// absolute completes a URL that is only a path, or has no scheme.
func (f *httpFile) absolute(q *record.Request) error {
	switch {
	case strings.Contains(q.URL, "://"):
	case strings.HasPrefix(q.URL, "/"):
		host := q.Header.Get("Host")
		if host == "" {
			return fmt.Errorf("the URL %s has no host, and there is no Host header", clip(q.URL))
		}
		q.URL = "http://" + host + q.URL
	default:
		q.URL = "http://" + q.URL
	}
	return nil
}

// body reads up to the next separator or response handler. Line breaks at its end are not part of it.
func (f *httpFile) body() ([]byte, error) {
	var lines []string
	for {
		line, ok, err := f.next()
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return []byte(strings.TrimRight(strings.Join(lines, "\n"), "\n")), nil
		case strings.HasPrefix(line, "> {%"), strings.HasPrefix(line, "> "), strings.HasPrefix(line, ">> "),
			strings.HasPrefix(line, "<> "):
			for f.at < len(f.lines) && !strings.HasPrefix(f.lines[f.at], "###") {
				f.at++
			}
			return []byte(strings.TrimRight(strings.Join(lines, "\n"), "\n")), nil
		case strings.HasPrefix(line, "< ") || strings.HasPrefix(line, "<@"):
			return nil, bad(f.at, "the body is another file (%s); barb reads bodies that are in the file", clip(line))
		}
		lines = append(lines, line)
	}
}

// HTTPWriter writes an .http file.
type HTTPWriter struct {
	w     io.Writer
	count int
}

// NewHTTP returns a Writer of an .http file.
func NewHTTP(w io.Writer) *HTTPWriter { return &HTTPWriter{w: w} }

// Write writes a request, and returns what the file does not keep of it.
func (h *HTTPWriter) Write(x *record.Exchange) ([]Loss, error) {
	r := &x.Request
	lost := append(framingLoss(r), httpLosses(r)...)
	if x.Response != nil || x.Err != nil {
		lost = append(lost, Loss{Answer, "an .http file has no answers"})
	}
	lost = append(lost, Loss{Time, "an .http file has no times"})
	var b strings.Builder
	if h.count++; h.count > 1 {
		b.WriteString("\n")
	}
	b.WriteString(strings.TrimRight("### "+inLine(x.Event())+" "+inLine(x.WebhookID), " ") + "\n")
	fmt.Fprintf(&b, "%s %s HTTP/1.1\n", r.Method, r.URL)
	for _, f := range r.Header {
		if !slices.ContainsFunc(ofConnection, func(n string) bool { return strings.EqualFold(n, f.Name) }) {
			b.WriteString(f.Name + ": " + f.Value + "\n")
		}
	}
	if len(r.Body) > 0 {
		b.WriteString("\n" + string(r.Body) + "\n")
	}
	_, err := io.WriteString(h.w, b.String())
	return lost, err
}

// Close does nothing: an .http file has no end.
func (h *HTTPWriter) Close() error { return nil }

// ofConnection are the fields that a client makes itself.
var ofConnection = []string{"Content-Length", "Transfer-Encoding", "Connection"}

// httpLosses returns what a REST client would change of a request.
func httpLosses(r *record.Request) (lost []Loss) {
	body := string(r.Body)
	switch {
	case !utf8.ValidString(body):
		lost = append(lost, Loss{Body, "the body is not text; a REST client sends other bytes"})
	case strings.Contains(body, "\r"), strings.HasSuffix(body, "\n"), strings.HasPrefix(body, "\n"):
		lost = append(lost, Loss{Body, "line breaks of the body are not kept"})
	case strings.Contains("\n"+body, "\n###"), strings.Contains(body, "{{"), handler().MatchString(body):
		lost = append(lost, Loss{Body, "the body has a sign of the file format"})
	}
	for _, f := range r.Header {
		if !utf8.ValidString(f.Value) || strings.TrimSpace(f.Value) != f.Value || strings.Contains(f.Value, "{{") ||
			isComment(f.Name) {
			lost = append(lost, Loss{Headers, "header " + clip(f.Name) + " is not kept as it is"})
		}
	}
	if !strings.HasPrefix(r.Proto, "HTTP/1.1") {
		lost = append(lost, Loss{Framing, "the version is not kept: " + r.Proto})
	}
	if check(r) != nil || strings.Contains(r.URL, "{{") || !utf8.ValidString(r.URL) {
		lost = append(lost, Loss{URL, "the URL is not one that a REST client takes"})
	}
	return lost
}

// handler matches the lines of a body that mean something else.
var handler = pattern(`(?m)^(<|<@|>|>>|<>)[ @]`)

// inLine returns a text for a comment.
func inLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
