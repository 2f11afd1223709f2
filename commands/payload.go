package commands

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/edit"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/units"
)

// maxPayload bounds what is read into memory; `sign` and `verify` stream larger files where the scheme allows it.
const maxPayload = 1 << 30

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
			return nil, fail.Usage("the payload and the secret cannot both come from stdin").Hint(
				"--secret env:NAME or file:PATH")
		}
		return &input{in: sh.In, name: "-"}, nil
	}
	f, err := infile.Open(name)
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
	return infile.ReadAll(p.in, maxPayload, what)
}

func (p *input) close() {
	if p != nil && p.file != nil {
		_ = p.file.Close()
	}
}

// payloadFailure gives an error of package payload its exit code and remedy; nil for another error.
func payloadFailure(err error) *fail.Error {
	if e, ok := errors.AsType[*payload.BadEventsError](err); ok {
		f := fail.Usage("%s", ui.EscapeLine(e.Error()))
		switch {
		case e.All:
			return f
		case e.Late:
			return f.Hint("--skip-bad leaves bad lines out and lists them; those before it were sent")
		}
		return f.Hint("--skip-bad leaves them out and lists them")
	}
	if e, ok := errors.AsType[*payload.ChangeError](err); ok {
		f := fail.Usage("--set %w", e)
		switch {
		case errors.Is(e.Reason, payload.ErrPath):
			return f.Hint("--set data.amount=1200")
		case errors.Is(e.Reason, payload.ErrValue):
			return f.Hint("--set 'id={{uuid}}'; {{\"{{\"}} stands for the braces themselves")
		case errors.Is(e, edit.ErrUnstructured):
			return f.Hint("--edit changes any payload")
		}
		return f
	}
	if e, ok := errors.AsType[*payload.Error](err); ok {
		return fail.Usage("%w", e)
	}
	if e, ok := errors.AsType[*payload.MetaError](err); ok {
		return fail.Usage("%w", e).Hintf("barb events save SELECTOR --as %s --force", e.Sample)
	}
	if e, ok := errors.AsType[*payload.TooLargeError](err); ok {
		return fail.Usage("%s is larger than %s", e.Path, units.RoundSize(e.Limit))
	}
	return nil
}
