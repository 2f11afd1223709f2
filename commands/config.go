package commands

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/adrg/xdg"
	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/redact"
)

// source says where a value came from: "flag", "BARB_TIMEOUT", the path of barb.toml, or "default".
type source string

// weight ranks a source: a flag goes before a variable, that before barb.toml, that before the default.
func (s source) weight() int {
	switch {
	case s == "flag":
		return 3
	case strings.HasPrefix(string(s), "BARB_"):
		return 2
	case s == "default" || s == "":
		return 0
	}
	return 1
}

// weight ranks where the value of a flag of this command came from; see source.weight.
func (sh *shell) weight(flag string) int {
	for _, s := range settings {
		if from := sh.settings[s.key()]; s.flag == flag && from != "" {
			return from.weight()
		}
	}
	return 0
}

// applySettings fills every flag that was not given: from its BARB_ variable, then from barb.toml.
func (sh *shell) applySettings(cmd *cobra.Command) error {
	file, err := sh.configuration()
	if err != nil {
		return err
	}
	sh.settings = map[string]source{}
	for _, s := range settings {
		if !s.applies(cmd) {
			continue
		}
		from, err := fill(sh, file, s, cmd)
		if err != nil {
			return err
		}
		sh.settings[s.key()] = from
	}
	return nil
}

func fill(sh *shell, file *configFile, s setting, cmd *cobra.Command) (source, error) {
	flag := cmd.Flag(s.flag)
	if flag.Changed {
		return "flag", nil
	}
	value, from := sh.Getenv(s.variable()), source(s.variable())
	if value == "" {
		value, from = file.values[s.key()], source(file.path)
		if value != "" && s.isPath() && !filepath.IsAbs(value) {
			value = filepath.Join(filepath.Dir(file.path), value) // a file in a parent folder means its own folder
		}
	}
	if value == "" {
		return "default", nil
	}
	if err := flag.Value.Set(value); err != nil {
		if from == source(file.path) {
			return "", fail.Usage("%s:%d: %s = %q: %s", file.path, file.line(s), s.key(), value, plainNumberError(err)).Hint(
				"barb config shows every value and where it came from")
		}
		return "", fail.Usage("%s=%q: %s", from, value, plainNumberError(err)).Hintf("barb %s --help", cmd.Name())
	}
	return from, nil
}

// configuration reads barb.toml once and sees to it that the user has agreed to what it does. No file is an empty
// configuration.
func (sh *shell) configuration() (*configFile, error) {
	if sh.file != nil {
		return sh.file, nil
	}
	file, err := sh.findConfig()
	if err == nil && file.path != "" {
		err = file.read(sh.Dir)
	}
	if err == nil {
		err = sh.checkTrust(file)
	}
	switch {
	case err != nil && sh.caution == ignore:
		file = &configFile{}
	case err != nil:
		return nil, err
	}
	sh.file, sh.redactor = file, redact.New(file.catalog().Lookup, nil, file.redact)
	return file, nil
}

// findConfig is --config, BARB_CONFIG, the nearest barb.toml from the working folder upward, then the user's own. It
// does not read it yet; the path is empty when there is none.
func (sh *shell) findConfig() (*configFile, error) {
	named := sh.config
	if named == "" {
		named = sh.Getenv("BARB_CONFIG")
	}
	if named != "" {
		if _, err := os.Stat(named); err != nil {
			return nil, fail.Usage("configuration %s: %w", named, errors.Unwrap(err))
		}
		return &configFile{path: named, named: true}, nil
	}
	for dir := sh.Dir; dir != ""; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "barb.toml")
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return &configFile{path: path, found: true}, nil
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	path := filepath.Join(sh.configHome(), "barb", "barb.toml")
	if _, err := os.Stat(path); err == nil {
		return &configFile{path: path}, nil
	}
	return &configFile{}, nil
}

