package commands

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/units"
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
	cmd.Flags().StringArrayVar(&f.secrets, "secret", nil, "a secret `reference`: env:NAME, file:PATH, cmd:COMMAND, keyring:NAME or - (repeatable)")
	cmd.Flags().StringArrayVar(&f.params, "param", nil, "a `name=value` the scheme signs that is not in the request, e.g. webhook_id for paypal (repeatable)")
	complete(cmd, "scheme", func(prefix string) []string { return sh.schemeNames(prefix, strings.Contains(use, "auto")) })
	complete(cmd, "secret", func(string) []string { return []string{"env:", "file:", "cmd:", "keyring:", "-"} })
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
	cmd.Flags().StringArrayVarP(&f.lines, "header", "H", nil, "a header `'Name: value'`, or @FILE with one a line (repeatable)")
}

// header parses the lines: "Name: value" sets, "Name;" sets to nothing, as curl has it.
func (f *headerFlags) header(sh *shell) (record.Header, error) {
	var h record.Header
	for _, line := range f.lines {
		lines := []string{line}
		file, isFile := strings.CutPrefix(line, "@")
		if isFile {
			data, err := sh.readArgument(file, 1<<20)
			if err != nil {
				return nil, err
			}
			if data, err = plainText(data, file); err != nil {
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

// sizeValue is a number of bytes on the command line: 1048576, 512kB, 10MiB.
type sizeValue int64

func (v *sizeValue) String() string { return units.FormatSize(int64(*v)) }

func (v *sizeValue) Type() string { return "size" }

// Set reads a size.
func (v *sizeValue) Set(s string) error {
	n, err := units.ParseSize(s)
	if err == nil {
		*v = sizeValue(n)
	}
	return err
}

// rateValue is a rate on the command line.
type rateValue struct{ deliver.Rate }

func (v *rateValue) String() string { return v.Rate.String() }
func (v *rateValue) Type() string   { return "rate" }

// Set reads a rate.
func (v *rateValue) Set(s string) (err error) {
	if v.Rate, err = deliver.ParseRate(s); err != nil {
		return fmt.Errorf("%w; a rate is so many in a time: 50/s, 1000/s, 5/m, 100/5s", err)
	}
	return nil
}

// wordValue is text on the command line that changes what a listener does: where a variable of the shell is not set, it
// must not do without.
type wordValue string

func (v *wordValue) String() string { return string(*v) }
func (v *wordValue) Type() string   { return "string" }

// Set takes any text but none.
func (v *wordValue) Set(s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("it is empty")
	}
	*v = wordValue(s)
	return nil
}

// ageValue is a duration on the command line with days and weeks: 15s, 1h30m, 7d, 2w.
type ageValue time.Duration

func (v *ageValue) String() string { return units.FormatDuration(time.Duration(*v)) }

func (v *ageValue) Type() string { return "duration" }

// Set reads a duration.
func (v *ageValue) Set(s string) error {
	d, err := units.ParseDuration(s)
	if err == nil {
		*v = ageValue(d)
	}
	return err
}

// optionalDuration is a duration that may not have been given.
type optionalDuration struct{ d *time.Duration }

func (v *optionalDuration) String() string {
	if v.d == nil {
		return ""
	}
	return units.FormatDuration(*v.d)
}

func (v *optionalDuration) Type() string { return "duration" }

// Set reads a duration.
func (v *optionalDuration) Set(s string) error {
	d, err := units.ParseDuration(s)
	if err == nil {
		v.d = &d
	}
	return err
}

// parseTime reads a moment: RFC 3339, Unix seconds, a date, or "now".
func parseTime(s string, now time.Time) (time.Time, error) {
	if s == "now" || s == "" {
		return now, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n > 1e11 {
			return time.Time{}, fmt.Errorf("%q looks like milliseconds; Unix seconds are meant", s)
		}
		return time.Unix(n, 0), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time: RFC 3339 (2026-01-20T14:32:00Z), Unix seconds or now", s)
}

// parsePast is parseTime that also takes an age: 1h means an hour ago.
func parsePast(s string, now time.Time) (time.Time, error) {
	if d, err := units.ParseDuration(s); err == nil {
		return now.Add(-d), nil
	}
	t, err := parseTime(s, now)
	if err != nil {
		return t, fmt.Errorf("%q is neither an age (1h, 7d) nor a time (RFC 3339, Unix seconds)", s)
	}
	return t, nil
}
