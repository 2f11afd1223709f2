package commands

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/starter"
)

func newInit(sh *shell.Shell) *cobra.Command {
	write := false
	cmd := &cobra.Command{
		Use:               "init",
		Args:              args(0, 0, "no arguments"),
		PersistentPreRunE: sh.WithoutConfig,
		RunE:              func(*cobra.Command, []string) error { return runInit(sh, write) },
	}
	cmd.Flags().BoolVar(&write, "write", false, "write barb.toml without asking")
	return cmd
}

// runInit prints the barb.toml for the working folder, and writes it with --write or when a person at a terminal
// agrees.
func runInit(sh *shell.Shell, write bool) error {
	path := filepath.Join(sh.Dir, "barb.toml")
	asks := !write && !sh.JSON && sh.InTerminal && sh.OutTerminal && sh.ErrTerminal
	if _, err := os.Lstat(path); err == nil && (write || asks) {
		return thereAlready(path)
	}
	project := starter.Look(os.DirFS(sh.Dir))
	text := project.TOML()
	if !sh.JSON {
		sh.Stdout.Printf("%s", text)
	}
	if asks {
		sh.Stderr.Printf("\nwrite this to barb.toml? [y/N] ")
		answer, err := infile.Answer(sh.In)
		if err != nil {
			return err
		}
		if write = answer == "y" || answer == "yes"; !write {
			sh.Say("barb: nothing was written")
		}
	}
	if write {
		if err := writeNew(path, text); err != nil {
			return err
		}
		sh.Say("barb: wrote barb.toml")
		sh.Say("hint: barb config shows what it says; barb listen starts with it")
	}
	if sh.JSON {
		return sh.Emit(schema.Init{Schema: 1, Path: path, Written: write, TOML: text})
	}
	return nil
}

// writeNew writes a file that is not there yet.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return thereAlready(path)
	}
	if err != nil {
		return fail.Local("%w", err)
	}
	_, err = f.WriteString(text)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fail.Local("%w", err)
	}
	return nil
}

func thereAlready(path string) error {
	return fail.Usage("%s exists already and is not overwritten", path).
		Hint("barb init | cat prints what init would write; barb config shows what is in force")
}
