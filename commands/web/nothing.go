package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
	"unicode/utf16"

	"github.com/barbhq/barb/commands/query"
)

// mistake is what is wrong with a filter, and where it stands in the field: two positions as a browser counts them, in
// units of UTF-16; both are 0 where nothing of the text is to blame.
type mistake struct {
	Text string `json:"text"`
	From int    `json:"from"`
	To   int    `json:"to"`
}

func mistakeOf(filter string, err error) *mistake {
	from, to := query.Place(filter, err)
	units := func(at int) int { return len(utf16.Encode([]rune(filter[:at]))) }
	return &mistake{Text: query.Reason(err), From: units(from), To: units(to)}
}

// check answers with what is wrong with a filter, or with nothing.
func (p *Page) check(w http.ResponseWriter, r *http.Request) {
	at := placeOf(r)
	q, err := at.queryOf()
	if err == nil {
		_, err = p.chosen(r.Context(), q)
	}
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		_ = json.NewEncoder(w).Encode(mistakeOf(at.filter, err))
	}
}

// without is the condition of a filter that leaves out the most where nothing matches, and the list without it.
type without struct {
	Term, Link, Count string
}

const (
	// mostTerms is how many conditions of a filter are tried: the list is read once without each.
	mostTerms = 6
	// withoutWithin is how long that may take.
	withoutWithin = 500 * time.Millisecond
)

// withoutTerm returns the condition of q without which the most webhooks match; nil where none does, or in time.
func (p *Page) withoutTerm(r *http.Request, at place, q *query.Query) (best *without) {
	ctx, cancel := within(r, withoutWithin)
	defer cancel()
	most := 0
	for _, term := range q.Terms()[:min(len(q.Terms()), mostTerms)] {
		rest, err := query.Read(term.Rest)
		if err != nil {
			continue
		}
		got, err := p.find(ctx, rest, 0, pageRows)
		if err != nil {
			break // it took too long
		}
		if len(got.rows) <= most {
			continue
		}
		most = len(got.rows)
		count := strconv.Itoa(most)
		if got.older != 0 {
			count += "+"
		}
		best = &without{Term: term.Text, Link: "/" + place{filter: term.Rest, chosen: at.chosen}.with(0), Count: count}
	}
	return best
}
