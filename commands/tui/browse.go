package tui

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/barbhq/barb/store/webhooks"
)

// Page is the page in the browser, at one place.
type Page struct {
	At     string        // the address without a code, for one who has entered
	Enter  string        // the address that opens the page once
	Life   time.Duration // of Enter
	Failed error         // why no browser shows it; nil: one does
}

// Pages opens the page at a place such as /w/17 in the browser, and begins it where it does not run yet.
type Pages func(ctx context.Context, place string) (Page, error)

// browse asks for the page at a webhook, or at the list where there is none. It shows the list by the same filter.
func (s *State) browse(w *webhooks.Webhook) []Effect {
	place := "/"
	if w != nil {
		place = fmt.Sprintf("/w/%d", w.ID)
	}
	if s.filter != "" {
		place += "?" + url.Values{"q": {s.filter}}.Encode()
	}
	s.tell("opening the page in the browser", false)
	return []Effect{Browse{Place: place}}
}

// Browse opens the page. Its address goes to the clipboard, with a code of its own: the browser uses up another.
func (w *World) Browse(ctx context.Context, screen io.Writer, b Browse) Visited {
	page, err := w.Page(ctx, b.Place)
	if err != nil {
		return Visited{Err: told(err)}
	}
	copied := w.Copy(ctx, screen, Copy{What: "address", Text: page.Enter})
	m := Visited{Said: "opened " + page.At + "; copied its address"}
	if page.Failed != nil {
		m = Visited{Said: fmt.Sprintf("%v; this address works once, and is copied:\n%s", page.Failed, page.Enter),
			Code: true}
	}
	if copied.Err != "" {
		m.Err = fmt.Errorf("%s", copied.Err)
	}
	return m
}

// visited says how the page was opened. An address with a code stays until the next key, and no longer than it works.
func (s *State) visited(m *Visited) {
	if m.Err != nil {
		s.tell(m.Err.Error(), true)
		return
	}
	s.tell(m.Said, false)
	if m.Code {
		s.notice.until, s.notice.once = s.Now.Add(codeShown), true
	}
}

// codeShown is how long an address with a code stays on the screen.
const codeShown = time.Minute
