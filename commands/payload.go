package commands

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
)

// maxPayload bounds what is read into memory; `sign` and `verify` stream larger files where the scheme allows it.
const maxPayload = 1 << 30

// readArgument reads the file a flag names, "-" being stdin, bounded.
func (sh *shell) readArgument(path string, limit int64) ([]byte, error) {
	if path == "-" {
		return readBounded(sh.In, limit, "stdin")
	}
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f, limit, path)
}

// onceValue is a text flag that can be given once: a second -d would silently win over the first.
type onceValue struct {
	text  *string
	given bool
}

func (v *onceValue) String() string {
	if v.text == nil {
		return ""
	}
	return *v.text
}

func (v *onceValue) Type() string { return "string" }

// Set takes the first value.
func (v *onceValue) Set(s string) error {
	if v.given {
		return errors.New("a payload can be given once")
	}
	*v.text, v.given = s, true
	return nil
}

// input is where the bytes of a body come from. They are never changed.
type input struct {
	text string   // -d STRING
	file *os.File // -d @FILE, FILE
	in   io.Reader
	name string // for messages and for -o curl: a path, "-" or ""
}

// payloadFrom chooses: a positional FILE or -d, else stdin when it is not a terminal; nil when there is nothing. stdin
// cannot give the payload and one of the secrets.
func (sh *shell) payloadFrom(data string, dataGiven bool, positional, secrets []string) (*input, error) {
	var name string
	switch {
	case len(positional) > 0 && dataGiven:
		return nil, fail.Usage("both %q and -d give a payload", positional[0]).Hint("use one of them")
	case len(positional) > 0:
		name = positional[0]
	case dataGiven && !strings.HasPrefix(data, "@"):
		return &input{text: data}, nil
	case dataGiven:
		name = data[1:]
		if name == "" {
			return nil, fail.Usage(`-d "@" names no file`).Hint("-d @payload.json, or -d @- for stdin")
		}
	case sh.InTerminal:
		return nil, nil
	default:
		name = "-"
	}
	if name == "-" {
		if slices.Contains(secrets, "-") {
			return nil, fail.Usage("the payload and the secret cannot both come from stdin").Hint("--secret env:NAME or file:PATH")
		}
		return &input{in: sh.In, name: "-"}, nil
	}
	f, err := openFile(name)
	if err != nil {
		return nil, err
	}
	return &input{file: f, in: f, name: name}, nil
}

// bytes reads the whole payload.
func (p *input) bytes() ([]byte, error) {
	if p.in == nil {
		return []byte(p.text), nil
	}
	what := p.name
	if what == "-" {
		what = "stdin"
	}
	return readBounded(p.in, maxPayload, what)
}

func (p *input) close() {
	if p != nil && p.file != nil {
		_ = p.file.Close()
	}
}
