package commands

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/listen/script"
)

// table is one [[respond]] of barb.toml: a script for the webhooks of a path, an event, a scheme. It has the script as
// answer, or one answer key by key.
type table struct {
	Path   string `toml:"path"`
	Event  string `toml:"event"` // * stands for any part
	Scheme string `toml:"scheme"`
	Answer string `toml:"answer"`

	Status     any `toml:"status"`
	Fault      any `toml:"fault"`
	Delay      any `toml:"delay"`
	RetryAfter any `toml:"retry_after"`
	Body       any `toml:"body"`
	Header     any `toml:"header"` // one or a list of them

	line  int
	lines keyLines
}

// options are the keys of one answer that are given.
func (t *table) options() (options []script.Option, keys []string) {
	for key, value := range map[string]any{"status": t.Status, "fault": t.Fault, "delay": t.Delay,
		"retry-after": t.RetryAfter, "body": t.Body, "header": t.Header} {
		for _, v := range listOf(value) {
			options = append(options, script.Option{Name: key, Value: fmt.Sprint(v)})
		}
	}
	slices.SortStableFunc(options, func(a, b script.Option) int { return cmp.Compare(t.lineOf(a.Name), t.lineOf(b.Name)) })
	for _, o := range options {
		keys = append(keys, o.Name)
	}
	return options, keys
}

func (t *table) lineOf(option string) int {
	return cmp.Or(t.lines[strings.ReplaceAll(option, "-", "_")], t.line)
}

// String is the table in a line.
func (t *table) String() string {
	words := []string{}
	for _, w := range []string{t.Path, t.Event, t.Scheme} {
		if w != "" {
			words = append(words, w)
		}
	}
	options, _ := t.options()
	answer := []string{}
	if t.Answer != "" {
		answer = append(answer, t.Answer)
	}
	for _, o := range options {
		answer = append(answer, o.Name+"="+o.Value)
	}
	return strings.Join(append(words, "→", strings.Join(answer, ";")), " ")
}

// checkTables checks all of the tables but their scripts, which are read when a listener begins.
func (c *configFile) checkTables(document []byte) error {
	lines := findTables(document, "respond")
	for i := range c.Tables {
		t := &c.Tables[i]
		if i < len(lines) {
			t.lines, t.line = lines[i], lines[i][""]
		}
		_, keys := t.options()
		switch {
		case t.Path != "" && !strings.HasPrefix(t.Path, "/"):
			return t.fault(c, "path", `path = %q does not begin with "/"`, t.Path)
		case t.Answer != "" && len(keys) > 0:
			return t.fault(c, keys[0], "both answer and %s say what is answered",
				keys[0]).Hint("answer = \"503;delay=3s\" holds all of it")
		case t.Answer == "" && len(keys) == 0:
			return t.fault(c, "", "nothing says what is answered").Hint(`answer = "500,500,200"`)
		}
		if t.Scheme != "" {
			if _, err := c.lookupScheme(t.Scheme); err != nil {
				return t.fault(c, "scheme", "scheme = %q is not known", t.Scheme).Hint("barb schemes")
			}
			t.Scheme = c.catalog().Name(t.Scheme)
		}
	}
	return nil
}

// fault is a complaint about a key, with the line it stands in.
func (t *table) fault(c *configFile, key, format string, args ...any) *fail.Error {
	return fail.Usage("%s:%d: respond: %s", c.path, t.lineOf(key), fmt.Sprintf(format, args...))
}

// takeTables reads the scripts of the tables. Flags and variables that say how to answer go before all of them.
func (g *listener) takeTables() error {
	file, err := g.sh.configuration()
	if err != nil {
		return err
	}
	for _, setting := range []string{"listen.respond", "listen.forward_to"} {
		if g.sh.settings[setting].weight() > 1 {
			return nil
		}
	}
	g.tables = slices.Clone(file.Tables)
	for i := range g.tables {
		t := &g.tables[i]
		read := g.sh.answerBody(file.path)
		key, what := "answer", ": answer"
		rule := script.Rule{Path: t.Path, Event: t.Event, Scheme: t.Scheme}
		if t.Answer != "" {
			rule.Script, err = script.Parse(t.Answer, read)
		} else {
			rule.Script, key, err = t.fromKeys(read)
			what = "" // the error names the key
		}
		if err != nil {
			return scriptFailure(fmt.Sprintf("%s:%d: respond%s", file.path, t.lineOf(key), what), err)
		}
		g.gate.Answers.Rules = append(g.gate.Answers.Rules, rule)
	}
	return nil
}

// fromKeys makes a script of the keys, one after the other so that it is known which one is wrong.
func (t *table) fromKeys(read func(string) ([]byte, error)) (s *script.Script, key string, err error) {
	options, keys := t.options()
	for i := range options {
		if s, err = script.Of(options[:i+1], read); err != nil {
			return nil, strings.ReplaceAll(keys[i], "-", "_"), err
		}
	}
	return s, "", nil
}

// findTables finds the lines of the keys in each table of an array of tables. That of the table itself is under "".
func findTables(document []byte, name string) []keyLines {
	var found []keyLines
	var p unstable.Parser
	p.Reset(document)
	within := false
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.ArrayTable, unstable.Table:
			k := keyLines{}
			path := k.add(&p, nil, e.Key())
			if within = e.Kind == unstable.ArrayTable && len(path) == 1 && path[0] == name; within {
				found = append(found, keyLines{"": slices.Max(slices.Collect(maps.Values(k)))})
			}
		case unstable.KeyValue:
			if within {
				found[len(found)-1].addPair(&p, nil, e)
			}
		default: // comments
		}
	}
	return found
}
