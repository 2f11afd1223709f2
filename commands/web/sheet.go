package web

import (
	"context"
	"net/http"
	"time"
)

// sheetWithin is how long a page of numbers may read the history. The page then leaves out the rest.
const sheetWithin = 2 * time.Second

// sheet is what the pages beside the list have: figures and queue.
type sheet struct {
	Title, Theme, Here string
	Listening          string
	Token              string
	Can                bool   // the page may change something
	WhyNot             string // why it may not
	Clock              string // when it was read
	Trouble, Hint      string
	Keys               []keyRow
}

func (p *Page) sheetOf(r *http.Request, title, here string) sheet {
	return sheet{Title: title, Theme: themeOf(r), Here: here, Listening: p.Listening, Token: p.gate.token,
		Can: p.can(), WhyNot: p.why(), Clock: p.Now().Local().Format(time.TimeOnly), Keys: keyRows(p.keysOf(doesBeside))}
}

// wrong says why something of the page is not there, and returns the status of the answer.
func (s *sheet) wrong(ctx context.Context, p *Page, err error) int {
	if ctx.Err() != nil {
		s.Trouble, s.Hint = "The history was not read within 2 s.", "Reload the page, or ask the command line."
		return http.StatusServiceUnavailable
	}
	s.Trouble, s.Hint = p.Hint(err)
	return http.StatusServiceUnavailable
}
