package mcp

import (
	"bufio"
	"encoding/json"
	"errors"
)

// The limits of a message, which is one line.
const (
	mostLine   = 8 << 20 // bytes; a body of 1 MiB in base64 needs 1.4 MiB
	mostNested = 64      // arrays and objects within each other
)

// message is a message of a client.
type message struct {
	Version string          `json:"jsonrpc"`
	Method  *string         `json:"method"`
	ID      json.RawMessage `json:"id"`
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   json.RawMessage `json:"error"`
}

// nextLine returns a line without its end. It keeps nothing of a line that is too long and returns none of it.
func nextLine(in *bufio.Reader) (text []byte, isLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
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

// parse returns the message of a line, or what is wrong with the line.
func parse(text []byte) (m message, problem *failure) {
	if depth(text) > mostNested {
		return m, &failure{Code: codeParse, Message: "the message nests too deep"}
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, &failure{Code: codeParse, Message: "the line is not one JSON-RPC message"}
	}
	var wrong string
	switch {
	case m.Version != "2.0":
		wrong = `the message has no "jsonrpc": "2.0"`
	case m.Method == nil && len(m.ID) == 0, m.Method == nil && m.Result == nil && m.Error == nil:
		wrong = "the message is neither a request nor a response"
	case !isID(m.ID):
		wrong = "the id of the message is neither a number nor a short text"
	default:
		return m, nil
	}
	return m, &failure{Code: codeRequest, Message: wrong}
}

// isID reports whether an answer can repeat this id: a string, a number, or no id, as in a notification.
func isID(id json.RawMessage) bool {
	return len(id) == 0 || len(id) <= 256 && (id[0] == '"' || id[0] == '-' || id[0] >= '0' && id[0] <= '9')
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
