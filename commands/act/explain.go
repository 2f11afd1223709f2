package act

import (
	"context"
	"io"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/recheck"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/sign"
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
	Signed    [][]byte
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
	if e.Timed = scheme.Timed(); e.Timed {
		e.Tolerance = scheme.Tolerance
		if t := f.Verifier.Tolerance; t != nil {
			e.Tolerance = sign.Both(*t)
		}
	}
	return e, nil
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
