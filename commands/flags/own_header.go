package flags

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

// fieldLines is the value of --forward-header: lines "Name: value" or @FILE. A variable holds several lines, as does
// barb.toml once its list is read.
type fieldLines []string

// Set adds the lines of a text.
func (f *fieldLines) Set(text string) error {
	*f = append(*f, strings.Split(strings.Trim(text, "\n"), "\n")...)
	return nil
}

// Type is the word that help shows for a value.
func (f *fieldLines) Type() string { return "header" }

// String returns the lines as they may be shown: a value may be a secret, and a reference is none.
func (f *fieldLines) String() string {
	shown := make([]string, 0, len(*f))
	for _, line := range *f {
		shown = append(shown, ShownHeader(line))
	}
	return strings.Join(shown, ", ")
}

// ShownHeader returns a line of --forward-header as it may be shown: with a reference in place of the value, or an
// ellipsis.
func ShownHeader(line string) string {
	name, value, isField := strings.Cut(line, ":")
	if !isField {
		return line // @FILE, or "Name;"
	}
	if word, ref := SecretIn(strings.Trim(value, " \t")); ref != "" {
		if strings.HasPrefix(ref, "cmd:") {
			ref = "cmd:…" // the command line may hold a secret
		}
		return name + ": " + word + ref
	}
	return name + ": …"
}

// SecretIn returns the reference to a secret in the value of a header that barb sends to apps, and the word before it:
// "env:TOKEN" is a reference, and so is what follows the word in "Bearer env:TOKEN". The reference is "" where the
// value is meant as it is written.
func SecretIn(value string) (word, ref string) {
	if secret.IsReference(value) {
		return "", value
	}
	if scheme, rest, ok := strings.Cut(value, " "); ok {
		if rest = strings.TrimLeft(rest, " "); secret.IsReference(rest) {
			return scheme + " ", rest
		}
	}
	return "", ""
}

// resolved returns fields with the secrets in place of their references.
func resolved(fields record.Header, find func(ref string) (string, error)) (record.Header, error) {
	fields = slices.Clone(fields)
	for i := range fields {
		word, ref := SecretIn(fields[i].Value)
		if ref == "" {
			continue
		}
		value, err := find(ref)
		if f, ok := errors.AsType[*fail.Error](err); ok {
			named := *f
			named.Err = fmt.Errorf("header %s: %w", fields[i].Name, f.Err)
			return nil, &named
		}
		if err != nil {
			return nil, err
		}
		fields[i].Value = word + value
		if err := deliver.CheckOwn(fields[i]); err != nil {
			return nil, fail.Usage("header %s: the secret cannot be sent in a header: %w", fields[i].Name, err)
		}
	}
	return fields, nil
}
