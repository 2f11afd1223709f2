package infile

import (
	"io"
	"os"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
)

// MaxPayload bounds what is read into memory. barb sign and verify stream larger files where the scheme allows it.
const MaxPayload = 1 << 30

// Input is where the bytes of a payload come from. They are never changed.
type Input struct {
	Text string   // -d STRING
	file *os.File // -d @FILE, FILE
	In   io.Reader
	Name string // for messages and for -o curl: a path, "-" or ""
}

// Payload chooses a payload: a positional FILE or -d, else stdin. It returns nil where stdin is a terminal. stdin
// cannot give the payload and one of the secrets.
func Payload(stdin io.Reader, terminal bool, data string, dataGiven bool, positional, secrets []string) (*Input,
	error) {
	var name string
	switch {
	case len(positional) > 0 && dataGiven:
		return nil, fail.Usage("both %q and -d give a payload", positional[0]).Hint("use one of them")
	case len(positional) > 0:
		name = positional[0]
	case dataGiven && !strings.HasPrefix(data, "@"):
		return &Input{Text: data}, nil
	case dataGiven:
		name = data[1:]
		if name == "" {
			return nil, fail.Usage(`-d "@" names no file`).Hint("-d @payload.json, or -d @- for stdin")
		}
	case terminal:
		return nil, nil
	default:
		name = "-"
	}
	if name == "-" {
		if slices.Contains(secrets, "-") {
			return nil, fail.Usage("the payload and the secret cannot both come from stdin").Hint(
				"--secret env:NAME or file:PATH")
		}
		return &Input{In: stdin, Name: "-"}, nil
	}
	f, err := Open(name)
	if err != nil {
		return nil, err
	}
	return &Input{file: f, In: f, Name: name}, nil
}

// Bytes returns the whole payload.
func (p *Input) Bytes() ([]byte, error) {
	if p.In == nil {
		return []byte(p.Text), nil
	}
	if p.Name == "-" {
		return ReadAll(p.In, MaxPayload, "stdin")
	}
	return ReadAll(p.In, MaxPayload, p.Name)
}

// Close closes the file of a payload. A nil payload has none.
func (p *Input) Close() {
	if p != nil && p.file != nil {
		_ = p.file.Close()
	}
}
