package again

import (
	"context"
	"strings"

	"github.com/barbhq/barb/commands/advice"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// checkScheme checks -s. Beside a filter and without --secret it may be meant as the filter that it was before.
func (o *options) checkScheme(sh *shell.Shell) error {
	if o.Scheme == "" {
		return nil
	}
	if selects := o.Filter.Given() || o.dead || len(o.selectors) == 0; selects && len(o.Secrets) == 0 {
		return fail.Usage("--scheme %s says how to sign, and no longer which webhooks to replay", o.Scheme).
			Hintf("to choose webhooks: --of-scheme %s; to sign: -s %s --secret env:NAME", o.Scheme, o.Scheme)
	}
	if o.Scheme != "auto" {
		_, err := sh.File.LookupScheme(o.Scheme)
		return err
	}
	return fail.Usage("-s auto: a replay is signed with the scheme that the webhook came with, unless -s names another").
		Hint("leave -s out, or name a scheme: -s github; barb schemes lists them")
}

// whole is the error for an exchange that is not kept whole, or that --secret would do nothing for.
func (r *replayer) whole(x *record.Exchange) error {
	if o := r.options; o.exact && len(o.Secrets) > 0 && !r.sh.Redactor.IsMasked(x) {
		return fail.Usage("--exact sends webhook %d with its old signature, so --secret has no use", x.ID).
			Hintf("barb replay %d --exact, or --secret alone to sign it again", x.ID)
	}
	return advice.Whole(x)
}

// remembered returns what signs and sends a queued message as it was queued, as far as flags do not say otherwise.
func (r *replayer) remembered(ctx context.Context, q *store.Queued) (s *signer.Signer, client *deliver.Client,
	err error) {
	p, err := r.plans.Of(ctx, q.Policy, q.Target)
	o := r.options
	signs, connects := len(o.Secrets) > 0 || o.Scheme != "", o.Client.Given()
	switch {
	case err != nil && (!signs || !connects && p.Client == nil):
		return nil, nil, err
	case !signs:
		s = p.Signer
	}
	if !connects {
		client = p.Client
	}
	return s, client, nil
}

// policyOf returns how a dead letter is tried: as it was queued, as far as flags do not say otherwise, and once.
func (r *replayer) policyOf(q *store.Queued) (deliver.Policy, error) {
	own, err := worker.PolicyIn(q.Policy)
	if err != nil {
		return own, err
	}
	return r.options.Over(own, r.sh.Weight)
}

// signed is what the signer of a replay follows from.
type signed struct{ with, came, secret, path string }

// signer returns what signs a replay of x: by the scheme of -s or its own, with the first of --secret, the secret that
// x was recorded with, that of the route and BARB_SECRET. Without one x goes out as it came.
func (r *replayer) signer(ctx context.Context, x *record.Exchange) (*signer.Signer, error) {
	sh, o, path := r.sh, r.options, shell.URLPath(x.Request.URL)
	scheme := x.Scheme
	if o.Scheme != "" {
		scheme = sh.File.Catalog().Name(o.Scheme)
	}
	key := signed{scheme, x.Scheme, recordedSecret(r.sh, x), path}
	if s, ok := r.signers[key]; ok {
		return s, nil
	}
	if scheme == "" && len(o.Secrets) > 0 {
		return nil, fail.Usage("webhook %d has no scheme that barb knows: what should --secret sign it with?", x.ID).
			Hintf("barb replay %d -s SCHEME --secret env:NAME; barb schemes lists them", x.ID)
	}
	s := &shell.Signing{}
	refs, why := o.Secrets, error(nil)
	if len(refs) == 0 && scheme != "" {
		refs, why = r.defaultSecrets(ctx, x, scheme)
	}
	if len(refs) > 0 {
		made, err := sh.Signer(ctx, &flags.Signing{Scheme: scheme, Secrets: refs, Params: o.Params}, &x.Request)
		switch {
		case err == nil:
			s = made
		case ctx.Err() != nil || len(o.Secrets) > 0 || o.mustSign():
			return nil, err
		default:
			why = err // a public key verifies and does not sign
		}
	}
	if !s.Signs() {
		if err := r.unsigned(x, scheme, why); err != nil {
			return nil, err
		}
	} else if text := secretNames(s); len(o.Secrets) == 0 && !o.exact && r.isNew(text) {
		sh.Say("barb: signed with %s", text)
	}
	r.signers[key] = &s.Signer
	return &s.Signer, nil
}

// mustSign reports whether a replay that cannot be signed is an error.
func (o *options) mustSign() bool { return o.resign || o.Changed() || o.Scheme != "" }

// defaultSecrets returns the secrets for a replay without --secret. why is the reason why the recorded one cannot be
// used.
func (r *replayer) defaultSecrets(ctx context.Context, x *record.Exchange, scheme string) (refs []string, why error) {
	if ref := recordedSecret(r.sh, x); ref != "" && scheme == x.Scheme {
		if _, why = r.sh.Secrets(ctx, []string{ref}); why == nil {
			return []string{ref}, nil
		}
	}
	return r.sh.SecretRefs(nil, r.sh.File.Routes.ForScheme(scheme, shell.URLPath(x.Request.URL))), why
}

// recordedSecret returns the reference of the secret that verified or signed an exchange; "" where it cannot be found
// again: a literal, stdin, or a command, which is run only where the configuration of today names it.
func recordedSecret(sh *shell.Shell, x *record.Exchange) string {
	ref := x.Verdict.Secret
	if x.Verdict.Status != record.Valid || !sh.MayUse(ref) {
		return ""
	}
	return ref
}

// unsigned warns that x is sent with its recorded signature when that can expire. It is an error where x must be
// signed.
func (r *replayer) unsigned(x *record.Exchange, scheme string, why error) error {
	reason := "no secret is known for scheme " + scheme
	if why != nil {
		reason = why.Error()
	}
	s, _ := r.sh.File.Catalog().Lookup(scheme)
	switch o := r.options; {
	case scheme == "" && o.resign:
		return fail.Usage("webhook %d has no known scheme to sign with", x.ID).Hintf("barb replay %d --exact", x.ID)
	case scheme != "" && o.Changed():
		return fail.Usage("a changed payload must be signed again: %s", reason).Hint(secret.Help)
	case scheme != "" && o.mustSign():
		return fail.Usage("%s", reason).Hint(secret.Help)
	case s.Time.Unit != "" && !o.exact:
		if r.isNew(reason) {
			r.sh.Warn("%s: sending the old signature, which the receiver may reject as expired; --secret signs again", reason)
		}
	}
	return nil
}

// isNew reports whether a text that is true of many replays has not been said yet.
func (r *replayer) isNew(text string) bool {
	was := r.said[text]
	r.said[text] = true
	return !was
}

// secretNames returns the names of the secrets that sign. Of a command only the configuration knows more.
func secretNames(s *shell.Signing) string {
	names := make([]string, 0, len(s.Secrets))
	for _, one := range s.Secrets {
		name := one.Name
		if strings.HasPrefix(name, "cmd:") {
			name = "the route's " + name
		}
		names = append(names, name)
		if !s.Scheme.Rotates() {
			break // only the first one signs
		}
	}
	return strings.Join(names, ", ")
}