func (sh *shell) configHome() string {
	if dir := sh.Getenv("XDG_CONFIG_HOME"); dir != "" {
		return dir
	}
	return xdg.ConfigHome
}

// read reads the file, which it opens once: what was checked is what is read. cwd is the working folder.
func (c *configFile) read(cwd string) error {
	data, err := c.take()
	if err != nil {
		return err
	}
	decoder := toml.NewDecoder(strings.NewReader(string(data)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(c); err != nil {
		return tomlError(c.path, err)
	}
	var plain map[string]any
	if err := toml.Unmarshal(data, &plain); err != nil {
		return tomlError(c.path, err)
	}
	c.text, c.values = data, map[string]string{}
	for _, s := range settings {
		if err := c.value(plain, s); err != nil {
			return err
		}
	}
	if err := c.takeRetention(); err != nil {
		return err
	}
	if err := c.takeSchemes(plain, data); err != nil {
		return err
	}
	if err := c.takeRedact(); err != nil {
		return err
	}
	if err := c.checkTables(data); err != nil {
		return err
	}
	if err := c.takeAllowed(); err != nil {
		return err
	}
	if err := c.takeRoutes(); err != nil {
		return err
	}
	if c.found {
		c.wants = wantsOf(c, plain, cwd)
	}
	return nil
}

// take opens the file and returns what is in it. One that the user did not name is also asked who may write it.
func (c *configFile) take() ([]byte, error) {
	open := openFound
	if c.named {
		open = infile.Open
	}
	f, err := open(c.path)
	if err != nil {
		return nil, classify(err)
	}
	defer f.Close()
	if !c.named {
		if err := c.guard(f); err != nil {
			return nil, err
		}
	}
	data, err := infile.ReadAll(f, 1<<20, c.path)
	if err != nil {
		return nil, err
	}
	return infile.PlainText(data, c.path)
}

// value takes one setting out of the decoded file, as the text its flag parses.
func (c *configFile) value(plain map[string]any, s setting) error {
	if s.table != "" {
		plain, _ = plain[s.table].(map[string]any)
	}
	switch v := plain[strings.ReplaceAll(s.flag, "-", "_")].(type) {
	case nil:
	case map[string]any:
		if s.key() != "scheme" { // that one is the table of one's own schemes
			return fail.Usage("%s:%d: %s is a table, not a value", c.path, c.line(s), s.key())
		}
	case string, int64, bool, float64:
		c.values[s.key()] = fmt.Sprint(v)
	default:
		return fail.Usage("%s:%d: %s is neither text nor number", c.path, c.line(s), s.key())
	}
	return nil
}

// line is where a setting stands in the file.
func (c *configFile) line(s setting) int {
	return findKeys(c.text).line(strings.Split(s.key(), ".")...)
}

// tomlError names the file, the line and the key.
func tomlError(path string, err error) error {
	if missing, ok := errors.AsType[*toml.StrictMissingError](err); ok && len(missing.Errors) > 0 {
		first := missing.Errors[0]
		line, _ := first.Position()
		return fail.Usage("%s:%d: unknown key %s", path, line, strings.Join(first.Key(), ".")).Hint(
			"barb config lists the keys there are")
	}
	if decode, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, column := decode.Position()
		f := fail.Usage("%s:%d:%d: %s", path, line, column, strings.TrimPrefix(decode.Error(), "toml: "))
		if strings.Contains(decode.Error(), "key scheme already exists") {
			f = f.Hint("scheme = \"NAME\" cannot stand beside [scheme.NAME]; give the default with BARB_SCHEME, or in " +
				"a [[route]]")
		}
		return f
	}
	return fail.Usage("%s: %w", path, err)
}

func newConfig(sh *shell) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config [trust]",
		Short: "Print every setting and where it came from",
		Long: `Prints every setting, its value and where it came from: a BARB_ variable, barb.toml
or the default. A flag goes before all of them. Secrets are shown as references.
It shows a barb.toml that you have not agreed to as well; barb config trust agrees.`,
		Example: "  barb config\n  BARB_TIMEOUT=3s barb config --jq 'select(.source != \"default\")'\n  barb config trust",
		Args:    args(0, 0, "no arguments"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runConfig(sh, cmd.Root()) },
	}
	cmd.AddCommand(newConfigTrust(sh))
	return cmd
}

