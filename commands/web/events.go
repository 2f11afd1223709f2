package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/barbhq/barb/commands/query"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/webhooks"
)

const (
	// lookEvery is how often an open page looks for what came. That is one look at the end of an index.
	lookEvery = 50 * time.Millisecond
	// lookAtServerEvery is the same over a history on a server, where each look is a question over the network.
	lookAtServerEvery = 250 * time.Millisecond
	// settleEvery is how often it looks at webhooks that wait for an answer.
	settleEvery = 250 * time.Millisecond
	// mostNews is how many rows are sent at once; a page that missed more reads its list anew.
	mostNews = 200
	// mostOpen is how many webhooks without an end a page follows.
	mostOpen = 200
	// aliveEvery is how often something is sent where nothing happens, so that a page notices a lost connection.
	aliveEvery = 10 * time.Second
	// stuckAfter is how long a page may take to read what was sent. Nobody waits for it: each page reads for itself.
	stuckAfter = 10 * time.Second
)

// events sends what comes, as server-sent events, until the page is closed. Each page reads the history for itself, so
// that one that does not read holds up nobody.
func (p *Page) events(w http.ResponseWriter, r *http.Request) {
	select {
	case p.streams <- struct{}{}:
		defer func() { <-p.streams }()
	default:
		refuse(w, http.StatusServiceUnavailable, "Too many pages are open. Close one and reload.")
		return
	}
	q, err := placeOf(r).queryOf()
	if err != nil {
		q = &query.Query{}
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	s := &stream{page: p, q: q, at: placeOf(r), to: w, control: http.NewResponseController(w), open: map[int64]version{}}
	s.seen = number(r.URL.Query().Get("after"))
	if last := number(r.Header.Get("Last-Event-ID")); last > 0 {
		s.seen = last
	}
	s.run(r.Context())
}

func (p *Page) lookEvery() time.Duration {
	if store.IsServer(p.History.Path()) {
		return lookAtServerEvery
	}
	return lookEvery
}

// stream is one open page.
type stream struct {
	page    *Page
	q       *query.Query
	at      place
	to      http.ResponseWriter
	control *http.ResponseController
	seen    int64             // the newest exchange that the page knows of
	open    map[int64]version // webhooks whose state may change without a new exchange
}

// version is what was sent of a webhook.
type version struct {
	newest int64
	state  webhooks.State
	ended  bool
}

func versionOf(w *webhooks.Webhook) version {
	return version{w.Newest().ID, w.State, w.Newest().Ended && w.Last().Ended}
}

// run sends what is new until the page or barb ends.
func (s *stream) run(ctx context.Context) {
	tick := time.NewTicker(s.page.lookEvery())
	defer tick.Stop()
	if s.send("hello", map[string]any{"listening": s.page.Listening != ""}) != nil {
		return
	}
	settled, alive := time.Now(), time.Now()
	lost := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.page.ended:
			_ = s.send("bye", nil)
			return
		case <-tick.C:
		}
		newest, err := s.page.newest(ctx)
		var sent bool
		if err == nil && (newest > s.seen || len(s.open) > 0 && time.Since(settled) > settleEvery) {
			settled = time.Now()
			sent, err = s.news(ctx, newest)
		}
		switch {
		case err != nil && ctx.Err() != nil:
			return
		case err != nil && !lost:
			text, hint := s.page.Hint(err)
			lost, sent = true, true
			err = s.send("trouble", map[string]string{"text": text, "hint": hint})
		case err == nil && lost:
			lost, sent = false, true
			err = s.send("well", nil)
		case err != nil:
			err = nil
		}
		if sent {
			alive = time.Now()
		} else if time.Since(alive) > aliveEvery {
			alive = time.Now()
			err = s.write([]byte(": still here\n\n"))
		}
		if _, isWrite := err.(*writeError); isWrite { //nolint:errorlint // made below
			return
		}
	}
}

// news sends the webhooks that have come or have changed.
func (s *stream) news(ctx context.Context, newest int64) (sent bool, err error) {
	if newest-s.seen > mostNews*4 {
		s.seen, s.open = newest, map[int64]version{}
		return true, s.send("reset", nil)
	}
	rows, err := s.changed(ctx, newest)
	if err != nil || len(rows) == 0 {
		s.seen = max(s.seen, newest)
		return false, err
	}
	var out bytes.Buffer
	for _, w := range rows {
		if err := templates().ExecuteTemplate(&out, "row", s.page.rowOf(w, s.at)); err != nil {
			return false, err
		}
	}
	bad := 0
	for _, w := range rows {
		if w.Invalid() {
			bad++
		}
	}
	s.seen = max(s.seen, newest)
	return true, s.send("rows", map[string]any{"html": out.String(), "bad": bad})
}

// changed returns the webhooks of the filter that the page does not have in this state, the oldest first.
func (s *stream) changed(ctx context.Context, newest int64) (rows []*webhooks.Webhook, err error) {
	sel, err := s.page.selection(ctx, s.q)
	if err != nil {
		return nil, err
	}
	asked := sel.Filter.IDs
	sel.Filter.IDs = nil
	if newest > s.seen {
		sel.Filter.IDs = []store.Range{{From: s.seen + 1, To: newest}}
	}
	for id := range s.open {
		sel.Filter.IDs = append(sel.Filter.IDs, store.Range{From: id, To: id})
	}
	open := map[int64]version{}
	for w, err := range sel.Webhooks(ctx, s.page.Now()) {
		if err != nil {
			return nil, err
		}
		v := versionOf(w)
		before, known := s.open[w.ID]
		if (!v.ended || w.State == webhooks.Pending) && len(open) < mostOpen {
			open[w.ID] = v
		}
		isAsked := len(asked) == 0 || w.Matches(&store.Filter{IDs: asked})
		if isAsked && s.q.Has(words(w)) && (!known || v != before) {
			rows = append(rows, w)
		}
	}
	s.open = open
	slices.Reverse(rows)
	return rows[max(len(rows)-mostNews, 0):], nil
}

// writeError says that the page does not read any more.
type writeError struct{ error }

// send writes one event with the id of the newest exchange that the page knows of afterwards.
func (s *stream) send(event string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	out.WriteString("event: " + event + "\nid: " + strconv.FormatInt(s.seen, 10) + "\ndata: ")
	out.Write(text) // JSON has no newline
	out.WriteString("\n\n")
	return s.write(out.Bytes())
}

func (s *stream) write(data []byte) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(stuckAfter)); err != nil {
		return &writeError{err}
	}
	if _, err := s.to.Write(data); err != nil {
		return &writeError{err}
	}
	if err := s.control.Flush(); err != nil {
		return &writeError{err}
	}
	return nil
}
