package shell

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// SecretRefs are the references a command uses: its flags, else its route's, else BARB_SECRET.
func (sh *Shell) SecretRefs(flags []string, r *route.Route) []string {
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

// RecordedSecrets returns the references of the secrets that a recorded webhook was checked with, as far as they can be
// used again: a literal and a command are not recorded. Where none can be found, a route's secret or BARB_SECRET takes
// their place; without those, the error says which secret is missing.
func (sh *Shell) RecordedSecrets(ctx context.Context, x *record.Exchange) ([]string, error) {
	var usable []string
	var missing error
	for ref := range strings.SplitSeq(cmp.Or(x.Verdict.Secret, x.Verdict.Tried), ", ") {
		if !sh.MayUse(ref) {
			missing = cmp.Or(missing, notStored(x.ID, ref))
			continue
		}
		if _, err := sh.Secrets(ctx, []string{ref}); err != nil {
			missing = cmp.Or(missing, err)
			continue
		}
		usable = append(usable, ref)
	}
	if len(usable) > 0 || len(sh.SecretRefs(nil, sh.File.Routes.ForScheme(x.Scheme, URLPath(x.Request.URL)))) > 0 {
		return usable, nil
	}
	return nil, missing
}

// notStored says why the secret of a webhook cannot be found again; nil where it had none.
func notStored(id int64, name string) error {
	how := map[string]string{"literal": "was typed on the command line", "stdin": "came from stdin",
		"cmd:…": "came from a command"}[name]
	if how == "" {
		return nil
	}
	return fail.Usage("webhook %d: its secret %s and is not stored", id, how).Hintf("barb verify %d --secret env:NAME", id)
}

// Secrets resolves references. From then on the history masks what they lead to.
func (sh *Shell) Secrets(ctx context.Context, refs []string) ([]sign.Secret, error) {
	found, err := sh.Finder.Find(ctx, refs)
	if err == nil {
		sh.Redactor.Add(found...)
		if sh.Learned != nil {
			sh.Learned(found...)
		}
	}
	return found, err
}

// ofRoute names the route that an error about its scheme or its secrets comes from.
func (sh *Shell) ofRoute(err error, flags []string, r *route.Route) error {
	if len(flags) > 0 || r == nil || r.Line == 0 || len(r.Secrets) == 0 && r.Scheme == "" {
		return err
	}
	return fail.In(strings.TrimSpace(fmt.Sprintf("%s:%d: route %s", sh.File.Path, r.Line, r.Name())), err)
}

// HeaderSecret returns what finds the secret that the header of an app refers to.
func (sh *Shell) HeaderSecret(ctx context.Context) func(ref string) (string, error) {
	return func(ref string) (string, error) {
		found, err := sh.Secrets(ctx, []string{ref})
		if err != nil {
			return "", err
		}
		return string(found[0].Key), nil
	}
}

// setFinder says where the secrets of a run are found.
func (sh *Shell) setFinder() {
	sh.Finder = secret.Finder{Stdin: sh.In, Terminal: sh.InTerminal, Stderr: sh.Err, Getenv: sh.Getenv, Warn: sh.Warn,
		Environ: func() []string { return slices.DeleteFunc(slices.Clone(sh.Environ), sh.IsSecretVariable) }}
}

// IsSecretVariable tells the variables that hold secrets: BARB_SECRET and those that env: references of this run name.
func (sh *Shell) IsSecretVariable(kv string) bool {
	name, _, _ := strings.Cut(kv, "=")
	return name == "BARB_SECRET" || sh.Finder.Names(name) || slices.ContainsFunc(sh.File.Routes,
		func(r route.Route) bool { return slices.Contains(r.Secrets, "env:"+name) }) ||
		slices.Contains(sh.File.HeaderSecrets(), "env:"+name)
}
