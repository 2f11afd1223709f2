package shell

import (
	"context"
	"fmt"
	"slices"

	"github.com/barbhq/barb/commands/advice"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/keytext"
)

// unknownKey refuses a secret that may be a public key when its scheme is not known. If a message could make it a
// shared secret, everyone who has the public key could sign.
func (sh *Shell) unknownKey(secret sign.Secret, o VerifierOptions, r *route.Route) error {
	f := fail.Usage("secret %s is 32 bytes in hex or base64: it may be a shared secret or a public key, and only the "+
		"scheme says which", secret.Name)
	said := func(scheme string) string { return flags.Retyped(sh.Typed, scheme) }
	if r != nil && len(o.Secrets) == 0 && len(sh.File.Routes) > 0 && sh.Settings["scheme"] != "flag" {
		said = sh.writtenInRoutes(secret, r)
	}
	shared, public := sh.schemesFor(o.Message)
	return f.Hint("a shared secret: " + said(shared)).Hint("a public key:    " + said(public))
}

// HaveOneUnknown reports whether unknownKey would refuse one of the secrets.
func (sh *Shell) HaveOneUnknown(ctx context.Context, refs []string) bool {
	found, err := sh.Secrets(ctx, refs)
	return err == nil && slices.ContainsFunc(found, func(s sign.Secret) bool { return s.Kind() == keytext.Unknown })
}

// writtenInRoutes says what to write into barb.toml for a scheme. With -s it would hold for every route, and take their
// own schemes from them.
func (sh *Shell) writtenInRoutes(secret sign.Secret, r *route.Route) func(scheme string) string {
	isWritten := slices.ContainsFunc(sh.File.Routes, func(other route.Route) bool { return other.Name() == r.Name() })
	return func(scheme string) string {
		if !isWritten { // r stands for the paths that no route covers
			return fmt.Sprintf("write another [[route]] without a path: secret = %q, scheme = %q", secret.Name, scheme)
		}
		return fmt.Sprintf("write scheme = %q %s", scheme, whereOf(r))
	}
}

// whereOf names a route in a hint that says what to write into it.
func whereOf(r *route.Route) string {
	if name := r.Name(); name != "" {
		return "in the [[route]] " + name
	}
	return "in its [[route]]"
}

// unknownAlgorithm refuses such a secret for a scheme that takes either kind.
func (sh *Shell) unknownAlgorithm(err error, scheme string, r *route.Route) error {
	f := fail.Usage("%w", advice.Detail(err))
	said := func(algorithm string) string {
		if r != nil && r.Scheme != "" && sh.Settings["scheme"] != "flag" {
			return fmt.Sprintf("write params = { alg = %q } %s", algorithm, whereOf(r))
		}
		return flags.Retyped(sh.Typed, scheme) + " --param alg=" + algorithm
	}
	return f.Hint("a shared secret: " + said("hmac-sha256")).Hint("a public key:    " + said("ed25519"))
}

// schemesFor returns the first scheme with a shared secret and the first with a public key that a message shows, or
// examples.
func (sh *Shell) schemesFor(m *sign.Message) (shared, public string) {
	shared, public = "github", "discord"
	if m == nil {
		return shared, public
	}
	for _, s := range slices.Backward(sh.File.Catalog().Detect(*m)) {
		switch s.Auth {
		case sign.HMAC, sign.Digest, sign.Token:
			shared = s.Name
		default:
			public = s.Name
		}
	}
	return shared, public
}
