// Package config reads barb.toml. It finds the file, checks every key and says what a file that was found needs consent
// for; which values win over flags and variables is for the commands.
package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/help"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/redact"
)

// File is barb.toml. Its tables hold flags of the commands of their name under the same names, so that a reader who
// knows the command line knows the file. Their values are text, number or boolean and are parsed as the flag is.
type File struct {
	Path   string // "" where there is no file
	Found  bool   // from the working folder upward
	Weak   *weakness
	Wants  []want            // what needs consent, of a file that was found
	Values map[string]string // of the settings: "send.retries" → "4"

	Routes      route.Table    // the tables [[route]]
	Schemes     catalog.Set    // the tables [scheme.NAME] before the catalogue
	Allowed     []string       // the commands whose output may sign queued messages, as references: "cmd:op read x"
	Redact      []redact.Place // [history] redact
	RedactTexts []string       // the same as it is written
	Retention   Retention
	tables

	named   bool // by --config or BARB_CONFIG
	text    []byte
	entries entries
	lines   keyLines
}

// tables are the tables of barb.toml whose keys are no flags.
type tables struct {
	Rows    []routeKeys `toml:"route"`
	Tables  []Respond   `toml:"respond"`
	Deliver struct {
		Allow any `toml:"allow"` // see takeAllowed
	} `toml:"deliver"`
	History struct {
		MaxSize any `toml:"max_size"`
		MaxAge  any `toml:"max_age"`
		Redact  any `toml:"redact"`
	} `toml:"history"`
}

// ownKeys are the keys of those tables.
const ownKeys = "scheme scheme.* route respond deliver history " +
	"deliver.allow history.max_size history.max_age history.redact " +
	"route.path route.method route.event route.where route.scheme route.secret route.forward_to route.public_url " +
	"route.params " +
	"route.insecure route.cacert route.cert route.key route.proxy route.headers " +
	"respond.path respond.event respond.scheme respond.answer respond.status respond.fault respond.delay " +
	"respond.retry_after respond.body respond.header respond.where"

// Find returns the file that the user named, "" for none, else the nearest barb.toml from a folder upward, else the
// user's own. The file is not read yet, and its path is empty where there is none.
func Find(named, folder, own string) (*File, error) {
	if named != "" {
		if _, err := os.Stat(named); err != nil {
			return nil, fail.Usage("configuration %s: %w", named, errors.Unwrap(err))
		}
		return &File{Path: named, named: true}, nil
	}
	for dir := folder; dir != ""; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "barb.toml")
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return &File{Path: path, Found: true}, nil
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if _, err := os.Stat(own); err == nil {
		return &File{Path: own}, nil
	}
	return &File{}, nil
}

// Read reads the file, which it opens once: what was checked is what is read. cwd is the working folder. settings
// returns the settings whose tables are needed.
func (c *File) Read(cwd string, settings func(needs func(table string) bool) []Setting) (err error) {
	if c.text, err = c.take(); err != nil {
		return err
	}
	var plain map[string]any
	err = toml.Unmarshal(c.text, &c.tables)
	if err == nil {
		err = toml.Unmarshal(c.text, &plain)
	}
	if err != nil {
		return tomlError(c.Path, err)
	}
	c.entries = entriesOf(c.text)
	c.lines = c.entries.keys()
	all := settings(func(table string) bool {
		return slices.ContainsFunc(slices.Collect(maps.Keys(plain)), func(key string) bool {
			return strings.EqualFold(key, table)
		})
	})
	if key, line := c.entries.unknown(knownKeys(all)); line > 0 {
		known := knownKeys(settings(func(string) bool { return true }))
		return fail.Usage("%s:%d: unknown key %s", c.Path, line, key).Hint(keysHint(key, known))
	}
	if err := c.takeValues(plain, all); err != nil {
		return err
	}
	for _, take := range []func() error{c.takeRetention, func() error { return c.takeSchemes(plain) }, c.takeRedact,
		c.checkTables, c.takeAllowed, c.takeRoutes} {
		if err := take(); err != nil {
			return err
		}
	}
	if c.Found {
		c.Wants = wantsOf(c, plain, all, cwd)
	}
	return nil
}

