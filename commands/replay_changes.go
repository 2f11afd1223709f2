package commands

import (
	"context"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// changesFor is what --set and --edit do to what is replayed. It is made once, so that what was checked is what is sent.
type changesFor struct {
	changes []payload.Change
	edited  []byte        // by --edit, which takes a single webhook
	numbers map[int64]int // of what was replayed, by its id: {{seq}} counts them
}

// prepareChanges parses --set, and refuses --edit for more than one webhook before an editor opens.
func (r *replayer) prepareChanges(ctx context.Context) (err error) {
	if r.changes.changes, err = r.options.changes(); err != nil || !r.options.edit {
		return err
	}
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
			return fail.Usage("--edit changes one webhook, and several are selected").Hint("barb replay @ --edit, or --set for all of them")
		}
	}
	return nil
}

// change makes the changes to what is replayed, which goes by the names that its new payload holds.
func (r *replayer) change(x *record.Exchange, s *signing) (err error) {
	if !r.options.changed() {
		return nil
	}
	contentType := x.Request.Header.Get("Content-Type")
	v := r.values
	v.Number = r.number(x.Thread)
	body, err := payload.Apply(r.changes.changes, x.Request.Body, contentType, v)
	if err != nil {
		return err
	}
	if r.options.edit && r.changes.edited == nil {
		if r.changes.edited, err = r.openEditor(body, contentType); err != nil {
			return err
		}
	}
	if r.options.edit {
		body = r.changes.edited
	}
	x.Request.Body, x.Request.Chunks, x.Request.Trailer = body, "", nil
	x.Request.Header = x.Request.Header.Without("Content-Length")
	if s.Signs() {
		m := sign.Message{Header: x.Request.Header.HTTP(), URL: x.Request.URL, Body: body}
		if id := payload.IDInBody(s.Scheme, m); id != "" {
			x.WebhookID = id
		}
		if event := s.Scheme.Event(m); event != "" {
			x.EventType = event
		}
	}
	return nil
}

// number is the place of a captured exchange among those that are replayed: the same when it is checked and when it is sent.
func (r *replayer) number(id int64) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, known := r.changes.numbers[id]
	if !known {
		if r.changes.numbers == nil {
			r.changes.numbers = map[int64]int{}
		}
		n = len(r.changes.numbers) + 1
		r.changes.numbers[id] = n
	}
	return n
}

// mustSign refuses to send a changed payload under the signature of the old one.
func (r *replayer) mustSign(captured *record.Exchange) error {
	return fail.Usage("a changed payload must be signed anew, and no secret is known for scheme %s", captured.Scheme).Hint(referenceHelp)
}
