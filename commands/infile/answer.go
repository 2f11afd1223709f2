package infile

import (
	"errors"
	"io"
	"strings"

	"github.com/barbhq/barb/commands/fail"
)

// Answer reads a person's answer to a question: one line of at most 100 bytes in lower case, and nothing behind it. A
// longer line is no answer.
func Answer(r io.Reader) (string, error) {
	var line []byte
	for one := make([]byte, 1); len(line) < 100; {
		n, err := r.Read(one)
		switch {
		case n == 1 && one[0] == '\n', errors.Is(err, io.EOF):
			return strings.ToLower(strings.TrimSpace(string(line))), nil
		case err != nil:
			return "", fail.Local("stdin: %w", err)
		}
		line = append(line, one[:n]...)
	}
	return "", nil
}
