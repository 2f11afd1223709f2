package commands

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/zalando/go-keyring"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

func newSecret(sh *shell) *cobra.Command {
	cmd := &cobra.Command{
		Use: "secret set|show|list|delete NAME",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fail.Usage("barb secret needs to know what to do").Hint("barb secret set NAME")
			}
			return fail.Usage("barb secret %s is none of set, show, list, delete", args[0]).Hint(fail.DidYouMean("barb secret ",
				fail.Nearest(args[0], []string{"set", "show", "list", "delete"}), "barb secret set NAME"))
		},
		RunE: func(*cobra.Command, []string) error { return nil }, // Args has said no
	}
	cmd.AddCommand(newSecretSet(sh), newSecretShow(sh), newSecretList(sh), newSecretDelete(sh))
	return cmd
}

func newSecretSet(sh *shell) *cobra.Command {
	var replace bool
	cmd := &cobra.Command{
		Use:  "set NAME",
		Args: args(1, 1, "the name of the secret"),
		RunE: func(_ *cobra.Command, args []string) error { return runSecretSet(sh, args[0], replace) },
	}
	cmd.Flags().BoolVar(&replace, "replace", false, "replace an existing secret")
	return cmd
}

func newSecretShow(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use:  "show NAME",
		Args: args(1, 1, "the name of the secret"),
		RunE: func(_ *cobra.Command, args []string) error {
			name, err := keyringName(args[0])
			if err != nil {
				return err
			}
			value, err := keyring.Get(secret.Service, name)
			if err != nil {
				return secret.KeyringError(name, err)
			}
			sh.out.Printf("%s\n", value)
			return nil
		},
	}
}

func newSecretList(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use:  "list",
		Args: args(0, 0, "nothing"),
		RunE: func(*cobra.Command, []string) error {
			names, err := secret.Names()
			if err != nil {
				return secret.KeyringError("names", err)
			}
			for _, name := range names {
				if !sh.json {
					sh.out.Line(ui.EscapeLine(name))
				} else if err := sh.emit(schema.NewSecretName(name)); err != nil {
					return err
				}
			}
			if len(names) == 0 {
				sh.say("barb: no secrets yet; barb secret set NAME keeps one")
			}
			return nil
		},
	}
}

func newSecretDelete(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "delete NAME", Args: args(1, 1, "the name of the secret"),
		RunE: func(_ *cobra.Command, args []string) error {
			name, err := keyringName(args[0])
			if err == nil {
				err = secret.KeyringError(name, secret.Delete(name))
			}
			if err == nil {
				sh.say("barb: keyring:%s is gone", name)
			}
			return err
		},
	}
}

func runSecretSet(sh *shell, name string, replace bool) error {
	name, err := keyringName(name)
	if err != nil {
		return err
	}
	switch _, err := keyring.Get(secret.Service, name); {
	case err == nil && !replace:
		return fail.Usage("keyring:%s is there already", name).Hintf("barb secret set %s --replace", name)
	case err != nil && !errors.Is(err, keyring.ErrNotFound):
		return secret.KeyringError(name, err)
	}
	key, err := sh.askSecret(name)
	if err != nil {
		return err
	}
	if len(strings.TrimSpace(string(key))) == 0 {
		return fail.Usage("the secret is empty").Hintf("barb secret set %s < FILE", name)
	}
	if odd := secret.Oddity(key); odd != "" {
		sh.warn("the secret %s; barb keeps it as it is", odd)
	}
	unlisted, err := secret.Set(name, string(key))
	if err != nil {
		return secret.KeyringError(name, err)
	}
	if unlisted != nil {
		sh.warn("barb secret list will not show %s: %v", name, unlisted)
	}
	sh.say("barb: kept: --secret keyring:%s", name)
	return nil
}

// askSecret reads a secret from stdin, without echo on a terminal.
func (sh *shell) askSecret(name string) ([]byte, error) {
	if !sh.InTerminal || sh.Password == nil {
		return secret.Read(sh.In, "the secret on stdin")
	}
	sh.err.Printf("secret %s (not shown): ", name)
	key, err := sh.Password()
	sh.err.Printf("\n")
	if err != nil {
		return nil, fail.Local("the terminal: %w", err)
	}
	return key, nil
}

// keyringName returns the name in a reference, which may have keyring: before it.
func keyringName(text string) (string, error) {
	name := strings.TrimPrefix(text, "keyring:")
	if strings.TrimSpace(name) == "" || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fail.Usage("%q is no name for a secret", text).Hint("barb secret set stripe")
	}
	return name, nil
}

// secretRefs are the references a command uses: its flags, else its route's, else BARB_SECRET.
func (sh *shell) secretRefs(flags []string, r *route.Route) []string {
	switch {
	case len(flags) > 0:
		return flags
	case r != nil && len(r.Secrets) > 0:
		return r.Secrets
	case sh.Getenv("BARB_SECRET") != "":
		return []string{"env:BARB_SECRET"}
	}
	return nil
}

// recordedSecrets returns the references of the secrets that a recorded webhook was checked with, as far as they can be
// used again: a literal and a command are not recorded. Where none can be found, a route's secret or BARB_SECRET takes
// their place; without those, the error says which secret is missing.
func (sh *shell) recordedSecrets(ctx context.Context, x *record.Exchange) ([]string, error) {
	var usable []string
	var missing error
	for ref := range strings.SplitSeq(cmp.Or(x.Verdict.Secret, x.Verdict.Tried), ", ") {
		if !secret.IsReference(ref) || strings.HasPrefix(ref, "cmd:") {
			continue
		}
		if _, err := sh.secrets(ctx, []string{ref}); err != nil {
			missing = cmp.Or(missing, err)
			continue
		}
		usable = append(usable, ref)
	}
	if len(usable) > 0 || len(sh.secretRefs(nil, sh.file.Routes.ForScheme(x.Scheme, urlPath(x.Request.URL)))) > 0 {
		return usable, nil
	}
	return nil, missing
}

// secrets resolves references. From then on the history masks what they lead to.
func (sh *shell) secrets(ctx context.Context, refs []string) ([]sign.Secret, error) {
	found, err := sh.finder.Find(ctx, refs)
	if err == nil {
		sh.redactor.Add(found...)
	}
	return found, err
}

// setFinder says where the secrets of a run are found.
func (sh *shell) setFinder() {
	sh.finder = secret.Finder{Stdin: sh.In, Terminal: sh.InTerminal, Stderr: sh.Err, Getenv: sh.Getenv, Warn: sh.warn,
		Environ: func() []string { return slices.DeleteFunc(slices.Clone(sh.Environ), sh.isSecretVariable) }}
}

// isSecretVariable tells the variables that hold secrets: BARB_SECRET and those that env: references of this run name.
func (sh *shell) isSecretVariable(kv string) bool {
	name, _, _ := strings.Cut(kv, "=")
	return name == "BARB_SECRET" || sh.finder.Names(name) || slices.ContainsFunc(sh.file.Routes,
		func(r route.Route) bool { return slices.Contains(r.Secrets, "env:"+name) })
}
