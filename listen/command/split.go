package command

import (
	"errors"
	"fmt"

	"github.com/mattn/go-shellwords"
)

// The errors of Split.
var (
	ErrEmpty  = errors.New("the command is empty")
	ErrQuotes = errors.New("unclosed quote or bracket")
)

// Split splits a command line at its blanks. Quotes and backslashes are those of a shell; nothing else of a shell is
// done. A character that only a shell acts on, such as a pipe, is an error.
func Split(line string) ([]string, error) {
	parser := shellwords.NewParser()
	parser.ParseEnv, parser.ParseBacktick = false, false
	args, err := parser.Parse(line)
	switch {
	case err != nil:
		return nil, ErrQuotes
	case parser.Position >= 0:
		return nil, fmt.Errorf("%c needs a shell, and barb starts none", []rune(line)[parser.Position])
	case len(args) == 0 || args[0] == "":
		return nil, ErrEmpty
	}
	return args, nil
}
