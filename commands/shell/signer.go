package shell

import (
	"context"

	"github.com/barbhq/barb/commands/advice"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/keytext"
	"github.com/barbhq/barb/store/record"
)

// Signing is how a command signs: the signer, and where its secrets are.
type Signing struct {
	signer.Signer
	Refs []string
}

// Signer makes the signer of the flags, with the secret of the route that covers the request.
func (sh *Shell) Signer(ctx context.Context, f *flags.Signing, r *record.Request) (s *Signing, err error) {
	f.Scheme = sh.File.Catalog().Name(f.Scheme)
	row := sh.File.Routes.ForScheme(f.Scheme, URLPath(r.URL))
	name := f.Scheme
	if name == "" && row != nil {
		name = row.Scheme
	}
	if f.Scheme == "auto" && sh.Settings["scheme"] == "flag" {
		return nil, fail.Usage("-s auto is for received webhooks; which scheme should sign this?").Hint(
			"-s github, -s stripe …; barb schemes lists them")
	}
	if name == "" || name == "auto" {
		if _, err := f.ParamMap(row); err != nil {
			return nil, err
		}
		if len(f.Secrets) > 0 {
			return nil, fail.Usage("--secret needs a scheme: what should it sign with?").Hint(
				"-s github, -s stripe, -s standard-webhooks …; barb schemes lists them")
		}
		return &Signing{}, nil
	}
	s = &Signing{}
	if s.Scheme, err = sh.File.LookupScheme(name); err != nil {
		return nil, err
	}
	if s.Params, err = f.ParamMap(row); err != nil {
		return nil, err
	}
	if s.Scheme, err = s.Scheme.WithParams(s.Params); err != nil {
		return nil, err
	}
	s.Refs = sh.SecretRefs(f.Secrets, row)
	if s.Secrets, err = sh.schemeSecrets(ctx, s.Scheme, f.Secrets, row, true); err != nil {
		return s, err
	}
	return s, s.Prepare()
}

// schemeSecrets resolves the secrets for a scheme and checks that it can use them, before anything starts.
func (sh *Shell) schemeSecrets(ctx context.Context, scheme sign.Scheme, flags []string, r *route.Route,
	signing bool) (_ []sign.Secret, err error) {
	defer func() { err = sh.ofRoute(err, flags, r) }()
	refs := sh.SecretRefs(flags, r)
	if len(refs) == 0 {
		return nil, fail.Usage("scheme %s needs a secret", scheme.Name).Hint(secret.Help)
	}
	secrets, err := sh.Secrets(ctx, refs)
	if err != nil {
		return nil, err
	}
	for _, secret := range secrets {
		if err := scheme.CheckSecret(secret, signing); err != nil {
			if scheme.Code == sign.RFC9421 && secret.Kind() == keytext.Unknown {
				return nil, sh.unknownAlgorithm(err, scheme.Name, r)
			}
			f := fail.Usage("%w", advice.Detail(err))
			if begins := keytext.APIKey(secret.Key); begins != "" {
				f = f.Hintf("%s is a key for the provider's API (%s…), not the webhook secret", secret.Label(), begins)
			}
			return nil, f.Hintf("barb schemes %s", scheme.Name)
		}
		if scheme.WeakSecret(secret) {
			sh.warnWeak(secret.Name)
		}
	}
	return secrets, nil
}

// URLPath returns the path of an address, by which routes are chosen; "" when there is no address.
func URLPath(address string) string {
	if address == "" {
		return ""
	}
	return route.Path((&record.Request{URL: address}).WireTarget())
}
