// Package infile reads what a person named: a file, standard input or an editor.
// What it reads is bounded, and its errors are those of a command line.
package infile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/units"
)

// Open opens a file that a person named. A missing one is a usage error, anything else a local failure.
func Open(path string) (*os.File, error) {
	f, err := os.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		err := fail.Usage("%s: no such file", path)
		if strings.ContainsAny(path, "{[<") {
			return nil, err.Hint("-d takes a text: -d '{}'")
		}
		return nil, err
	case err != nil:
		return nil, fail.Local("%w", err)
	}
	if info, statErr := f.Stat(); statErr == nil && info.IsDir() {
		_ = f.Close()
		return nil, fail.Usage("%s is a folder, not a file", path)
	}
	return f, nil
}

// IsFile reports whether a text that was given as a payload is the name of a file, which may have been meant.
func IsFile(text string) bool {
	info, err := os.Stat(text)
	return err == nil && info.Mode().IsRegular()
}

// ReadAll reads all of r. More than limit bytes are a usage error, in which what names r.
func ReadAll(r io.Reader, limit int64, what string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fail.Local("%s: %w", what, err)
	}
	if int64(len(data)) > limit {
		return nil, fail.Usage("%s is larger than %s", what, units.RoundSize(limit))
	}
	return data, nil
}

// PlainText returns what an editor wrote without the byte order mark that some put in front (RFC 3629, section 6),
// since no secret, header or setting begins with one. UTF-16, as PowerShell writes it, is a usage error, in which what
// names the data.
func PlainText(data []byte, what string) ([]byte, error) {
	little := bytes.HasPrefix(data, []byte("\xff\xfe")) && len(data) > 3 && data[3] == 0
	big := bytes.HasPrefix(data, []byte("\xfe\xff")) && len(data) > 3 && data[2] == 0
	if little || big {
		return nil, fail.Usage("%s is UTF-16, not UTF-8", what).Hint("iconv -f UTF-16 -t UTF-8 FILE > NEW, or save " +
			"it as UTF-8")
	}
	return bytes.TrimPrefix(data, []byte("\ufeff")), nil
}

// ReadArgument reads the file that a flag names, or stdin for "-". More than limit bytes are a usage error.
func ReadArgument(stdin io.Reader, path string, limit int64) ([]byte, error) {
	if path == "-" {
		return ReadAll(stdin, limit, "stdin")
	}
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(f, limit, path)
}
