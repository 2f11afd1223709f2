package commands

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/redact"
)

// source says where a value came from: "flag", "BARB_TIMEOUT", the path of barb.toml, or "default".
type source string

// sources are examples of the sources of each weight.
var sources = [...]source{"default", "barb.toml", "BARB_", "flag"}

// fromFile is the weight of a value of barb.toml.
const fromFile = 1

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
	return fromFile
}

// weight ranks where the value of a flag of this command came from; see source.weight.
func (sh *shell) weight(flag string) int {
	return sh.settings[flag].weight()
}

// settingsOf returns the settings of the flags of all commands, and of the commands that needs wants, in the order of
// the tree.
func (sh *shell) settingsOf(needs func(command string) bool) []config.Setting {
	all := config.Marked(sh.root.PersistentFlags())
	for _, b := range branches() {
		if !needs(b.name) {
			continue
		}
		for _, s := range config.Marked(sh.command(b).Flags()) {
			if !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	return all
}

// settingsFor returns the settings that fill flags of a command: replay sends as send does.
func (sh *shell) settingsFor(cmd *cobra.Command) []config.Setting {
	all := append(config.Marked(sh.root.PersistentFlags()), config.Marked(cmd.LocalNonPersistentFlags())...)
	if cmd.Name() == "replay" {
		all = slices.DeleteFunc(sh.settingsOf(func(command string) bool { return command == "send" }),
			func(s config.Setting) bool { return s.Flag == "scheme" || cmd.Flag(s.Flag) == nil })
	}
	return all
}

// applySettings fills every flag that was not given: from its BARB_ variable, then from barb.toml.
func (sh *shell) applySettings(cmd *cobra.Command) error {
	if _, err := sh.configuration(); err != nil {
		return err
	}
	sh.settings = map[string]source{}
	for _, s := range sh.settingsFor(cmd) {
		var err error
		if sh.settings[s.Flag], err = sh.fill(s, cmd); err != nil {
			return err
		}
	}
	return nil
}

// fill fills the flag of a setting and returns where its value came from.
func (sh *shell) fill(s config.Setting, cmd *cobra.Command) (source, error) {
	flag, file := cmd.Flag(s.Flag), sh.file
	if flag.Changed {
		return "flag", nil
	}
	value, from := sh.Getenv(s.Variable()), source(s.Variable())
	if value == "" {
		value, from = file.Values[s.Key()], source(file.Path)
		if value != "" && s.IsPath() && !filepath.IsAbs(value) {
			value = filepath.Join(filepath.Dir(file.Path), value) // a file in a parent folder means its own folder
		}
	}
	if value == "" {
		return "default", nil
	}
	if err := flag.Value.Set(value); err != nil {
		if from == source(file.Path) {
			return "", fail.Usage("%s:%d: %s = %q: %s", file.Path, file.Line(s), s.Key(), value, fail.PlainNumber(err)).Hint(
				"barb config shows every value and where it came from")
		}
		return "", fail.Usage("%s=%q: %s", from, value, fail.PlainNumber(err)).Hintf("barb %s --help", cmd.Name())
	}
	return from, nil
}

// configuration reads barb.toml once and sees to it that the user has agreed to what it does. No file is an empty
// configuration.
func (sh *shell) configuration() (*config.File, error) {
	if sh.file != nil {
		return sh.file, nil
	}
	file, err := sh.findConfig()
	if err == nil && file.Path != "" {
		err = file.Read(sh.Dir, sh.settingsOf)
	}
	if err == nil {
		err = sh.checkTrust(file)
	}
	switch {
	case err != nil && sh.caution == ignore:
		file = &config.File{}
	case err != nil:
		return nil, err
	}
	sh.file, sh.redactor = file, redact.New(file.Catalog().Lookup, nil, file.Redact)
	return file, nil
}

// findConfig is --config, BARB_CONFIG, the nearest barb.toml from the working folder upward, then the user's own.
func (sh *shell) findConfig() (*config.File, error) {
	return config.Find(cmp.Or(sh.config, sh.Getenv("BARB_CONFIG")), sh.Dir,
		filepath.Join(sh.configHome(), "barb", "barb.toml"))
}

func (sh *shell) configHome() string { return cmp.Or(sh.Getenv("XDG_CONFIG_HOME"), xdg.ConfigHome) }

func newConfig(sh *shell) *cobra.Command {
	all := false
	cmd := &cobra.Command{
		Use:  "config [trust]",
		Args: args(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return runConfig(sh, cmd.Root(), all) },
	}
	cmd.Flags().BoolVarP(&all, "all", "a", false, "also list the settings that have their default")
	cmd.AddCommand(newConfigTrust(sh))
	return cmd
}

func runConfig(sh *shell, root *cobra.Command, all bool) error {
	file := sh.file
	rows := []config.Row{{Key: "config", Value: file.Path, Source: sh.configSource(), Variable: "BARB_CONFIG"}}
	rows = append(rows, sh.trustRow(file)...)
	for _, s := range sh.settingsOf(func(string) bool { return true }) {
		row, err := sh.configValue(root, s)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	rows = append(rows, file.RetentionRows()...)
	if sh.Getenv("BARB_SECRET") != "" {
		rows = append(rows, config.Row{Key: "secret", Value: "env:BARB_SECRET", Source: "BARB_SECRET",
			Variable: "BARB_SECRET"})
	}
	rows = append(rows, file.TableRows(sh.json)...)
	if !sh.json {
		sh.printConfig(rows, all)
		return nil
	}
	for _, row := range rows {
		if err := sh.emit(row); err != nil {
			return err
		}
	}
	return nil
}

// printConfig prints what somebody has set, the routes, and with all the settings that have their defaults.
func (sh *shell) printConfig(rows []config.Row, all bool) {
	var set, defaults [][]string
	for _, row := range rows {
		cells := []string{ui.EscapeLine(row.Key), ui.EscapeLine(row.Value), ui.EscapeLine(row.Source), row.Variable}
		if row.ByDefault() && row.Key != "config" && row.Key != "db" && row.Key != "trusted" {
			defaults = append(defaults, cells)
		} else {
			set = append(set, cells)
		}
	}
	heads := []string{"KEY", "VALUE", "SOURCE", "VARIABLE"}
	sh.out.Table(heads, set)
	if head, routes := sh.file.RouteTable(); len(routes) > 0 {
		for _, row := range routes {
			for col := range row {
				row[col] = ui.EscapeLine(row[col])
			}
		}
		sh.out.Line("")
		sh.out.Records(head, routes)
	}
	if !all {
		sh.say("barb: %d settings have their default; barb config --all lists them", len(defaults))
		return
	}
	sh.out.Line("")
	sh.out.Table(heads, defaults)
}

func (sh *shell) configSource() string {
	switch {
	case sh.config != "":
		return "flag"
	case sh.Getenv("BARB_CONFIG") != "":
		return "BARB_CONFIG"
	}
	return "default"
}

func (sh *shell) configValue(root *cobra.Command, s config.Setting) (row config.Row, err error) {
	cmd := root
	if s.Table != "" || s.Flag == "scheme" {
		if cmd, _, err = root.Find([]string{cmp.Or(s.Table, "send")}); err != nil {
			return row, err
		}
	}
	from, err := sh.fill(s, cmd)
	if err != nil {
		return row, err
	}
	value := cmd.Flag(s.Flag).Value.String()
	if s.Flag == "db" && value == "" {
		value = sh.historyPath()
	}
	return config.Row{Key: s.Key(), Value: flags.WithoutUser(value), Source: string(from), Variable: s.Variable()}, nil
}
