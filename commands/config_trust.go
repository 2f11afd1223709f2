package commands

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
)

// trustRow returns the line of barb config about consent to the file; nothing where none is needed.
func trustRow(sh *shell.Shell, c *config.File) []config.Row {
	if c.Weak == nil && len(c.Wants) == 0 {
		return nil
	}
	if by := sh.Trusted(c); by != "" {
		return []config.Row{{Key: "trusted", Value: "yes", Source: string(by), Variable: "BARB_TRUST"}}
	}
	if c.Weak != nil {
		sh.Say("barb: %s", c.Weak)
	}
	before := c.Before(sh.DataFolder())
	if changed := before.Changed(); changed != "" && c.Weak == nil {
		sh.Say("barb: %s %s", c.Path, changed)
	}
	for _, w := range c.Wants {
		sh.Say("barb: line %d would %s", w.Line, before.Describe(w))
	}
	sh.Say("hint: barb config trust")
	return []config.Row{{Key: "trusted", Value: "no", Source: "default", Variable: "BARB_TRUST"}}
}

func newConfigTrust(sh *shell.Shell) *cobra.Command {
	return &cobra.Command{
		Use:               "trust [FILE]",
		Args:              args(0, 1, "one file"),
		PersistentPreRunE: sh.WithoutConfig,
		RunE:              func(_ *cobra.Command, args []string) error { return runConfigTrust(sh, args) },
	}
}

func runConfigTrust(sh *shell.Shell, args []string) error {
	file, err := sh.FindConfig()
	if len(args) > 0 {
		file, err = &config.File{Path: filepath.Join(sh.Dir, args[0]), Found: true}, nil
		if filepath.IsAbs(args[0]) {
			file.Path = filepath.Clean(args[0])
		}
	}
	if err != nil {
		return err
	}
	if file.Path == "" {
		return fail.Usage("no barb.toml was found from %s upward", sh.Dir).Hint("barb config trust FILE")
	}
	if _, err := os.Stat(file.Path); errors.Is(err, os.ErrNotExist) {
		return fail.Usage("there is no file %s", file.Path).
			Hint("barb config trust without a FILE takes the nearest barb.toml")
	}
	if err := file.Read(sh.Dir, sh.SettingsOf); err != nil {
		return err
	}
	before := file.Before(sh.DataFolder())
	if err := file.Trust(sh.Dir, sh.DataFolder()); err != nil {
		return err
	}
	if sh.JSON {
		trust := schema.Trust{Path: file.Path, Wants: make([]schema.Want, len(file.Wants))}
		for i, w := range file.Wants {
			trust.Wants[i] = schema.Want(w)
		}
		return sh.Emit(trust)
	}
	for _, w := range file.Wants {
		sh.Stdout.Printf("line %-4d %s\n", w.Line, ui.EscapeLine(before.Describe(w)))
	}
	sh.Stdout.Line("trusted  " + ui.EscapeLine(file.Path) + "  as it is now")
	return nil
}
