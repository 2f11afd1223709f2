package infile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"

	"github.com/mattn/go-shellwords"

	"github.com/barbhq/barb/commands/fail"
)

// Editor is the program in which a person changes a payload.
type Editor struct {
	Command  string
	Environ  []string
	In       io.Reader
	Out, Err io.Writer
	Dir      string
}

// Edit opens a private temporary file with the payload and returns what it then holds. Nothing is sent when the editor
// does not end well or leaves nothing.
func (e Editor) Edit(body []byte, extension string) ([]byte, error) {
	parser := shellwords.NewParser() // quotes and nothing else of a shell
	parser.ParseEnv, parser.ParseBacktick = false, false
	words, err := parser.Parse(e.Command)
	if err != nil || len(words) == 0 || parser.Position >= 0 {
		return nil, fail.Usage("editor %q is not a command with its arguments",
			e.Command).Hint("EDITOR=vi, EDITOR='code --wait'")
	}
	path, err := writeTemporary(body, extension)
	if err != nil {
		return nil, fail.Local("--edit: %w", err)
	}
	defer os.Remove(path)
	if err := e.run(words, path); err != nil {
		return nil, err
	}
	changed, err := readEdited(path)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(changed)) == 0 {
		return nil, &fail.Error{Code: fail.ExitInterrupted, Err: errors.New("the payload was left empty: nothing was sent")}
	}
	return withoutAddedLine(body, changed), nil
}

func writeTemporary(body []byte, extension string) (path string, err error) {
	f, err := os.CreateTemp("", "barb-*"+extension) // 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(body)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return f.Name(), err
}

func (e Editor) run(words []string, path string) error {
	cmd := exec.Command(words[0], append(words[1:], path)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env, cmd.Dir = e.In, e.Out, e.Err, e.Environ, e.Dir
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); ended {
		return &fail.Error{Code: fail.ExitInterrupted, Err: errors.New("the editor ended with an error: nothing was sent")}
	}
	if err != nil {
		return fail.Usage("editor %q: %w", e.Command, errors.Unwrap(err)).Hint("EDITOR=vi, EDITOR='code --wait'")
	}
	return nil
}

func readEdited(path string) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(f, MaxPayload, "the edited payload")
}

// withoutAddedLine takes off the line break that editors put behind the last line of a payload that had none.
func withoutAddedLine(before, after []byte) []byte {
	if bytes.HasSuffix(before, []byte("\n")) {
		return after
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(after, []byte("\n")), []byte("\r"))
}
