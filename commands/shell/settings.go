package shell

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/listen/command"
	"github.com/barbhq/barb/store/redact"
)

// Source says where a value came from: "flag", "BARB_TIMEOUT", the path of barb.toml, or "default".
type Source string

// Sources are examples of the sources of each weight.
var Sources = [...]Source{"default", "barb.toml", "BARB_", "flag"}

// FromFile is the weight of a value of barb.toml.
const FromFile = 1

// Weight ranks a source: a flag goes before a variable, that before barb.toml, that before the default.
func (s Source) Weight() int {
	switch {
	case s == "flag":
		return 3
	case strings.HasPrefix(string(s), "BARB_"):
		return 2
	case s == "default" || s == "":
		return 0
	}
	return FromFile
}

// Weight ranks where the value of a flag of this command came from; see Source.Weight.
func (sh *Shell) Weight(flag string) int {
	return sh.Settings[flag].Weight()
}

// SettingsOf returns the settings of the flags of all commands, and of the commands that needs wants, in the order of
// the tree.
func (sh *Shell) SettingsOf(needs func(command string) bool) []config.Setting {
	all := config.Marked(sh.Root.PersistentFlags())
	for _, b := range sh.Branches {
		if !needs(b.Name) {
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
func (sh *Shell) settingsFor(cmd *cobra.Command) []config.Setting {
	all := append(config.Marked(sh.Root.PersistentFlags()), config.Marked(cmd.LocalNonPersistentFlags())...)
	if cmd.Name() == "replay" {
		all = slices.DeleteFunc(sh.SettingsOf(func(command string) bool { return command == "send" }),
			func(s config.Setting) bool { return s.Flag == "scheme" || cmd.Flag(s.Flag) == nil })
	}
	return all
}

// ApplySettings fills every flag that was not given: from its BARB_ variable, then from barb.toml.
func (sh *Shell) ApplySettings(cmd *cobra.Command) error {
	if _, err := sh.configuration(); err != nil {
		return err
	}
	sh.Settings = map[string]Source{}
	for _, s := range sh.settingsFor(cmd) {
		var err error
		if sh.Settings[s.Flag], err = sh.Fill(s, cmd); err != nil {
			return err
		}
	}
	return nil
}

// Fill fills the flag of a setting and returns where its value came from.
func (sh *Shell) Fill(s config.Setting, cmd *cobra.Command) (Source, error) {
	flag, file := cmd.Flag(s.Flag), sh.File
	if flag.Changed {
		return "flag", nil
	}
	value, from := sh.Getenv(s.Variable()), Source(s.Variable())
	if value == "" {
		value, from = file.Values[s.Key()], Source(file.Path)
		if _, url := historyScheme(value); value != "" && s.IsPath() && !filepath.IsAbs(value) && !url {
			value = filepath.Join(filepath.Dir(file.Path), value) // a file in a parent folder means its own folder
		}
	}
	if value == "" {
		return "default", nil
	}
	if err := flag.Value.Set(value); err != nil {
		if from == Source(file.Path) {
			return "", fail.Usage("%s:%d: %s = %q: %s", file.Path, file.Line(s), s.Key(), value, fail.PlainNumber(err)).Hint(
				"barb config shows every value and where it came from")
		}
		return "", fail.Usage("%s=%q: %s", from, value, fail.PlainNumber(err)).Hintf("barb %s --help", cmd.Name())
	}
	return from, nil
}

// refuseEmpty refuses flags that were given an empty text, as an unset variable of the shell gives it: barb prune
// --endpoint "$HOST" would remove what --endpoint was to spare. Only a payload may be empty.
func refuseEmpty(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		text, kind := f.Value.String(), f.Value.Type()
		if err == nil && f.Name != "data" && (kind == "string" && text == "" || kind == "stringSlice" && text == "[]") {
			err = fail.Usage("--%s is empty", f.Name).Hintf("leave --%s out, or look at the variable it is taken from", f.Name)
		}
	})
	return err
}

// configuration reads barb.toml once and sees to it that the user has agreed to what it does. No file is an empty
// configuration.
func (sh *Shell) configuration() (*config.File, error) {
	if sh.File != nil {
		return sh.File, nil
	}
	file, err := sh.FindConfig()
	if err == nil && file.Path != "" {
		err = file.Read(sh.Dir, sh.SettingsOf)
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
	sh.File, sh.Redactor = file, redact.New(file.Catalog().Lookup, nil, file.Redact)
	return file, nil
}

// FindConfig is --config, BARB_CONFIG, the nearest barb.toml from the working folder upward, then the user's own.
func (sh *Shell) FindConfig() (*config.File, error) {
	return config.Find(cmp.Or(sh.Config, sh.Getenv("BARB_CONFIG")), sh.Dir,
		filepath.Join(sh.configHome(), "barb", "barb.toml"))
}

// WithoutConfig prepares a command that must work whatever barb.toml says.
func (sh *Shell) WithoutConfig(cmd *cobra.Command, _ []string) error {
	sh.File = &config.File{}
	return sh.prepare(cmd)
}

// Inherited returns the variables of barb's own environment that a command gets: those that programs need, and the
// settings, so that a barb in it does as this one. None of them is a secret.
func (sh *Shell) Inherited() []string {
	all := sh.SettingsOf(func(string) bool { return true })
	isSetting := func(name string) bool {
		return name == "BARB_CONFIG" || name == "BARB_TRUST" ||
			slices.ContainsFunc(all, func(s config.Setting) bool { return s.Variable() == name })
	}
	return slices.DeleteFunc(command.Inherited(sh.Environ, isSetting), sh.IsSecretVariable)
}
