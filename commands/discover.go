package commands

import (
	"context"
	"time"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/recheck"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/discover"
	"github.com/barbhq/barb/sign/keytext"
)

// discover searches for the scheme of a message and prints it as a table for barb.toml.
func discoverScheme(ctx context.Context, sh *shell.Shell, o verifyOptions, m sign.Message, now time.Time) error {
	if o.Scheme != "" && sh.Settings["scheme"] == "flag" && o.Scheme != "auto" {
		return fail.Usage("--discover finds the scheme, and -s %s names one", o.Scheme).Hint("leave one of them out")
	}
	secrets, params, err := discoverKeys(ctx, sh, &o.Signing, shell.URLPath(m.URL))
	if err != nil {
		return err
	}
	m.Params = params
	if err := recheck.ReadStream(&m); err != nil {
		return err
	}
	ctx, stop := sh.Interruptible(ctx)
	defer stop()
	result, err := discover.Search(ctx, discover.Query{Message: m, Secrets: secrets, Known: sh.File.Catalog().All()})
	if err != nil {
		return err
	}
	f := discovery{Result: result, message: m, now: now, url: o.url}
	if result.Found {
		f.secret = secrets[result.Secret]
		if f.secret.Kind() == keytext.Unknown {
			sh.Warn("if secret %s is a public key, anybody can have signed this: use the scheme only when the provider calls "+
				"it a secret", f.secret.Name)
		}
		if f.block, err = config.SchemeTOML(result.Scheme); err != nil {
			return err
		}
	}
	if !sh.JSON {
		f.print(sh)
	} else if err := f.emit(sh); err != nil {
		return err
	}
	if !result.Found {
		return fail.Silent(fail.ExitFailed)
	}
	return nil
}

// discoverKeys are the secrets and parameters of the flags, else of the route.
func discoverKeys(ctx context.Context, sh *shell.Shell, f *flags.Signing, path string) ([]sign.Secret,
	map[string]string, error) {
	row := sh.File.Routes.ForScheme("", path)
	refs := sh.SecretRefs(f.Secrets, row)
	if len(refs) == 0 {
		return nil, nil, fail.Usage("--discover needs the secret").Hint(secret.Help)
	}
	params, err := f.ParamMap(row)
	if err != nil {
		return nil, nil, err
	}
	secrets, err := sh.Secrets(ctx, refs)
	for _, secret := range secrets {
		if secret.Kind() == keytext.Asymmetric {
			return nil, nil, fail.Usage("secret %s is a public or private key or a certificate; --discover searches for "+
				"schemes with a shared secret", secret.Name).
				Hint("barb schemes  lists those that take public keys: barb verify -s discord …")
		}
	}
	return secrets, params, err
}

// discovery is the result of a search, as it is shown.
type discovery struct {
	discover.Result
	message sign.Message
	now     time.Time
	url     string // as the caller says the sender knows it
	secret  sign.Secret
	block   string // of barb.toml
}

func (d *discovery) emit(sh *shell.Shell) error {
	out := schema.NewDiscovery(&d.Result)
	out.Secret, out.TOML = d.secret.Name, d.block
	if !d.Found {
		out.Next = d.next()
	}
	return sh.Emit(out)
}

// print writes the result, and the table for barb.toml or what to try next.
func (d *discovery) print(sh *shell.Shell) {
	if !d.Found {
		sh.Stdout.Discovery(&d.Result, "", "")
		for _, next := range d.next() {
			sh.Say("hint: %s", next)
		}
		return
	}
	sh.Stdout.Discovery(&d.Result, d.secret.Name, d.age())
	sh.Stdout.Printf("\n%s", ui.Escape(d.block))
	sh.Say("barb: with this in barb.toml: barb verify -s %s", d.Scheme.Name)
}

// age says how old the message is, and when that is more than the scheme will take.
func (d *discovery) age() string {
	match, err := d.Scheme.Verify(d.message, d.now, d.secret)
	switch {
	case !match.HasAge:
		return ""
	case err != nil:
		return "age " + ui.Age(match.Age) + ", beyond the tolerance"
	}
	return "age " + ui.Age(match.Age)
}

// next returns hints about what else could be given, the likeliest remedy first.
func (d *discovery) next() (next []string) {
	if d.Signatures == 0 {
		return []string{"nothing looks like a signature: give all headers of the webhook, --http FILE or the id of a " +
			"received webhook"}
	}
	next = append(next, "check that the secret is right and the body unchanged; several secrets can be given: "+
		"--secret env:OLD "+
		"--secret env:NEW")
	if d.url == "" {
		next = append(next, "it may sign the URL: --url https://example.com/webhooks, exactly as the sender knows it")
	}
	if d.IDs == 0 {
		next = append(next, "it may sign an id that is not in the request: --param id=VALUE")
	}
	return append(next, "public keys and JWTs are not searched for; barb schemes lists those that use them")
}
