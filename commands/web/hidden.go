package web

import (
	"bytes"
	"slices"

	"github.com/barbhq/barb/commands/web/markup"
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
func (h *hidden) folded(m markup.HTML, text []byte) markup.HTML {
	if bytes.Equal(h.in(text), text) {
		return m
	}
	return markup.Hidden(m)
}

// halves are a text as it is shown at first, and whole where that is another.
func halves(shown, whole string, write func([]byte) markup.HTML) (markup.HTML, markup.HTML) {
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
	h.RawHead, h.WholeHead = halves(string(shown.AppendHead(nil)), string(x.Request.AppendHead(nil)), markup.Raw)
	h.Address, h.WholeAddress = halves(shown.URL, x.Request.URL,
		func(url []byte) markup.HTML { return markup.Line(string(url)) })
	h.Curl, h.CurlCut = export.CurlStart(shown, mostCurl)
}

// mostQuery is how many names of a query string are shown. The request line has all of them.
const mostQuery = 500

// queryOf are the names and values of a query string, decoded. shown is the request without its credentials: a value
// that is another one there is shown when it is asked for.
func queryOf(whole, shown *record.Request) (all []field, more int) {
	pairs, more := whole.Query(mostQuery)
	plain, _ := shown.Query(mostQuery)
	for i, f := range pairs {
		isHidden := i >= len(plain) || f.Value != plain[i].Value
		if i < len(plain) {
			f.Name = plain[i].Name
		}
		all = append(all, field{Name: markup.Line(f.Name), Value: markup.Line(f.Value), Hidden: isHidden})
	}
	return all, more
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
