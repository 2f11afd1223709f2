package shell

import (
	"cmp"
	"errors"
	"os"
	"slices"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/deliver/payload"
)

// TemplateEnv returns what looks a variable up for {{env NAME}}. A known secret is refused: payloads are kept in the
// history.
func (sh *Shell) TemplateEnv() func(name string) (string, error) {
	return func(name string) (string, error) {
		text := sh.Getenv(name)
		switch {
		case sh.IsSecretVariable(name + "=" + text):
			return "", errors.New("it holds a secret, and payloads are kept in the history")
		case text == "":
			return "", errors.New("the variable is not set, or empty")
		}
		return text, nil
	}
}

// EditPayload lets the person change a payload.
func (sh *Shell) EditPayload(body []byte, contentType string) ([]byte, error) {
	changed, err := sh.editor().Edit(body, payload.Extension(contentType))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fail.Usage("--edit: %w", err).Hint("EDITOR=nano barb …")
	}
	return changed, err
}

// editor is $VISUAL, $EDITOR or vi, as for git.
func (sh *Shell) editor() infile.Editor {
	environ := slices.DeleteFunc(slices.Clone(sh.Environ), sh.IsSecretVariable)
	screen := sh.Terminal
	if screen == nil {
		screen = sh.Err // stdout is for the result
	}
	return infile.Editor{Command: cmp.Or(sh.Getenv("VISUAL"), sh.Getenv("EDITOR"), "vi"), Environ: environ,
		In: sh.In, Out: screen, Err: screen, Dir: sh.Dir}
}
