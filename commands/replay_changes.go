package commands

import (
	"context"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/store/record"
)

// prepare makes the plan of the flags, and refuses --edit for more than one webhook before an editor opens.
func (r *replayer) prepare(ctx context.Context) (err error) {
	file, err := r.configuration()
	if err != nil {
		return err
	}
	o := &r.options
	p := &r.replays
	p.Redactor, p.Lookup, p.Exact, p.NewID, p.Values = r.redactor, file.Catalog().Lookup, o.exact, o.newID,
		o.Values(r.Now(), r.Rand, r.templateEnv)
	p.Pieces = func(ctx context.Context, x *record.Exchange) error { return r.history.Pieces(ctx, x) }
	if p.Header, err = o.Header(r.In); err != nil {
		return err
	}
	if p.Changes, err = o.Changes(); err != nil || !o.Edit {
		return err
	}
	p.Edit = r.openEditor
	captured, err := r.captured(ctx, false)
	if err != nil {
		return err
	}
	n := 0
	for _, err := range captured {
		if err != nil {
			return err
		}
		if n++; n > 1 {
			return fail.Usage("--edit changes one webhook, and several are selected").
				Hint("barb replay @ --edit, or --set for all of them")
		}
	}
	return nil
}

// mustSign refuses to send a changed payload under the signature of the old one.
func (r *replayer) mustSign(captured *record.Exchange) error {
	return fail.Usage("a changed payload must be signed anew, and no secret is known for scheme %s",
		captured.Scheme).Hint(secret.Help)
}
