package commands

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

// signing is how a command signs: the signer, and where its secrets are.
type signing struct {
	signer.Signer
	refs []string
}

// signer makes the signer of the flags, with the secret of the route that covers the request.
func (sh *shell) signer(ctx context.Context, f *flags.Signing, r *record.Request) (s *signing, err error) {
	f.Scheme = sh.file.Catalog().Name(f.Scheme)
	row := sh.file.Routes.ForScheme(f.Scheme, urlPath(r.URL))
	name := f.Scheme
	if name == "" && row != nil {
		name = row.Scheme
	}
	if f.Scheme == "auto" && sh.settings["scheme"] == "flag" {
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
		return &signing{}, nil
	}
	s = &signing{}
	if s.Scheme, err = sh.file.LookupScheme(name); err != nil {
		return nil, err
	}
	if s.Params, err = f.ParamMap(row); err != nil {
		return nil, err
	}
	if s.Scheme, err = s.Scheme.WithParams(s.Params); err != nil {
		return nil, err
	}
	s.refs = sh.secretRefs(f.Secrets, row)
	if s.Secrets, err = sh.schemeSecrets(ctx, s.Scheme, f.Secrets, row, true); err != nil {
		return s, err
	}
	return s, s.Prepare()
}

// schemeSecrets resolves the secrets for a scheme and checks that it can use them, before anything starts.
func (sh *shell) schemeSecrets(ctx context.Context, scheme sign.Scheme, flags []string, r *route.Route,
	signing bool) (_ []sign.Secret, err error) {
	defer func() { err = sh.ofRoute(err, flags, r) }()
	refs := sh.secretRefs(flags, r)
	if len(refs) == 0 {
		return nil, fail.Usage("scheme %s needs a secret", scheme.Name).Hint(secret.Help)
	}
	secrets, err := sh.secrets(ctx, refs)
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

// urlPath returns the path of an address, by which routes are chosen; "" when there is no address.
func urlPath(address string) string {
	if address == "" {
		return ""
	}
	return route.Path((&record.Request{URL: address}).WireTarget())
}
