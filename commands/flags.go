package commands

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store/record"
)

// Flag groups that several commands share. Each is a value with addFlags, embedded in the options of a command.

// schemeFlags choose a scheme and its secrets.
type schemeFlags struct {
	scheme  string
	secrets []string
	params  []string
}

func (f *schemeFlags) addFlags(sh *shell, cmd *cobra.Command, use string) {
	cmd.Flags().StringVarP(&f.scheme, "scheme", "s", "", use)
	cmd.Flags().StringArrayVar(&f.secrets, "secret", nil, "a secret `reference`: env:NAME, file:PATH, cmd:COMMAND, "+
		"keyring:NAME or - (repeatable)")
	cmd.Flags().StringArrayVar(&f.params, "param", nil, "a `name=value` the scheme signs that is not in the request, "+
		"e.g. webhook_id for paypal (repeatable)")
	flags.Complete(cmd, "scheme", func(prefix string) []string {
		return sh.schemeNames(prefix,
			strings.Contains(use, "auto"))
	})
	flags.Complete(cmd, "secret", func(string) []string { return []string{"env:", "file:", "cmd:", "keyring:", "-"} })
}

// paramMap is the --param flags over those of the route.
func (f *schemeFlags) paramMap(r *route.Route) (map[string]string, error) {
	params := map[string]string{}
	if r != nil {
		for name, value := range r.Params {
			params[name] = value
		}
	}
	for _, p := range f.params {
		name, value, ok := strings.Cut(p, "=")
		if !ok || name == "" {
			return nil, fail.Usage("--param %q is not name=value", p).Hint("--param webhook_id=1JE4291016473214C")
		}
		params[name] = value
	}
	return params, nil
}

// headerFlags are curl's -H.
type headerFlags struct{ lines []string }

func (f *headerFlags) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&f.lines, "header", "H", nil,
		"a header `'Name: value'`, or @FILE with one a line (repeatable)")
}

// header parses the lines: "Name: value" sets, "Name;" sets to nothing, as curl has it.
func (f *headerFlags) header(sh *shell) (record.Header, error) {
	var h record.Header
	for _, line := range f.lines {
		lines := []string{line}
		file, isFile := strings.CutPrefix(line, "@")
		if isFile {
			data, err := infile.ReadArgument(sh.In, file, 1<<20)
			if err != nil {
				return nil, err
			}
			if data, err = infile.PlainText(data, file); err != nil {
				return nil, err
			}
			lines = strings.Split(strings.TrimRight(string(data), "\r\n"), "\n")
		}
		for _, l := range lines {
			if isFile && strings.TrimSpace(l) == "" {
				continue
			}
			field, err := parseHeader(strings.TrimSuffix(l, "\r"))
			if err != nil {
				return nil, err
			}
			h = append(h, field)
		}
	}
	return h, nil
}

func parseHeader(line string) (record.Field, error) {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		if empty, isEmpty := strings.CutSuffix(line, ";"); isEmpty {
			name, ok = empty, true
		}
	}
	field := record.Field{Name: name, Value: strings.Trim(value, " \t")}
	if !ok || record.CheckField(field) != nil {
		return field, fail.Usage("header %q is not 'Name: value'", line).Hint(`-H 'X-Webhook-Event: ping'`)
	}
	return field, nil
}

// jsonFlags say what else goes into the JSON lines.
type jsonFlags struct{ withBody, withURL, withHeaders bool }

func (f *jsonFlags) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.withBody, "with-body", false, "put the bodies into the JSON")
	cmd.Flags().BoolVar(&f.withURL, "with-url", false, "put the full URL with its query into the JSON")
	cmd.Flags().BoolVar(&f.withHeaders, "with-headers", false, "put the headers into the JSON")
}
