package flags

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// Headers is -H, as in curl. Each line is "Name: value", or @ and a file of such lines.
type Headers struct{ Lines []string }

// AddFlags adds the flags to a command.
func (f *Headers) AddFlags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&f.Lines, "header", "H", nil,
		"add a header `'Name: value'`, or those of @FILE, one a line (repeatable)")
}

// Header returns the fields of the lines. "Name: value" sets a field and "Name;" sets it to nothing, as in curl.
// @- reads stdin.
func (f *Headers) Header(stdin io.Reader) (record.Header, error) {
	lines, err := f.expand(stdin)
	if err != nil {
		return nil, err
	}
	var h record.Header
	for _, line := range lines {
		field, err := parseHeader(line)
		if err != nil {
			return nil, err
		}
		h = append(h, field)
	}
	return h, nil
}

// headerLine is one line of -H or of a file.
type headerLine struct {
	text  string
	place string // "headers.txt:3: " in a file, "" for the command line
}

// expand returns the lines, with those of the files in place of each @FILE.
func (f *Headers) expand(stdin io.Reader) (all []headerLine, err error) {
	for _, line := range f.Lines {
		file, isFile := strings.CutPrefix(line, "@")
		if !isFile {
			all = append(all, headerLine{text: line})
			continue
		}
		data, err := infile.ReadArgument(stdin, file, 1<<20)
		if err != nil {
			return nil, err
		}
		if data, err = infile.PlainText(data, file); err != nil {
			return nil, err
		}
		if file == "-" {
			file = "stdin"
		}
		n := 0
		for l := range strings.SplitSeq(string(data), "\n") {
			if n++; strings.TrimSpace(l) != "" {
				all = append(all, headerLine{text: strings.TrimSuffix(l, "\r"), place: fmt.Sprintf("%s:%d: ", file, n)})
			}
		}
	}
	return all, nil
}

func parseHeader(line headerLine) (record.Field, error) {
	name, value, ok := strings.Cut(line.text, ":")
	if !ok {
		name, ok = strings.CutSuffix(line.text, ";")
	}
	field := record.Field{Name: name, Value: strings.Trim(value, " \t")}
	switch {
	case ok && record.CheckField(field) == nil:
		return field, nil
	case line.place != "":
		return field, fail.Usage("%s%q is not 'Name: value'", line.place, line.text).
			Hint("a file of headers has one 'Name: value' a line: X-Webhook-Event: ping")
	}
	return field, fail.Usage("header %q is not 'Name: value'", line.text).Hint(`-H 'X-Webhook-Event: ping'`)
}

// JSON chooses what else goes into the JSON lines.
type JSON struct{ With export.With }

// AddFlags adds the flags to a command.
func (f *JSON) AddFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.With.Body, "with-body", false, "include the bodies in the JSON")
	cmd.Flags().BoolVar(&f.With.URL, "with-url", false, "include the full URL with its query in the JSON")
	cmd.Flags().BoolVar(&f.With.Headers, "with-headers", false, "include the headers in the JSON")
}
