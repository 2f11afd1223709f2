package agent

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// The limits of a message of the protocol, which is one line.
const (
	mostLine   = 8 << 20 // bytes; a body of 1 MiB in base64 needs 1.4 MiB
	mostNested = 64      // arrays and objects within each other
)

// lines hands on the messages of a client that are worth parsing. It answers the others itself, so that garbage ends
// nothing, and reads no more of a line that is too long than it needs to find its end.
type lines struct {
	in  *bufio.Reader
	out *oneAtATime
}

// lastAnswers is how long requests that came before the end of the input may still take to be answered.
const lastAnswers = 2 * time.Second

// pause is the time between two looks at whether they are.
const pause = 5 * time.Millisecond

// copyTo writes every good line to w, until the input ends.
func (l *lines) copyTo(w *io.PipeWriter) {
	for {
		text, isLong, err := l.next()
		isRequest, problem := look(text)
		switch {
		case isLong:
			l.complain(-32600, "the message is longer than 8 MiB")
		case len(text) == 0:
		case problem != "":
			l.complain(-32700, problem)
		default:
			if isRequest {
				l.out.open.Add(1)
			}
			if _, err := w.Write(append(text, '\n')); err != nil {
				return
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			for waited := time.Duration(0); l.out.open.Load() > 0 && waited < lastAnswers; waited += pause {
				time.Sleep(pause)
			}
			_ = w.CloseWithError(err)
			return
		}
	}
}

// next returns a line without its end. Of a line that is too long it returns nothing.
func (l *lines) next() (text []byte, isLong bool, err error) {
	for {
		part, err := l.in.ReadSlice('\n')
		if isLong = isLong || len(text)+len(part) > mostLine; isLong {
			text = nil
		} else {
			text = append(text, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			for len(text) > 0 && (text[len(text)-1] == '\n' || text[len(text)-1] == '\r') {
				text = text[:len(text)-1]
			}
			return text, isLong, err
		}
	}
}

func (l *lines) complain(code int, problem string) {
	data, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": nil,
		"error": map[string]any{"code": code, "message": problem}})
	if err == nil {
		_, _ = l.out.Write(append(data, '\n'))
	}
}

// look reports whether a line is a request that wants an answer, and what is wrong with it, "" for nothing.
func look(text []byte) (isRequest bool, problem string) {
	if len(text) == 0 {
		return false, ""
	}
	if depth(text) > mostNested {
		return false, "the message nests too deep"
	}
	var m struct {
		Version string          `json:"jsonrpc"`
		Method  *string         `json:"method"`
		ID      json.RawMessage `json:"id"`
		Result  json.RawMessage `json:"result"`
		Error   json.RawMessage `json:"error"`
	}
	switch err := json.Unmarshal(text, &m); {
	case err != nil:
		return false, "the line is not one JSON-RPC message"
	case m.Version != "2.0":
		return false, `the message has no "jsonrpc": "2.0"`
	case m.Method == nil && len(m.ID) == 0, m.Method == nil && m.Result == nil && m.Error == nil:
		return false, "the message is neither a request nor a response"
	case !isID(m.ID):
		return false, "the id of the message is neither a number nor a short text"
	}
	return m.Method != nil && len(m.ID) > 0 && string(m.ID) != "null", ""
}

// isID reports whether an answer can repeat this id: a string, a number, or no id, as in a notification.
func isID(id json.RawMessage) bool {
	return len(id) == 0 || len(id) <= 256 && (id[0] == '"' || id[0] == '-' || id[0] >= '0' && id[0] <= '9') ||
		string(id) == "null"
}

// depth is how deep arrays and objects are nested in JSON text.
func depth(text []byte) (deepest int) {
	deep, inText := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{' || c == '[':
			deep++
			deepest = max(deepest, deep)
		case c == '}' || c == ']':
			deep--
		}
	}
	return deepest
}

// oneAtATime keeps messages apart that several goroutines write, each in one call of Write.
type oneAtATime struct {
	open atomic.Int64 // requests without an answer
	mu   sync.Mutex
	w    io.Writer
}

func (o *oneAtATime) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.w.Write(p)
	var m struct {
		Method *string          `json:"method"`
		ID     *json.RawMessage `json:"id"`
	}
	if json.Unmarshal(p, &m) == nil && m.Method == nil && m.ID != nil {
		o.open.Add(-1)
	}
	return n, err
}

// Close does nothing: the process's stdout closes with it.
func (o *oneAtATime) Close() error { return nil }
