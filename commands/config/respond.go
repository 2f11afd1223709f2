package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/listen/script"
	"github.com/barbhq/barb/store/record"
)

// Respond is one [[respond]] of barb.toml: a script for the webhooks of a path, an event, a scheme. It has the script
// as answer, or one answer key by key.
type Respond struct {
	Path   string `toml:"path"`
	Event  string `toml:"event"` // * stands for any part
	Scheme string `toml:"scheme"`
	Where  string `toml:"where"` // an expression
	Answer string `toml:"answer"`

	Status     any `toml:"status"`
	Fault      any `toml:"fault"`
	Delay      any `toml:"delay"`
	RetryAfter any `toml:"retry_after"`
	Body       any `toml:"body"`
	Header     any `toml:"header"` // one or a list of them

	lines keyLines
}

// String describes the table in one line.
func (t *Respond) String() string {
	answer := []string{t.Answer}
	for _, o := range t.options() {
		answer = append(answer, o.Name+"="+o.Value)
	}
	isEmpty := func(s string) bool { return s == "" }
	answer = slices.DeleteFunc(answer, isEmpty)
	words := slices.DeleteFunc([]string{t.Path, t.Event, t.Scheme, t.Where}, isEmpty)
	return strings.Join(append(words, "→", strings.Join(answer, ";")), " ")
}

// Condition returns where as a function, nil without it. An error names its line in the file at path.
func (t *Respond) Condition(path string) (func(*record.Exchange) (bool, error), error) {
	place := fmt.Sprintf("%s:%d", path, t.LineOf("where"))
	return Condition(t.Where, place, "the webhook is not answered by this [[respond]]")
}

// fault returns the error for a key, with its line.
func (t *Respond) fault(c *File, key, format string, args ...any) *fail.Error {
	return fail.Usage("%s:%d: respond: %s", c.Path, t.LineOf(key), fmt.Sprintf(format, args...))
}

// FromKeys makes a script of the keys, one after the other so that it is known which one is wrong.
func (t *Respond) FromKeys(read func(string) ([]byte, error)) (s *script.Script, key string, err error) {
	options := t.options()
	for i, o := range options {
		if s, err = script.Of(options[:i+1], read); err != nil {
			return nil, strings.ReplaceAll(o.Name, "-", "_"), err
		}
	}
	return s, "", nil
}

// LineOf returns the line of an option of the answer; where it is not given, that of the table.
func (t *Respond) LineOf(option string) int {
	return t.lines.line(strings.ReplaceAll(option, "-", "_"))
}

// options returns the given keys of an answer in the order of their lines.
func (t *Respond) options() (options []script.Option) {
	for _, given := range []struct {
		name  string
		value any
	}{{"status", t.Status}, {"fault", t.Fault}, {"delay", t.Delay}, {"retry-after", t.RetryAfter}, {"body", t.Body},
		{"header", t.Header}} {
		for _, v := range listOf(given.value) {
			options = append(options, script.Option{Name: given.name, Value: fmt.Sprint(v)})
		}
	}
	slices.SortStableFunc(options, func(a, b script.Option) int { return cmp.Compare(t.LineOf(a.Name), t.LineOf(b.Name)) })
	return options
}

// checkTables checks all of the tables but their scripts, which are read when a listener begins.
func (c *File) checkTables() error {
	lines := c.tableLines("respond", len(c.Tables))
	for i := range c.Tables {
		t := &c.Tables[i]
		t.lines = lines[i]
		options := t.options()
		switch {
		case t.Path != "" && !strings.HasPrefix(t.Path, "/"):
			return t.fault(c, "path", `path = %q does not begin with "/"`, t.Path)
		case t.Answer != "" && len(options) > 0:
			return t.fault(c, options[0].Name, "answer and %s cannot be used together", options[0].Name).
				Hint(`answer = "503;delay=3s" holds all of it`)
		case t.Answer == "" && len(options) == 0:
			return t.fault(c, "", "it has no answer").Hint(`answer = "500,500,200"`)
		}
		if _, err := t.Condition(c.Path); err != nil {
			return t.fault(c, "where", "where: %v", err).Hint(jq.Hint(err, "where = '.body.amount > 1000'"))
		}
		if t.Scheme != "" {
			if _, err := c.LookupScheme(t.Scheme); err != nil {
				return t.fault(c, "scheme", "scheme = %q is not known", t.Scheme).Hint("barb schemes")
			}
			t.Scheme = c.Catalog().Name(t.Scheme)
		}
	}
	return nil
}
