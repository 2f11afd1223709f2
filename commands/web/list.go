package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/query"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
)

// pageRows is how many rows a page of the list has.
const pageRows = 100

// highRows is how many rows a window may show at first. The others are laid out once those are painted. The style sheet
// counts no rows: a browser would match the rule anew for each row when one enters above.
const highRows = 39

// view is everything that a page shows.
type view struct {
	Title     string
	Theme     string
	Token     string
	Listening string
	Tunnelled string // what a tunnel leads to
	Filter    string
	Mistake   *mistake // what is wrong with the filter
	Without   *without // where nothing matches
	InBodies  string   // the list that looks for the word in the bodies, where no row has it
	Trouble   string   // why the history cannot be read
	Hint      string
	Rows      []row
	Newest    int64 // the newest exchange when the list was read
	Older     string
	Paused    bool
	First     bool // the list begins at the newest
	Empty     bool // there is nothing in the history
	Hook      *hook
	Gone      int64 // a webhook that is not there
	Base      string
	Command   string // that lists the same; "" without a filter
	Terms     string // that are marked, as JSON
	Keys      []keyRow
	Full      string // the number of rows, where the page has all of them
}

// list shows the list, and on its right a webhook where the address names one.
func (p *Page) list(w http.ResponseWriter, r *http.Request) {
	v, status := p.viewOf(r)
	show(w, r, status, "page", v)
}

// rows answers with the list alone, for the page that is open.
func (p *Page) rows(w http.ResponseWriter, r *http.Request) {
	at := placeOf(r)
	at.chosen = number(r.URL.Query().Get("chosen"))
	v, status := p.listOf(r, at)
	show(w, r, status, "list", v)
}

func (p *Page) viewOf(r *http.Request) (*view, int) {
	at := placeOf(r)
	v, status := p.listOf(r, at)
	v.Title, v.Theme, v.Token, v.Keys = "barb", themeOf(r), p.gate.token, keyRows(p.keysOf(does))
	return v, status
}

// listOf is the list of a place. A filter with a mistake shows the list without a filter.
func (p *Page) listOf(r *http.Request, at place) (*view, int) {
	v := &view{Filter: at.filter, First: at.before == 0, Base: at.with(0),
		Listening: strings.TrimPrefix(p.Listening, "http://")}
	_, host, _ := strings.Cut(p.Listening, "://")
	v.Tunnelled = cmp.Or(host, "127.0.0.1:4242")
	q, err := at.queryOf()
	if err != nil {
		v.Mistake = mistakeOf(at.filter, err)
		q, at.filter = &query.Query{}, ""
	}
	v.Command, v.Terms = commandOf(q), p.termsOf(q)
	newest, err := p.newest(r.Context())
	var got found
	if err == nil {
		v.Newest, v.Empty = newest, newest == 0
		got, err = p.find(r.Context(), q, at.before, pageRows)
	}
	if err != nil && at.filter != "" && isUsage(err) {
		v.Mistake = mistakeOf(at.filter, err)
		got, err = p.find(r.Context(), &query.Query{}, 0, pageRows)
	}
	if err != nil {
		v.Trouble, v.Hint = p.Hint(err)
		return v, http.StatusServiceUnavailable
	}
	v.Paused = got.paused
	if len(got.rows) == 0 && !got.paused && v.First && v.Mistake == nil {
		v.Without = p.withoutTerm(r, at, q)
		if text := q.InBodies(); text != "" {
			v.InBodies = "/" + place{filter: text, chosen: at.chosen}.with(0)
		}
	}
	if got.older != 0 {
		v.Older = at.with(got.older)
	}
	for i, one := range got.rows {
		r := p.rowOf(one, at)
		r.Low = i >= highRows
		v.Rows = append(v.Rows, r)
	}
	return v, http.StatusOK
}

func (p *Page) newest(ctx context.Context) (int64, error) {
	id, err := p.History.Newest(ctx, 0)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	return id, err
}

// commandOf is the command line that lists the same; "" for a filter that selects everything.
func commandOf(q *query.Query) string {
	if q.IsEmpty() {
		return ""
	}
	parts := []string{"barb", "history"}
	for _, arg := range q.Args() {
		parts = append(parts, export.Quote(arg))
	}
	words := q.Words()
	if len(words) > 0 { // barb history has no words: they are those of its lines
		parts = append(parts, "-n", "0")
	}
	for _, word := range words {
		parts = append(parts, "|", "grep", "-iF", "--", export.Quote(word))
	}
	return strings.Join(parts, " ")
}

// termsOf are the texts that the page marks, as JSON: the words of the filter in any case, and what grep: looks for.
func (p *Page) termsOf(q *query.Query) string {
	f, _, err := p.Filter(&q.Filter)
	if err != nil {
		return ""
	}
	terms := struct {
		Words []string `json:"words,omitempty"`
		Exact string   `json:"exact,omitempty"`
	}{q.Words(), f.Grep}
	if len(terms.Words) == 0 && terms.Exact == "" {
		return ""
	}
	text, err := json.Marshal(terms)
	if err != nil {
		return ""
	}
	return string(text)
}

// themeOf is the theme that the person has chosen; "" for that of the system.
func themeOf(r *http.Request) string {
	if c, err := r.Cookie("barb_theme"); err == nil && (c.Value == "dark" || c.Value == "light") {
		return c.Value
	}
	return ""
}

// within returns a context for a part of the page that may be late.
func within(r *http.Request, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.Context(), d)
}
