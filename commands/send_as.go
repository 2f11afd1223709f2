package commands

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver/provider"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/store/record"
)

// providerFlags choose the provider to deliver as.
type providerFlags struct{ as string }

func (f *providerFlags) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.as, "as", "", "deliver as this `provider` does (barb providers lists them)")
	flags.Complete(cmd, "as", func(string) []string { return provider.Names() })
}

// apply puts the provider into the retry flags, with the changes that the fragment of the URL makes in it.
func (f *providerFlags) apply(sh *shell.Shell, retry *flags.Retry, address string) error {
	if f.as == "" {
		return nil
	}
	p, err := lookupProvider(f.as)
	if err != nil {
		return err
	}
	retry.Provider = &p
	if retry.Override, err = p.Override(address); err != nil {
		return fail.Usage("--as %s: in the URL's fragment, %w", p.Name,
			err).Hint("'https://example.com/hooks#rc=2&rp=4xx,5xx&ct=2000&rt=5000'")
	}
	if sh.Verbose {
		sh.Say("barb: as %s; note: %s", p.Title, p.Doubt)
		if len(retry.Override.Ignored) > 0 {
			sh.Say("barb: ignored in the URL's fragment: %s", strings.Join(retry.Override.Ignored, ", "))
		}
	}
	return nil
}

// lookupProvider returns the provider of --as. The error for an unknown name suggests the nearest.
func lookupProvider(name string) (provider.Provider, error) {
	p, err := provider.Lookup(name)
	if err != nil {
		return p, fail.Usage("unknown --as %q", name).Hint(nearestProvider("--as ", name,
			"--as "+strings.Join(provider.Names(), ", ")))
	}
	return p, nil
}

// nearestProvider is a hint for an unknown provider: the nearest names after the words that take one, else the other
// hint.
func nearestProvider(before, name, other string) string {
	return fail.DidYouMean(before, fail.Nearest(strings.ToLower(name), provider.Names()), other)
}

// applyProvider gives a request the headers of the provider of --as. The content type of --content-type stays.
func (o *sendOptions) applyProvider(x *record.Exchange, now time.Time) {
	if o.Provider != nil {
		o.Provider.Apply(x, o.contentType != "", now)
	}
}

// providerSigner returns the signer of the flags. With --as and no flag that overrules it, it signs by the provider's
// scheme, or not at all where there is no secret.
func providerSigner(ctx context.Context, sh *shell.Shell, o *sendOptions, r *record.Request) (*shell.Signing, error) {
	p := o.Provider
	if p == nil || flags.Weights(sh.Weight).Overrules("scheme", "as") {
		return sh.Signer(ctx, &o.Signing, r)
	}
	if len(sh.SecretRefs(o.Secrets, sh.File.Routes.ForScheme(p.Scheme, shell.URLPath(r.URL)))) == 0 {
		sh.Say("barb: this request is not signed; --secret signs it as %s does", p.Name)
		scheme, err := sh.File.LookupScheme(p.Scheme)
		s := &shell.Signing{Signer: signer.Signer{UUIDs: p.UUIDs}}
		if field, ok := strings.CutPrefix(string(scheme.IDIn), "header:"); ok {
			s.IDField = field
		}
		return s, err
	}
	o.Scheme = p.Scheme
	s, err := sh.Signer(ctx, &o.Signing, r)
	if err == nil {
		s.UUIDs = p.UUIDs
	}
	return s, err
}
