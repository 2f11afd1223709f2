// Package recheck checks signatures for a person, who wants to know why one was refused.
package recheck

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/barbhq/barb/commands/advice"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/explain"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Question is how a message is to be checked.
type Question struct {
	flags.Signing                // the scheme, "" and auto: from the headers; the secrets
	Tolerance     *time.Duration // nil: that of the scheme
	Strict        bool           // refuse what the provider's own SDK refuses
	Explain       bool           // find what would have made a bad signature match

	id       int64  // of the exchange in the history; 0 for any other message
	recorded string // scheme of the exchange in the history; "" for none
}

// Finding is the result of a check.
type Finding struct {
	verifier.Result
	Verifier *verifier.Verifier // that made it
	Why      *explain.Answer    // nil unless Question.Explain was set and the message was refused
	Hints    []string           // what to do next, the first thing first; none for a valid message
}

// JSON returns the finding as barb verify --json prints it.
func (f *Finding) JSON() schema.Verdict {
	out := schema.NewVerdict(f.Scheme, &f.Verdict)
	out.Detail, out.CoversBody, out.Spelling = f.Detail, f.CoversBody, string(f.Spelling)
	out.Explain = schema.NewExplanation(f.Why)
	return out
}

// Ask checks a message as of a time.
func (q Question) Ask(ctx context.Context, sh *shell.Shell, m sign.Message, now time.Time) (*Finding, error) {
	v, err := q.Verifier(ctx, sh, &m)
	if err != nil {
		return nil, err
	}
	if q.Explain || v.Auto || !v.Scheme.Streams() {
		if err := ReadStream(&m); err != nil {
			return nil, err
		}
	}
	f := &Finding{Result: v.Check(m, now), Verifier: v}
	if v.Auto && f.Scheme == "" && q.recorded != "" { // it came without a signature: say which header it lacks
		q.Scheme = q.recorded
		if f.Verifier, err = q.Verifier(ctx, sh, &m); err != nil {
			return nil, err
		}
		f.Result = f.Verifier.Check(m, now)
	}
	if q.Explain {
		if f.Why, err = explanation(ctx, sh, f.Verifier, f.Result, m, now); err != nil {
			return nil, err
		}
	}
	f.Hints = q.nextStep(f.Result, f.Why)
	return f, nil
}

// nextStep returns the hints about a refused signature: what to do about its reason, and how to find out more.
func (q *Question) nextStep(c verifier.Result, why *explain.Answer) (hints []string) {
	if c.Verdict.Status == record.Valid {
		return nil
	}
	if fix := ui.Remedy(c.Verdict.Reason); fix != "" {
		hints = append(hints, fix)
	}
	switch {
	case q.Explain && c.Verdict.Reason == string(sign.SignatureMismatch) && len(why.Causes)+len(why.Hints) == 0:
		return append(hints, "the sender may have signed with another secret: compare yours with its settings for "+
			"this endpoint")
	case q.Explain:
		return hints
	case q.id != 0:
		return append(hints, fmt.Sprintf("barb verify %d --explain", q.id))
	}
	return append(hints, "add --explain to see what would have made it match")
}

// Verifier returns what checks a message.
func (q *Question) Verifier(ctx context.Context, sh *shell.Shell, m *sign.Message) (*verifier.Verifier, error) {
	v, err := sh.Verifier(ctx, shell.VerifierOptions{Signing: q.Signing, Path: shell.URLPath(m.URL), Message: m,
		Tolerance: q.Tolerance, Strict: q.Strict})
	if err == nil && v == nil {
		err = fail.Usage("verify needs a secret").Hint(secret.Help)
	}
	return v, err
}

// ReadStream reads a payload that was to be checked as a stream into memory.
func ReadStream(m *sign.Message) (err error) {
	if m.Stream != nil {
		m.Body, err = infile.ReadAll(m.Stream, infile.MaxPayload, "the payload")
		m.Stream = nil
	}
	return err
}

// Recorded returns the message of an exchange of the history, which is open. Its age is judged by when it was received,
// since later it is always old. The question gets the scheme and the secrets that it was recorded with, where it has
// none.
func (q *Question) Recorded(ctx context.Context, sh *shell.Shell, id int64) (m sign.Message, now time.Time, err error) {
	x, err := sh.History.Get(ctx, id)
	if err != nil {
		return m, now, err
	}
	if err := advice.Whole(x); err != nil {
		return m, now, err
	}
	if err := advice.Judgeable(sh.Redactor, x, q.Scheme); err != nil {
		return m, now, err
	}
	q.id, q.recorded = x.ID, x.Scheme
	signed, err := signedAs(ctx, sh.History, x)
	if err != nil {
		return m, now, err
	}
	if len(q.Secrets) == 0 {
		if q.Secrets, err = sh.RecordedSecrets(ctx, signed); err != nil {
			return m, now, err
		}
		if q.Scheme == "" && sh.HaveOneUnknown(ctx, q.Secrets) { // a listener takes such a secret only with a scheme
			q.Scheme = x.Scheme
		}
	}
	// So that the secret of its route is found. The scheme of what was not valid is what its sender's headers show, and
	// names nothing.
	if q.Scheme == "" && signed.Verdict.Status == record.Valid {
		q.Scheme = signed.Scheme
	}
	if m = gateway.MessageOf(&x.Request); x.Kind == record.Received {
		m.URL, err = sh.PublicURLOf(&x.Request)
	}
	return m, x.Start, err
}

// signedAs returns the exchange that says how another was signed: itself, or for a forward, which has no verdict of its
// own, the webhook that it forwards.
func signedAs(ctx context.Context, history *store.Store, x *record.Exchange) (*record.Exchange, error) {
	if x.Kind == record.Received || x.Verdict.Status == record.Valid || x.Thread == 0 {
		return x, nil
	}
	captured, err := history.Get(ctx, x.Thread)
	if errors.Is(err, store.ErrNotFound) || err == nil && captured.Scheme != x.Scheme {
		return x, nil
	}
	return captured, err
}
