// Package replay sends recorded exchanges again: it makes the request of a replay from what the history keeps. It
// chooses neither what is replayed nor where to, finds no secret, and prints nothing.
package replay

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// Plan is how exchanges are replayed. Many goroutines may use one.
type Plan struct {
	// Pieces adds to an exchange what the queue keeps of its masked parts, as store.Store.Pieces does.
	Pieces   func(ctx context.Context, x *record.Exchange) error
	Redactor *redact.Redactor                      // restores what the history masks
	Lookup   func(name string) (sign.Scheme, bool) // finds the scheme of an exchange
	Exact    bool                                  // send the very bytes that came
	NewID    bool                                  // each replay has a webhook id of its own
	Header   record.Header                         // fields that are set in every request
	Changes  []payload.Change                      // of the payload
	Values   fixture.Values                        // for the templates in Changes
	Edit     func([]byte, string) ([]byte, error)  // changes the first payload by hand, given its type; nil: not
	mu       sync.Mutex
	edited   []byte        // by Edit
	numbers  map[int64]int // of what is replayed, by the id of its exchange: {{seq}} counts them
	latest   atomic.Pointer[aim]
}

// aim is the address of the last replay: in bulk they are all the same.
type aim struct {
	text   string
	target deliver.Target
}

// TargetError is the error for an address that nothing can be sent to.
type TargetError struct{ Err error }

// Error is the text of the cause.
func (e *TargetError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *TargetError) Unwrap() error { return e.Err }

// MaskedError is the error for an exchange that would go out with placeholders, since the history does not store all
// of it.
type MaskedError struct {
	ID      int64
	Missing []redact.Missing
	Files   []string // from which it was to be replayed; nil: the history
}

// Error says that the webhook cannot be sent again as it was.
func (e *MaskedError) Error() string { return "parts of the webhook are not in the history" }

// changesPayload reports whether the payload does not stay as it was.
func (p *Plan) changesPayload() bool { return len(p.Changes) > 0 || p.Edit != nil }

// Exchange makes the first attempt of a replay of captured, which keeps its webhook id and its thread. The signer
// tells what will be signed anew; the request is not signed yet. The error may be a *TargetError, a *MaskedError or
// one of package payload.
func (p *Plan) Exchange(ctx context.Context, captured *record.Exchange, target string, s *signer.Signer,
	now time.Time) (record.Exchange, error) {
	x := record.Exchange{Kind: record.Sent, Thread: captured.ID, Webhook: captured.First(), Role: record.Elsewhere,
		WebhookID: captured.WebhookID,
		EventType: captured.EventType,
		Scheme:    captured.Scheme}
	came, missing, err := p.restore(ctx, captured)
	if err != nil {
		return x, err
	}
	if x.Request, err = p.again(withoutGiven(came, missing, target), target); err != nil {
		return x, &TargetError{err}
	}
	if p.Exact {
		if len(missing) > 0 {
			return x, &MaskedError{ID: captured.ID, Missing: missing}
		}
		x.Request = exactly(came, x.Request)
		return x, nil
	}
	for _, f := range p.Header {
		x.Request.Header = x.Request.Header.Set(f.Name, f.Value)
	}
	if err := p.change(&x, s); err != nil {
		return x, err
	}
	if p.NewID || x.WebhookID == "" {
		x.WebhookID = signer.NewID()
	}
	if p.NewID || captured.WebhookID != "" && x.WebhookID != captured.WebhookID {
		x.Webhook, x.Role = 0, record.Copy
	}
	if s.Signs() {
		x.Request.Header = p.withoutSignature(x.Request.Header, captured.Scheme, s.Scheme.Name)
		s.Describe(&x)
	}
	if unmet := unmet(missing, &x, s, now); len(unmet) > 0 {
		return x, &MaskedError{ID: captured.ID, Missing: unmet}
	}
	return x, nil
}

// withoutSignature returns a header without the signature of the scheme that a webhook came with, if it is signed with
// another one.
func (p *Plan) withoutSignature(h record.Header, came, goes string) record.Header {
	if came == goes {
		return h
	}
	old, known := p.Lookup(came)
	if !known || old.Name == goes {
		return h
	}
	for _, place := range slices.Concat(old.Alt, []string{old.Header, string(old.Time.In)}) {
		if name := strings.TrimPrefix(place, "header:"); !strings.Contains(name, ":") {
			h = h.Without(name)
		}
	}
	return h
}

// change makes the changes to the payload of x. Its names are then those that the new payload holds.
func (p *Plan) change(x *record.Exchange, s *signer.Signer) error {
	if !p.changesPayload() {
		return nil
	}
	contentType := x.Request.Header.Get("Content-Type")
	v := p.Values
	v.Number = p.number(x.Thread)
	body, err := payload.Apply(p.Changes, x.Request.Body, contentType, v)
	if err != nil {
		return err
	}
	if p.Edit != nil {
		if body, err = p.editOnce(body, contentType); err != nil {
			return err
		}
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

// editOnce edits the first payload and returns the result for it and all others, so that what was checked is what is
// sent.
func (p *Plan) editOnce(body []byte, contentType string) (edited []byte, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.edited == nil {
		p.edited, err = p.Edit(body, contentType)
	}
	return p.edited, err
}

// number returns the place of an exchange among those that are replayed, from 1: the same when it is checked and when
// it is sent.
func (p *Plan) number(id int64) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, known := p.numbers[id]
	if !known {
		if p.numbers == nil {
			p.numbers = map[int64]int{}
		}
		n = len(p.numbers) + 1
		p.numbers[id] = n
	}
	return n
}

// exactly returns the captured request for another address: its very bytes, but for the request line when the address
// has a path of its own. A body that came in chunks goes out in the same ones.
func exactly(captured *record.Exchange, to record.Request) record.Request {
	r := captured.Request
	r.URL = to.URL
	if to.Target == r.Target || to.Target == (&record.Request{URL: r.Target}).WireTarget() { // which may be a whole URL
		return r
	}
	r.Target = to.Target
	if _, fields, ok := strings.Cut(r.Head, "\r\n"); ok {
		r.Head = r.Method + " " + r.Target + " " + r.Proto + "\r\n" + fields
	}
	return r
}

// again makes the request to send from a captured one.
func (p *Plan) again(captured *record.Exchange, target string) (record.Request, error) {
	r := captured.Request
	if target == r.URL {
		r.Head, r.Header = "", r.Header.Without("Transfer-Encoding")
		return r, nil
	}
	to := p.latest.Load()
	if to == nil || to.text != target {
		parsed, err := deliver.ParseTarget(target)
		if err != nil {
			return record.Request{}, err
		}
		to = &aim{target, parsed}
		p.latest.Store(to)
	}
	return to.target.Readdress(&r), nil
}
