package commands

import (
	"cmp"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
)

// caution says what a command may do with a barb.toml that the user has not agreed to.
type caution int

const (
	asks   caution = iota // it asks, or ends
	shows                 // it shows the file and does nothing that the file says: barb config
	lists                 // it takes from the file only what does nothing: barb schemes
	ignore                // it goes on without the file and says nothing: the completions of a shell
)

// cautionOf is the caution of a command.
func cautionOf(cmd *cobra.Command) caution {
	switch cmd.CommandPath() {
	case "barb config":
		return shows
	case "barb schemes":
		return lists
	}
	if strings.HasPrefix(cmd.Name(), cobra.ShellCompRequestCmd) {
		return ignore
	}
	return asks
}

// trusted says how the user agreed to the file: by a flag, a variable or a record; "" for not at all.
func (sh *shell) trusted(c *config.File) source {
	if sh.trust {
		return "flag"
	}
	if on, _ := strconv.ParseBool(sh.Getenv("BARB_TRUST")); on {
		return "BARB_TRUST"
	}
	return source(c.Trusted(sh.Dir, sh.dataFolder()))
}

// checkTrust asks, where it is needed and a terminal is there to answer, whether the file is to be used.
func (sh *shell) checkTrust(c *config.File) error {
	if c.Weak == nil && len(c.Wants) == 0 || sh.caution == shows || sh.trusted(c) != "" {
		return nil
	}
	switch {
	case c.Weak != nil:
	case sh.caution == lists:
		return nil
	case sh.caution == asks && sh.InTerminal && sh.ErrTerminal:
		return sh.askTrust(c)
	}
	return c.Untrusted(sh.dataFolder())
}

// trustRow returns the line of barb config about consent to the file; nothing where none is needed.
func (sh *shell) trustRow(c *config.File) []config.Row {
	if c.Weak == nil && len(c.Wants) == 0 {
		return nil
	}
	if by := sh.trusted(c); by != "" {
		return []config.Row{{Key: "trusted", Value: "yes", Source: string(by), Variable: "BARB_TRUST"}}
	}
	if c.Weak != nil {
		sh.say("barb: %s", c.Weak)
	}
	before := c.Before(sh.dataFolder())
	if changed := before.Changed(); changed != "" && c.Weak == nil {
		sh.say("barb: %s %s", c.Path, changed)
	}
	for _, w := range c.Wants {
		sh.say("barb: line %d would %s", w.Line, before.Describe(w))
	}
	sh.say("hint: barb config trust")
	return []config.Row{{Key: "trusted", Value: "no", Source: "default", Variable: "BARB_TRUST"}}
}

// askTrust shows what a file wants and takes yes or no. The answer yes is kept.
func (sh *shell) askTrust(c *config.File) error {
	before := c.Before(sh.dataFolder())
	sh.err.Printf("barb: %s %s; it would\n", ui.EscapeLine(c.Path), cmp.Or(before.Changed(), "is new"))
	for _, w := range c.Wants {
		sh.err.Printf("  line %-4d %s\n", w.Line, ui.EscapeLine(before.Describe(w)))
	}
	sh.err.Printf("trust it? [y/N] ")
	switch answer, err := infile.Answer(sh.In); {
	case err != nil:
		return err
	case answer != "y" && answer != "yes":
		return fail.Usage("%s is not trusted", c.Path).Hint("barb config shows it; --config FILE names another")
	}
	if err := c.Trust(sh.Dir, sh.dataFolder()); err != nil {
		sh.warn("your answer could not be saved: %s", err)
	}
	return nil
}

func newConfigTrust(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use:               "trust [FILE]",
		Args:              args(0, 1, "one file"),
		PersistentPreRunE: sh.withoutConfig,
		RunE:              func(_ *cobra.Command, args []string) error { return runConfigTrust(sh, args) },
	}
}

func runConfigTrust(sh *shell, args []string) error {
	file, err := sh.findConfig()
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
	if err := file.Read(sh.Dir, sh.settingsOf); err != nil {
		return err
	}
	before := file.Before(sh.dataFolder())
	if err := file.Trust(sh.Dir, sh.dataFolder()); err != nil {
		return err
	}
	if sh.json {
		trust := schema.Trust{Path: file.Path, Wants: make([]schema.Want, len(file.Wants))}
		for i, w := range file.Wants {
			trust.Wants[i] = schema.Want(w)
		}
		return sh.emit(trust)
	}
	for _, w := range file.Wants {
		sh.out.Printf("line %-4d %s\n", w.Line, ui.EscapeLine(before.Describe(w)))
	}
	sh.out.Line("trusted  " + ui.EscapeLine(file.Path) + "  as it is now")
	return nil
}
