package recheck

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/project"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/explain"
	"github.com/barbhq/barb/store/record"
)

// explainLimit is when the search ends. The step it is in, and saying what was found, stay within two seconds.
const explainLimit = 1700 * time.Millisecond

// explanation returns why a message was refused; nil when it was not refused, or could not be checked.
func explanation(ctx context.Context, sh *shell.Shell, v *verifier.Verifier, c verifier.Result, m sign.Message,
	now time.Time) (*explain.Answer, error) {
	if c.Fault != nil || c.Verdict.Status == record.Valid {
		return nil, nil
	}
	q := explain.Question{Scheme: v.Scheme, Message: m, Secrets: v.Secrets, Now: now,
		Framework: project.Framework(os.DirFS(sh.Dir))}
	if v.Auto {
		q.Scheme, _ = sh.File.Catalog().Lookup(c.Scheme) // none is a question, too
	}
	if v.Tolerance != nil {
		q.Scheme.Tolerance = sign.Both(*v.Tolerance)
	}
	q.Message.Params = v.Params
	q.Others = otherSecrets(ctx, sh, v.Secrets)
	limited, cancel := context.WithTimeout(ctx, explainLimit)
	defer cancel()
	answer := explain.Find(limited, q)
	return &answer, ctx.Err()
}

// otherSecrets returns the secrets of all routes and BARB_SECRET, without those that were used. A secret that cannot be
// read is left out: it is not this message's. No command is run for a guess, since it may ask for a password or cost
// something.
func otherSecrets(ctx context.Context, sh *shell.Shell, used []sign.Secret) (others []explain.Other) {
	add := func(ref, endpoint string) {
		isUsed := func(s sign.Secret) bool { return s.Name == ref }
		isKnown := func(o explain.Other) bool { return o.Name == ref }
		if strings.HasPrefix(ref, "cmd:") || slices.ContainsFunc(used, isUsed) || slices.ContainsFunc(others, isKnown) {
			return
		}
		if secrets, err := sh.Secrets(ctx, []string{ref}); err == nil {
			others = append(others, explain.Other{Secret: secrets[0], Endpoint: endpoint})
		}
	}
	for _, r := range sh.File.Routes {
		for _, ref := range r.Secrets {
			add(ref, r.Path)
		}
	}
	add("env:BARB_SECRET", "")
	return others
}
