package commands

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/infile"
	"github.com/mattn/go-shellwords"
)

// editor is the program in which people change a payload: $VISUAL, $EDITOR or vi, as for git.
type editor struct {
	command  string
	environ  []string
	in       io.Reader
	out, err io.Writer
	dir      string
}

func (sh *shell) editor() editor {
	environ := slices.DeleteFunc(slices.Clone(sh.Environ), sh.isSecretVariable)
	return editor{command: cmp.Or(sh.Getenv("VISUAL"), sh.Getenv("EDITOR"), "vi"), environ: environ,
		in: sh.In, out: sh.Err, err: sh.Err, dir: sh.Dir} // stdout is for the result
}

// edit opens a private temporary file with the payload and returns what it then holds. Nothing is sent when the editor
// does not end well or leaves nothing.
func (e editor) edit(body []byte, extension string) ([]byte, error) {
	parser := shellwords.NewParser() // quotes and nothing else of a shell
	parser.ParseEnv, parser.ParseBacktick = false, false
	words, err := parser.Parse(e.command)
	if err != nil || len(words) == 0 || parser.Position >= 0 {
		return nil, fail.Usage("editor %q is not a command with its arguments",
			e.command).Hint("EDITOR=vi, EDITOR='code --wait'")
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

func (e editor) run(words []string, path string) error {
	cmd := exec.Command(words[0], append(words[1:], path)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env, cmd.Dir = e.in, e.out, e.err, e.environ, e.dir
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); ended {
		return &fail.Error{Code: fail.ExitInterrupted, Err: errors.New("the editor ended with an error: nothing was sent")}
	}
	if err != nil {
		return fail.Usage("editor %q: %w", e.command, errors.Unwrap(err)).Hint("EDITOR=vi, EDITOR='code --wait'")
	}
	return nil
}

func readEdited(path string) ([]byte, error) {
	f, err := infile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return infile.ReadAll(f, maxPayload, "the edited payload")
}

// withoutAddedLine takes off the line break that editors put behind the last line of a payload that had none.
func withoutAddedLine(before, after []byte) []byte {
	if bytes.HasSuffix(before, []byte("\n")) {
		return after
	}
	cut, _ := bytes.CutSuffix(after, []byte("\n"))
	cut, _ = bytes.CutSuffix(cut, []byte("\r"))
	return cut
}
