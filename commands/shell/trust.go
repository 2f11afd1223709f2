package shell

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/infile"
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

// Trusted says how the user agreed to the file: by a flag, a variable or a record; "" for not at all.
func (sh *Shell) Trusted(c *config.File) Source {
	if sh.trust {
		return "flag"
	}
	if on, _ := strconv.ParseBool(sh.Getenv("BARB_TRUST")); on {
		return "BARB_TRUST"
	}
	return Source(c.Trusted(sh.Dir, sh.DataFolder()))
}

// checkTrust asks, where it is needed and a terminal is there to answer, whether the file is to be used.
func (sh *Shell) checkTrust(c *config.File) error {
	if c.Weak == nil && len(c.Wants) == 0 || sh.caution == shows || sh.Trusted(c) != "" {
		return nil
	}
	switch {
	case c.Weak != nil:
	case sh.caution == lists:
		return nil
	case sh.caution == asks && sh.InTerminal && sh.ErrTerminal:
		return sh.askTrust(c)
	}
	return c.Untrusted(sh.DataFolder())
}

// askTrust shows what a file wants and takes yes or no. The answer yes is kept.
func (sh *Shell) askTrust(c *config.File) error {
	before := c.Before(sh.DataFolder())
	sh.Stderr.Printf("barb: %s %s; it would\n", ui.EscapeLine(c.Path), cmp.Or(before.Changed(), "is new"))
	for _, w := range c.Wants {
		sh.Stderr.Printf("  line %-4d %s\n", w.Line, ui.EscapeLine(before.Describe(w)))
	}
	sh.Stderr.Printf("trust it? [y/N] ")
	switch answer, err := infile.Answer(sh.In); {
	case err != nil:
		return err
	case answer != "y" && answer != "yes":
		return fail.Usage("%s is not trusted", c.Path).Hint("barb config shows it; --config FILE names another")
	}
	if err := c.Trust(sh.Dir, sh.DataFolder()); err != nil {
		sh.Warn("your answer could not be saved: %s", err)
	}
	return nil
}