// take opens the file and returns its content. Of a file that the user did not name it also checks who may write it.
func (c *File) take() ([]byte, error) {
	open := openFound
	if c.named {
		open = infile.Open
	}
	f, err := open(c.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if !c.named {
		if err := c.guard(f); err != nil {
			return nil, err
		}
	}
	data, err := infile.ReadAll(f, 1<<20, c.Path)
	if err != nil {
		return nil, err
	}
	return infile.PlainText(data, c.Path)
}

// knownKeys returns the keys of settings and ownKeys, with their tables.
func knownKeys(settings []Setting) map[string]bool {
	known := map[string]bool{}
	for _, key := range strings.Fields(ownKeys) {
		known[key] = true
	}
	for _, s := range settings {
		known[s.Key()] = true
		if s.Table == "" {
			known[s.Key()+".*"] = true // takeValues says that it is a table
		} else {
			known[s.Table] = true
		}
	}
	return known
}

// takeValues takes the settings out of the decoded file, each as the text that its flag parses.
func (c *File) takeValues(plain map[string]any, settings []Setting) error {
	for _, s := range settings {
		if _, isTable := plain[s.Table].(map[string]any); !isTable && s.Table != "" && plain[s.Table] != nil {
			return fail.Usage("%s:%d: %s is not a table", c.Path, c.lines.line(s.Table), s.Table)
		}
	}
	c.Values = map[string]string{}
	for _, s := range append(settings, Setting{Flag: "scheme"}) {
		table := plain
		if s.Table != "" {
			table, _ = plain[s.Table].(map[string]any)
		}
		value := table[strings.ReplaceAll(s.Flag, "-", "_")]
		if s.Flag == "forward-header" {
			lines, err := headerLines(value)
			if err != nil {
				return fail.Usage("%s:%d: %s: %w", c.Path, c.Line(s), s.Key(), err).Hint("forward_header" + headersExample)
			}
			value = strings.Join(lines, "\n")
		}
		switch v := value.(type) {
		case nil:
		case map[string]any:
			if s.Key() != "scheme" { // that one is the table of one's own schemes
				return fail.Usage("%s:%d: %s is a table, not a value", c.Path, c.Line(s), s.Key())
			}
		case string, int64, bool, float64:
			c.Values[s.Key()] = fmt.Sprint(v)
		default:
			return fail.Usage("%s:%d: %s must be text or a number", c.Path, c.Line(s), s.Key())
		}
	}
	return nil
}

// keysHint names the key of the same table that is meant by an unknown one, those that are spelled like it, or all.
func keysHint(unknown string, known map[string]bool) string {
	dot := strings.LastIndex(unknown, ".")
	table, key := unknown[:dot+1], unknown[dot+1:]
	var keys []string
	for _, name := range slices.Sorted(maps.Keys(known)) {
		rest, inTable := strings.CutPrefix(name, strings.ToLower(table))
		if inTable && rest != "" && !strings.ContainsAny(rest, ".*") {
			keys = append(keys, rest)
		}
	}
	if len(keys) == 0 {
		return "barb config lists the keys there are"
	}
	where := "at the top"
	if table != "" {
		where = "of [" + strings.TrimSuffix(table, ".") + "]"
	}
	meant := fail.Nearest(key, keys)
	if one := help.Key(key, func(key string) bool { return slices.Contains(keys, key) }); one != "" {
		meant = []string{one}
	}
	return fail.DidYouMean(table, meant, "the keys "+where+" are "+strings.Join(keys, ", "))
}

// Line returns the line of a setting.
func (c *File) Line(s Setting) int {
	return c.lines.line(strings.Split(s.Key(), ".")...)
}

// tomlError returns the error of the decoder with the file and the place in it.
func tomlError(path string, err error) error {
	if decode, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, column := decode.Position()
		text := strings.TrimPrefix(decode.Error(), "toml: ")
		if what, _, ok := strings.Cut(text, "struct field "); ok { // the rest names our types
			text = what + strings.Join(decode.Key(), ".")
		}
		f := fail.Usage("%s:%d:%d: %s", path, line, column, text)
		if strings.Contains(decode.Error(), "key scheme already exists") {
			f = f.Hint("scheme = \"NAME\" cannot stand beside [scheme.NAME]; give the default with BARB_SCHEME, or in " +
				"a [[route]]")
		}
		return f
	}
	return fail.Usage("%s: %w", path, err)
}
