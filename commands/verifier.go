package commands

import (
	"context"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/handshake"
	"github.com/barbhq/barb/sign/keytext"
)

type verifierOptions struct {
	flags.Signing
	path      string        // of the request, to find a route; "" when not known
	row       *route.Route  // when the route is known already
	message   *sign.Message // that is to be checked, when it is known already
	learns    bool          // a scheme whose handshake brings the secret may begin without one
	tolerance *time.Duration
	strict    bool
}

// verifier makes a verifier; nil when there is neither a scheme nor a secret to check with.
func (sh *shell) verifier(ctx context.Context, o verifierOptions) (*verifier.Verifier, error) {
	r := o.row
	if r == nil {
		o.Scheme = sh.file.Catalog().Name(o.Scheme)
		r = sh.file.Routes.ForScheme(o.Scheme, o.path)
	}
	name := o.Scheme
	if name == "" && r != nil {
		name = r.Scheme
	}
	refs := sh.secretRefs(o.Secrets, r)
	if name == "" && len(refs) == 0 {
		return nil, nil
	}
	v := &verifier.Verifier{Schemes: sh.file.Catalog(), Tolerance: o.tolerance, Strict: o.strict,
		Auto: name == "" || name == "auto"}
	var err error
	if v.Params, err = o.ParamMap(r); err != nil {
		return nil, err
	}
	if !v.Auto {
		if v.Scheme, err = sh.file.LookupScheme(name); err != nil {
			return nil, err
		}
		if v.Scheme, err = v.Scheme.WithParams(v.Params); err != nil {
			return nil, err
		}
		if err = v.Scheme.CheckParams(v.Params); err != nil {
			return nil, err
		}
		sh.warnOfScheme(v)
		if o.learns && len(refs) == 0 && handshake.BringsSecret(v.Scheme) {
			return v, nil
		}
		v.Secrets, err = sh.schemeSecrets(ctx, v.Scheme, o.Secrets, r, false)
		v.Prepare()
		return v, err
	}
	if len(refs) == 0 {
		return nil, sh.ofRoute(fail.Usage("scheme auto needs a secret").Hint(secret.Help), o.Secrets, r)
	}
	if v.Secrets, err = sh.secrets(ctx, refs); err != nil {
		return nil, sh.ofRoute(err, o.Secrets, r)
	}
	for _, secret := range v.Secrets {
		if secret.Kind() == keytext.Unknown {
			return nil, sh.unknownKey(secret, o, r)
		}
		if len(secret.Key) < 16 {
			sh.warnWeak(secret.Name)
		}
	}
	return v, nil
}

// warnOfScheme warns of what a valid signature does not prove, and of the weaknesses of a user's own scheme.
func (sh *shell) warnOfScheme(v *verifier.Verifier) {
	if text := v.Scheme.Unbound(v.Params); text != "" {
		sh.warn("%s", text)
	}
	if source := sh.file.SourceOf(v.Scheme.Name); source != "" {
		for _, text := range v.Scheme.Weaknesses() {
			sh.warn("%s: scheme.%s: %s", source, v.Scheme.Name, text)
		}
	}
}
