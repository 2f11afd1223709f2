package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/barbhq/barb/commands/query"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/webhooks"
)

const (
	// settleEvery is how often, at most, a page looks at webhooks that wait for an answer when something was written;
	// settleAnyway is how often it does without that, since a process may have ended that was to write the answer.
	settleEvery  = 250 * time.Millisecond
	settleAnyway = 2 * time.Second
	// newsShare bounds what all pages take of a busy listener: after news of more than newsMany messages, the next are
	// read newsShare times as long after them as their reading and writing took, for each page, and newsSlowest at most.
	newsShare   = 20
	newsMany    = 250 // more than come in a second of rest at 200 a second
	newsSlowest = time.Second
	// mostNews is how many rows are sent at once. A page that missed mostMissed messages reads its list anew.
	mostNews   = 200
	mostMissed = 4 * mostNews
	// mostOpen is how many webhooks without an end a page follows.
	mostOpen = 200
	// aliveEvery is how often something is sent where nothing happens, so that a page notices a lost connection.
	aliveEvery = 10 * time.Second
	// stuckAfter is how long a page may take to read what was sent. Nobody waits for it: each page reads for itself.
	stuckAfter = 10 * time.Second
)

// events sends what comes, as server-sent events, until the page is closed. One ear tells all pages that
// something came. Each page reads the news for itself, so a slow page delays no other.
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

// stream is one open page.
type stream struct {
	page    *Page
	q       *query.Query
	at      place
	to      http.ResponseWriter
	control *http.ResponseController
	seen    int64             // the newest exchange that the page knows of
	open    map[int64]version // webhooks whose state may change without a new exchange
	writes  int               // of the ear, when they were looked at
	settled time.Time         // when that was
	next    time.Time         // when the next news are read at the earliest
	alive   time.Time         // when something was sent
	lost    bool              // the page was told that the history cannot be read
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
	defer s.page.join()()
	if s.send("hello", map[string]any{"listening": s.page.Listening != ""}) != nil {
		return
	}
	s.settled, s.alive = time.Now(), time.Now()
	wake := time.NewTimer(aliveEvery)
	defer wake.Stop()
	for {
		now, changed := s.page.ear.now()
		if s.tell(ctx, now) != nil {
			return
		}
		wake.Reset(time.Until(s.due(now)))
		select {
		case <-ctx.Done():
			return
		case <-s.page.ended:
			_ = s.send("bye", nil)
			return
		case <-changed:
		case <-wake.C:
		}
	}
}

// due returns when the page is to be told something although the ear hears nothing.
func (s *stream) due(now heard) time.Time {
	at := s.alive.Add(aliveEvery)
	if now.err == nil && now.newest > s.seen && s.next.Before(at) {
		at = s.next
	}
	if again := s.settles(now); len(s.open) > 0 && again.Before(at) {
		at = again
	}
	return at
}

// settles returns when webhooks that wait for an answer are looked at.
func (s *stream) settles(now heard) time.Time {
	if now.writes != s.writes || store.IsServer(s.page.History.Path()) {
		return later(s.settled.Add(settleEvery), s.next)
	}
	return s.settled.Add(settleAnyway)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// tell sends what there is to say. Its error says that nobody reads it.
func (s *stream) tell(ctx context.Context, now heard) error {
	begun := time.Now()
	err := now.err
	var sent bool
	isNew := now.newest > s.seen && !begun.Before(s.next)
	if err == nil && (isNew || len(s.open) > 0 && !begun.Before(s.settles(now))) {
		many := now.newest - s.seen
		sent, err = s.news(ctx, now.newest)
		s.settled, s.writes = time.Now(), now.writes
		s.next = s.settled.Add(restAfter(many, now.pages, s.settled.Sub(begun)))
	}
	if unread := (*writeError)(nil); errors.As(err, &unread) || ctx.Err() != nil {
		return cmp.Or(ctx.Err(), err)
	}
	switch {
	case err != nil && !s.lost:
		text, hint := s.page.Hint(err)
		s.lost, sent = true, true
		err = s.send("trouble", map[string]string{"text": text, "hint": hint})
	case err == nil && s.lost && now.newest <= s.seen:
		s.lost, sent = false, true
		err = s.send("well", nil)
	default:
		err = nil
	}
	if sent {
		s.alive = time.Now()
	} else if time.Since(s.alive) > aliveEvery {
		s.alive = time.Now()
		err = s.write([]byte(": still here\n\n"))
	}
	return err
}

// restAfter is how long a page waits after news of some messages, which took a time.
func restAfter(many int64, pages int, took time.Duration) time.Duration {
	switch {
	case many > mostMissed: // the page reads its list anew
		return newsSlowest
	case many > newsMany:
		return min(max(time.Duration(newsShare*pages)*took, lookEvery), newsSlowest)
	}
	return lookEvery
}

// news sends the webhooks that have come or have changed.
func (s *stream) news(ctx context.Context, newest int64) (sent bool, err error) {
	if newest-s.seen > mostMissed {
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
