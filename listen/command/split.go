package command

import (
	"errors"
	"fmt"

	"github.com/mattn/go-shellwords"
)

// The errors of Split.
var (
	ErrEmpty  = errors.New("no command is named")
	ErrQuotes = errors.New("a quote or a bracket is not closed")
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
		return nil, fmt.Errorf("%c is for a shell, and none is started", []rune(line)[parser.Position])
	case len(args) == 0 || args[0] == "":
		return nil, ErrEmpty
	}
	return args, nil
}
