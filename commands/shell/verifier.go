package shell

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

// VerifierOptions say what a verifier is for.
type VerifierOptions struct {
	flags.Signing
	Path      string        // of the request, to find a route; "" when not known
	Row       *route.Route  // when the route is known already
	Message   *sign.Message // that is to be checked, when it is known already
	Learns    bool          // a scheme whose handshake brings the secret may begin without one
	Tolerance *time.Duration
	Strict    bool
}

// Verifier makes a verifier; nil when there is neither a scheme nor a secret to check with.
func (sh *Shell) Verifier(ctx context.Context, o VerifierOptions) (*verifier.Verifier, error) {
	r := o.Row
	if r == nil {
		o.Scheme = sh.File.Catalog().Name(o.Scheme)
		r = sh.File.Routes.ForScheme(o.Scheme, o.Path)
	}
	name := o.Scheme
	if name == "" && r != nil {
		name = r.Scheme
	}
	refs := sh.SecretRefs(o.Secrets, r)
	if name == "" && len(refs) == 0 {
		return nil, nil
	}
	v := &verifier.Verifier{Schemes: sh.File.Catalog(), Tolerance: o.Tolerance, Strict: o.Strict,
		Auto: name == "" || name == "auto"}
	var err error
	if v.Params, err = o.ParamMap(r); err != nil {
		return nil, err
	}
	if !v.Auto {
		if v.Scheme, err = sh.File.LookupScheme(name); err != nil {
			return nil, err
		}
		if v.Scheme, err = v.Scheme.WithParams(v.Params); err != nil {
			return nil, err
		}
		if err = v.Scheme.CheckParams(v.Params); err != nil {
			return nil, err
		}
		sh.warnOfScheme(v)
		if o.Learns && len(refs) == 0 && handshake.BringsSecret(v.Scheme) {
			return v, nil
		}
		v.Secrets, err = sh.schemeSecrets(ctx, v.Scheme, o.Secrets, r, false)
		v.Prepare()
		return v, err
	}
	if len(refs) == 0 {
		return nil, sh.ofRoute(fail.Usage("scheme auto needs a secret").Hint(secret.Help), o.Secrets, r)
	}
	if v.Secrets, err = sh.Secrets(ctx, refs); err != nil {
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
func (sh *Shell) warnOfScheme(v *verifier.Verifier) {
	if text := v.Scheme.Unbound(v.Params); text != "" {
		sh.Warn("%s", text)
	}
	if source := sh.File.SourceOf(v.Scheme.Name); source != "" {
		for _, text := range v.Scheme.Weaknesses() {
			sh.Warn("%s: scheme.%s: %s", source, v.Scheme.Name, text)
		}
	}
}
