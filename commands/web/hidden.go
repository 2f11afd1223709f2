package web

import (
	"bytes"
	"slices"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/compare"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// hidden is what the page shows of an exchange before a person asks for more: the request without its credentials.
type hidden struct {
	*record.Exchange
	pieces [][]byte // the credentials that it is without
	names  []string // "header Authorization", "query token"
}

// hide hides the credentials of an exchange.
func (p *Page) hide(x *record.Exchange) hidden {
	if p.Hide == nil {
		return hidden{Exchange: x}
	}
	h := hidden{Exchange: p.Hide(x)}
	if h.Exchange == x {
		return h
	}
	for _, m := range h.Masks {
		if m.Piece == redact.Placeholder { // the history does not have it
			continue
		}
		h.pieces = append(h.pieces, []byte(m.Piece))
		if !slices.Contains(h.names, m.Name) {
			h.names = append(h.names, m.Name)
		}
	}
	return h
}

// shortestPiece is how long a credential must be to be looked for in other texts: a shorter one occurs by chance.
const shortestPiece = 4 // bytes

// in hides the credentials of the exchange in a text that was made of it.
func (h *hidden) in(text []byte) []byte {
	for _, piece := range h.pieces {
		if len(piece) >= shortestPiece {
			text = bytes.ReplaceAll(text, piece, []byte(redact.Placeholder))
		}
	}
	return text
}

// folded is markup of a text, which is shown when it is asked for where the text has credentials of the exchange.
func (h *hidden) folded(m markup, text []byte) markup {
	if bytes.Equal(h.in(text), text) {
		return m
	}
	return folded(m)
}

// halves are a text as it is shown at first, and whole where that is another.
func halves(shown, whole string, write func([]byte) markup) (markup, markup) {
	if shown == whole {
		return write([]byte(whole)), ""
	}
	return write([]byte(shown)), write([]byte(whole))
}

// mostCurl is how much of a curl command is shown, in bytes. A copy has all of it.
const mostCurl = 64 << 10

// raw adds what is near the wire: the head, the address, and the command that sends the request again.
func (h *hook) raw(x *record.Exchange, without hidden) {
	shown := &without.Request
	h.Hidden = without.names
	h.RawHead, h.WholeHead = halves(string(shown.AppendHead(nil)), string(x.Request.AppendHead(nil)), rawText)
	h.Address, h.WholeAddress = halves(shown.URL, x.Request.URL, func(b []byte) markup { return wire(string(b)) })
	if h.Curl = export.Curl(shown); len(h.Curl) > mostCurl {
		h.Curl, h.CurlCut = string(ui.WholeRunes([]byte(h.Curl[:mostCurl]))), true
	}
}

// isCredentials reports whether a difference is one of credentials.
func isCredentials(d *compare.Difference) bool {
	if d.Part != compare.Header {
		return false
	}
	return slices.ContainsFunc([]*string{d.Old, d.New}, func(value *string) bool {
		return value != nil && isCredential(false, record.Field{Name: d.Name, Value: *value})
	})
}

// folded is a value that is shown when it is asked for.
func folded(value markup) markup {
	return `<details class=secret><summary>hidden: show</summary><span>` + value + `</span></details>`
}
