package act

import (
	"bytes"
	"context"
	"io"
	"slices"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/recheck"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/explain"
	"github.com/barbhq/barb/store/record"
)

// Explanation is what barb verify ID --explain finds.
type Explanation struct {
	// Verdict is the same as in JSON: scheme, age, the secrets by their references, and for a refused webhook the causes
	// with their fixes and the first byte that differs.
	Verdict schema.Verdict
	Why     string   // the reason of a refusal as a sentence; "" for a valid webhook
	Hints   []string // what to do next, the first thing first
	Notes   []string // warnings

	// Signed are the bytes that were signed, without the secret, each content where there are several. It is nil where a
	// token was sent in place of a signature, and where the message does not have what is signed.
	Signed [][]byte
	// Proven are the bytes that the sender signed, where a cause is known that changes them: as many as Signed, nil
	// otherwise.
	Proven    [][]byte
	Tolerance sign.Tolerance // of the age; zero for a scheme without a timestamp
	Timed     bool           // the scheme signs a timestamp
}

// Explain checks the signature of the exchange with an id as barb verify does, by the time when it came.
func (a *Actions) Explain(ctx context.Context, id int64) (*Explanation, error) {
	var said shell.Notes
	sh := a.Shell.Beside(io.Discard, &said)
	q := recheck.Question{Signing: flags.Signing{Scheme: a.Scheme, Secrets: a.Secrets}, Explain: true}
	m, now, err := q.Recorded(ctx, sh, id)
	if err != nil {
		return nil, err
	}
	f, err := q.Ask(ctx, sh, m, now)
	if err != nil {
		return nil, err
	}
	if f.Fault != nil {
		return nil, f.Fault
	}
	e := &Explanation{Verdict: f.JSON(), Hints: f.Hints, Notes: said.Lines()}
	if f.Verdict.Reason != "" {
		e.Why = ui.Reason(f.Verdict.Reason, f.Verdict.Tried)
	}
	scheme, known := sh.File.Catalog().Lookup(f.Scheme)
	if !known {
		return e, nil
	}
	m.Params = f.Verifier.Params
	e.Signed = signed(scheme, m)
	e.prove(f.Why, scheme.Name)
	if e.Timed = scheme.Timed(); e.Timed {
		e.Tolerance = scheme.Tolerance
		if t := f.Verifier.Tolerance; t != nil {
			e.Tolerance = sign.Both(*t)
		}
	}
	return e, nil
}

// prove adds what the sender signed, by the first cause. A cause with another scheme signs other bytes. A
// cause that changes only the secret signs the same bytes.
func (e *Explanation) prove(why *explain.Answer, scheme string) {
	if why == nil || len(why.Causes) == 0 || why.Causes[0].Proof.Scheme.Name != scheme {
		return
	}
	p := why.Causes[0].Proof
	if all := signed(p.Scheme, p.Message); len(all) == len(e.Signed) && !slices.EqualFunc(all, e.Signed, bytes.Equal) {
		e.Proven = all
	}
}

// Overlooked reports whether a received webhook was not checked though a secret is configured for its path: by its
// [[route]], or for all paths. A row without scheme and secret says that its path is not signed; a handshake has no
// signature.
func (a *Actions) Overlooked(x *record.Exchange) bool {
	if x.Kind != record.Received || x.Verdict.Status != record.Unchecked || x.Handshake != "" {
		return false
	}
	sh := a.Shell
	row := sh.File.Routes.Covering(shell.URLPath(x.Request.URL))
	if row != nil && row.Scheme == "" && len(row.Secrets) == 0 {
		return false
	}
	return len(sh.SecretRefs(a.Secrets, row)) > 0 || row == nil && sh.File.Values["listen.secret"] != ""
}

// signed returns the signed bytes of a message.
func signed(s sign.Scheme, m sign.Message) [][]byte {
	all := s.Contents(m)
	switch {
	case len(all) > 1:
		return all[1:]
	case s.Content == "{body}":
		return all
	}
	return nil
}
