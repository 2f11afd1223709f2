// Package keyring is barb secret: it keeps secrets in the keyring of this machine.
package keyring

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/complete"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/commands/ui"
)

// Desk is what the commands need of the process. Its functions are called only when a command runs.
type Desk struct {
	In         io.Reader
	InTerminal bool
	Password   func() ([]byte, error) // reads a line without echo; nil where there is no terminal
	Args       func(minimum, maximum int, what string) cobra.PositionalArgs
	Out, Err   func() *ui.Printer
	JSON       func() bool
	Emit       func(v any) error
	Say, Warn  func(format string, args ...any)
}

// Command returns barb secret with its subcommands.
func (d *Desk) Command() *cobra.Command {
	cmd := &cobra.Command{
		Use: "secret set|show|list|delete NAME",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fail.Usage("secret needs a command: set, show, list or delete").Hint("barb secret set NAME")
			}
			return fail.Usage("unknown command barb secret %s: choose set, show, list or delete",
				args[0]).Hint(fail.DidYouMean("barb secret ",
				fail.Nearest(args[0], []string{"set", "show", "list", "delete"}), "barb secret set NAME"))
		},
		RunE: func(*cobra.Command, []string) error { return nil }, // Args has said no
	}
	cmd.AddCommand(d.set(), d.show(), d.list(), d.delete())
	return cmd
}

func (d *Desk) set() *cobra.Command {
	var replace bool
	cmd := &cobra.Command{
		Use:  "set NAME",
		Args: d.Args(1, 1, "the name of the secret"),
		RunE: func(_ *cobra.Command, args []string) error { return d.keep(args[0], replace) },
	}
	cmd.Flags().BoolVar(&replace, "replace", false, "replace an existing secret")
	return cmd
}

func (d *Desk) show() *cobra.Command {
	return &cobra.Command{
		Use:               "show NAME",
		Args:              d.Args(1, 1, "the name of the secret"),
		ValidArgsFunction: names,
		RunE: func(_ *cobra.Command, args []string) error {
			name, err := nameIn(args[0])
			if err != nil {
				return err
			}
			value, err := secret.Get(name)
			if err != nil {
				return secret.KeyringError(name, err)
			}
			d.Out().Printf("%s\n", value)
			return nil
		},
	}
}

// names offers the names of the secrets that are kept.
func names(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return complete.Kept("", prefix, secret.Names), cobra.ShellCompDirectiveNoFileComp
}

func (d *Desk) list() *cobra.Command {
	return &cobra.Command{
		Use:  "list",
		Args: d.Args(0, 0, "nothing"),
		RunE: func(*cobra.Command, []string) error {
			names, err := secret.Names()
			if err != nil {
				return secret.KeyringError("", err)
			}
			for _, name := range names {
				if !d.JSON() {
					d.Out().Line(ui.EscapeLine(name))
				} else if err := d.Emit(schema.NewSecretName(name)); err != nil {
					return err
				}
			}
			if len(names) == 0 {
				d.Say("barb: no secrets yet; barb secret set NAME saves one")
			}
			return nil
		},
	}
}

func (d *Desk) delete() *cobra.Command {
	return &cobra.Command{
		Use: "delete NAME", Args: d.Args(1, 1, "the name of the secret"), ValidArgsFunction: names,
		RunE: func(_ *cobra.Command, args []string) error {
			name, err := nameIn(args[0])
			if err == nil {
				err = secret.KeyringError(name, secret.Delete(name))
			}
			if err == nil {
				d.Say("barb: deleted keyring:%s", name)
			}
			return err
		},
	}
}

// keep puts a secret into the keyring.
func (d *Desk) keep(name string, replace bool) error {
	name, err := nameIn(name)
	if err != nil {
		return err
	}
	switch _, err := secret.Get(name); {
	case err == nil && !replace:
		return fail.Usage("keyring:%s already exists", name).Hintf("barb secret set %s --replace", name)
	case err != nil && !errors.Is(err, secret.ErrNotFound):
		return secret.KeyringError(name, err)
	}
	key, err := d.ask(name)
	if err != nil {
		return err
	}
	if len(strings.TrimSpace(string(key))) == 0 {
		return fail.Usage("the secret is empty").Hintf("barb secret set %s < FILE", name)
	}
	if odd := secret.Oddity(key); odd != "" {
		d.Warn("the secret %s; barb saves it unchanged", odd)
	}
	unlisted, err := secret.Set(name, string(key))
	if err != nil {
		return secret.KeyringError(name, err)
	}
	if unlisted != nil {
		d.Warn("barb secret list will not show %s: %v", name, unlisted)
	}
	d.Say("barb: saved: --secret keyring:%s", name)
	return nil
}

// askSecret reads a secret from stdin, without echo on a terminal.
func (d *Desk) ask(name string) ([]byte, error) {
	if !d.InTerminal || d.Password == nil {
		return secret.Read(d.In, "the secret on stdin")
	}
	d.Err().Printf("secret %s (not shown): ", name)
	key, err := d.Password()
	d.Err().Printf("\n")
	if err != nil {
		return nil, fail.Local("the terminal: %w", err)
	}
	return key, nil
}

// nameIn returns the name in a reference, which may have keyring: before it.
func nameIn(text string) (string, error) {
	name := strings.TrimPrefix(text, "keyring:")
	if strings.TrimSpace(name) == "" || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fail.Usage("%q is not a valid name for a secret", text).Hint("barb secret set stripe")
	}
	return name, nil
}
