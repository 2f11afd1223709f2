package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
)

const methodsFix = "Take POST alone at this path, and answer 405 to other methods."

const parseFix = "Answer 400 to a body that cannot be read: catch the parser's error, and check each field before " +
	"it is used."

// malformed are the checks of group H. Everything is signed well.
var malformed = []Check{
	{
		ID: "H1", Name: "a broken body does no harm", Severity: Major, Source: []string{sourceWRC, sourceOW}, Fix: parseFix,
		skip: isJSON,
		messages: func(*Probe) []message {
			cut := body(func(b []byte) ([]byte, bool) { return b[:len(b)*2/3], len(b) > 3 })
			return []message{
				{what: "broken JSON", want: endure4, change: text(`{"a":`)},
				{what: "cut JSON", want: endure4, change: cut},
				{what: "an empty body", want: endure4, change: text("")},
				{what: "null", want: endure4, change: text("null")},
				{what: "an empty array", want: endure4, change: text("[]")},
				{what: "a number", want: endure4, change: text("42")},
			}
		},
	},
	{
		ID: "H2", Name: "another Content-Type does no harm", Severity: Minor, Source: []string{sourceWRC}, Fix: parseFix,
		messages: func(*Probe) []message {
			as := func(value string) func(*Probe, *draft) {
				return func(_ *Probe, d *draft) {
					if value == "" {
						d.x.Request.Header = d.x.Request.Header.Without("Content-Type")
						return
					}
					d.x.Request.Header = d.x.Request.Header.Set("Content-Type", value)
				}
			}
			return []message{{what: "Content-Type: text/plain", want: endure, change: as("text/plain")},
				{what: "Content-Type: application/x-www-form-urlencoded", want: endure,
					change: as("application/x-www-form-urlencoded")},
				{what: "no Content-Type", want: endure, change: as("")}}
		},
	},
	{
		ID: "H3", Name: "missing and unknown fields do no harm", Severity: Major, Source: []string{sourceOW, sourceSW},
		Fix: parseFix, skip: isJSON,
		messages: func(*Probe) []message {
			return []message{
				{what: "an event without its other fields", want: endure, change: fields("")},
				{what: "null in every other field", want: endure, change: fields("null")},
				{what: "a number in every other field", want: endure, change: fields("7")},
				{what: "an unknown field", change: body(func(b []byte) ([]byte, bool) {
					return insert(b, `"barb_probe_unknown":{"a":[1,null,"x"]}`)
				})},
			}
		},
	},
	{
		ID: "H9", Name: "other methods have no effect", Severity: Minor, Source: []string{sourceOW},
		Fix:      methodsFix,
		requests: func(*Probe) int { return len(otherMethods) },
		judge:    judgeMethods,
	},
}

// otherMethods are those that a receiver does not take. PUT and DELETE are sent as a signed webhook.
var otherMethods = []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut,
	http.MethodDelete}

func isJSON(p *Probe) string {
	x, err := p.Fresh(1)
	if err != nil || !json.Valid(x.Request.Body) {
		return "the payload is not JSON"
	}
	return ""
}

// fields replaces all fields of the event, but those by which the receiver knows it, by one value; "" leaves them out.
func fields(value string) func(*Probe, *draft) {
	return func(p *Probe, d *draft) {
		var event map[string]json.RawMessage
		if json.Unmarshal(d.x.Request.Body, &event) != nil {
			d.skip = "the payload is not a JSON object"
			return
		}
		keep := kept(p.Signer.Scheme)
		for _, name := range slices.Collect(maps.Keys(event)) {
			switch {
			case slices.Contains(keep, name):
			case value == "":
				delete(event, name)
			default:
				event[name] = json.RawMessage(value)
			}
		}
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(event); err != nil {
			d.skip = err.Error()
		}
		d.x.Request.Body = bytes.TrimRight(out.Bytes(), "\n")
	}
}

// kept returns the fields that the scheme itself has in a body.
func kept(s sign.Scheme) (names []string) {
	for _, place := range []sign.Place{s.IDIn, s.EventIn, s.Time.In, s.Carrier(), s.Nonce} {
		if path, ok := strings.CutPrefix(string(place), "json:"); ok {
			first, _, _ := strings.Cut(path, ".")
			names = append(names, first)
		}
	}
	return names
}

func judgeMethods(ctx context.Context, r *run) finding {
	worst := finding{outcome: Pass, detail: "no other method is answered 2xx"}
	before := r.effects(ctx)
	for _, method := range otherMethods {
		d, err := r.fresh()
		if err != nil {
			r.broken = err
			return finding{outcome: Unknown}
		}
		d.x.Request.Method = method
		isWrite := method == http.MethodPut || method == http.MethodDelete
		if !isWrite {
			d.signer, d.x.Request.Body = nil, nil
			d.x.Request.Header = d.x.Request.Header.Without("Content-Type")
		}
		a, f := r.send(ctx, d)
		switch {
		case a == nil:
		case a.crashed() || a.status() >= 500 && a.status() != http.StatusNotImplemented:
			f = finding{outcome: Fail, exchange: a.ID, detail: a.says() + " to " + method}
		case a.accepted() && method == http.MethodTrace && r.echoes(a):
			f = finding{outcome: Fail, exchange: a.ID, detail: a.says() + " to TRACE, which returns the request"}
		case a.accepted() && isWrite:
			f = finding{outcome: Warn, exchange: a.ID, detail: a.says() + " to a signed " + method}
		default:
			f = finding{outcome: Pass, exchange: a.ID}
		}
		if f.worse(worst) {
			worst = f
		}
	}
	if r.Effect != nil && worst.outcome != Fail && pause(ctx, r.settle) && r.effects(ctx) != before {
		worst.outcome, worst.detail = Fail, "another method than POST had an effect"
	}
	return worst
}

// echoes reports whether an answer holds the mark of its request.
func (r *run) echoes(a *answer) bool { return bytes.Contains(a.Response.Body, []byte(r.name)) }