type configRow struct {
	Key      string `json:"key"`
	Value    string `json:"value"`
	Source   source `json:"source"`
	Variable string `json:"variable,omitempty"`
}

func runConfig(sh *shell, root *cobra.Command) error {
	file, err := sh.configuration()
	if err != nil {
		return err
	}
	rows := []configRow{{Key: "config", Value: file.path, Source: sh.configSource(), Variable: "BARB_CONFIG"}}
	rows = append(rows, sh.trustRow(file)...)
	for _, s := range settings {
		row, err := configValue(sh, root, file, s)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	rows = append(rows, file.retentionRows()...)
	if sh.Getenv("BARB_SECRET") != "" {
		rows = append(rows, configRow{Key: "secret", Value: "env:BARB_SECRET", Source: "BARB_SECRET",
			Variable: "BARB_SECRET"})
	}
	if len(file.redact) > 0 {
		rows = append(rows, file.redactRow())
	}
	for _, s := range file.schemes.Own {
		rows = append(rows, configRow{Key: "scheme." + s.Name, Value: s.Formula(), Source: source(file.sourceOf(s.Name))})
	}
	if len(file.allowed) > 0 {
		rows = append(rows, configRow{Key: "deliver.allow", Value: strings.Join(file.allowed, ", "),
			Source: source(file.path)})
	}
	for i, r := range file.routes {
		value := strings.Join(slices.DeleteFunc([]string{r.Path, strings.Join(r.Methods, ","), r.Event, r.Scheme,
			strings.Join(r.Secrets, ","), writtenTargets(r.Targets)},
			func(s string) bool { return s == "" }), "  ")
		rows = append(rows, configRow{Key: fmt.Sprintf("route.%d", i+1), Value: value, Source: source(file.path)})
	}
	for i, t := range file.Tables {
		rows = append(rows, configRow{Key: fmt.Sprintf("respond.%d", i+1), Value: t.String(),
			Source: source(fmt.Sprintf("%s:%d", file.path, t.line))})
	}
	if sh.json {
		for _, row := range rows {
			if err := sh.emit(row); err != nil {
				return err
			}
		}
		return nil
	}
	table := make([][]string, 0, len(rows))
	for _, row := range rows {
		table = append(table, []string{ui.EscapeLine(row.Key), ui.EscapeLine(row.Value), ui.EscapeLine(string(row.Source)),
			row.Variable})
	}
	sh.out.Table([]string{"KEY", "VALUE", "SOURCE", "VARIABLE"}, table)
	return nil
}

func (sh *shell) configSource() source {
	switch {
	case sh.config != "":
		return "flag"
	case sh.Getenv("BARB_CONFIG") != "":
		return "BARB_CONFIG"
	}
	return "default"
}

func configValue(sh *shell, root *cobra.Command, file *configFile, s setting) (configRow, error) {
	cmd := root
	if s.table != "" || s.flag == "scheme" {
		name := s.table
		if name == "" {
			name = "send"
		}
		found, _, err := root.Find([]string{name})
		if err != nil {
			return configRow{}, err
		}
		cmd = found
	}
	from := sh.settings[s.key()] // global ones were filled for this very command
	if from == "" {
		var err error
		if from, err = fill(sh, file, s, cmd); err != nil {
			return configRow{}, err
		}
	}
	value := cmd.Flag(s.flag).Value.String()
	if s.flag == "db" && value == "" {
		value = sh.historyPath()
	}
	return configRow{Key: s.key(), Value: flags.WithoutUser(value), Source: from, Variable: s.variable()}, nil
}
