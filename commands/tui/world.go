package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/advice"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/commands/query"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// World does the effects. Its methods may be called at the same time.
type World struct {
	Shell   *shell.Shell
	History *store.Store
	// Barb runs another command line beside this one and returns its exit code. What it prints goes to two writers.
	Barb Barb
	Page Pages
	// Actions are those of a listener, with what its flags say; nil: those of the shell.
	Actions *act.Actions

	mu     sync.Mutex
	filter string // the one that chosen is for
	chosen pick.Selection
	query  *query.Query
	gen    int // the list that news follows
	news   pick.News
	newest int64     // exchange when news was asked last
	asked  time.Time // when news was asked last
}

// selection returns what a filter chooses. It is made once for each filter, so that since:1h means one moment.
func (w *World) selection(ctx context.Context, filter string) (pick.Selection, *query.Query, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.query != nil && w.filter == filter {
		return w.chosen, w.query, nil
	}
	q, err := query.Read(filter)
	if err != nil {
		return w.chosen, nil, err
	}
	s := pick.Selection{History: w.History}
	if q.Selects() {
		if s, err = w.Shell.SelectionBy(ctx, q.Selectors, &q.Filter, w.Shell.Newest); err != nil {
			return s, nil, err
		}
	}
	w.filter, w.chosen, w.query = filter, s, q
	return s, q, nil
}

// patience is how long a page is looked for before what was found is shown.
const patience = 300 * time.Millisecond

// Load reads a page of the list.
func (w *World) Load(ctx context.Context, l Load) Loaded {
	m := Loaded{Load: l}
	s, q, err := w.selection(ctx, l.Filter)
	if err != nil {
		m.Err = told(err)
		return m
	}
	judged := pick.Judgements{Warn: func(string, ...any) {}}
	s.Judged, s.Within = func(x *record.Exchange, err error) { judged.Note("--where", x, err) }, whereTime
	now := w.Shell.Now()
	if l.Before == (anchor{}) {
		if err := w.begin(ctx, l.Gen, s); err != nil {
			m.Err = told(err)
			return m
		}
	} else if s.Filter.Until.IsZero() || l.Before.at.Before(s.Filter.Until) {
		s.Filter.Until = l.Before.at
	}
	s.Filter.Limit = 0
	m.Next = l.Before
	for one, err := range s.Webhooks(ctx, now) {
		if err != nil {
			m.Err = told(err)
			break
		}
		at := anchorOf(one)
		if l.Before.id != 0 && at.id >= l.Before.id {
			continue
		}
		if l.Above && at.id <= l.Until.id {
			break
		}
		m.Next = at
		if q.Has(w.words(q, one, now)) {
			m.Rows = append(m.Rows, one)
		}
		if !l.Above && (len(m.Rows) >= pageRows || w.Shell.Now().Sub(now) > patience) {
			m.More = true
			break
		}
	}
	if m.Failed = judged.Failures(); m.Failed > 0 && len(m.Rows) == 0 && !m.More {
		m.Err = told(judged.End())
	}
	return m
}

// whereTime is how long the expression of where: may take for one webhook.
const whereTime = 100 * time.Millisecond

// words returns what the words of a query look at; "" where it has none.
func (w *World) words(q *query.Query, one *webhooks.Webhook, now time.Time) string {
	if q.Has("") {
		return ""
	}
	return ui.Words(one, now)
}

// begin has Poll follow a list from here.
func (w *World) begin(ctx context.Context, gen int, s pick.Selection) error {
	newest, err := w.History.Newest(ctx, 0)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	news := pick.News{Chosen: s, Began: newest}
	news.Chosen.Judged = func(*record.Exchange, error) {}
	if _, err := news.First(ctx, pageRows, w.Shell.Now()); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gen, w.news, w.newest, w.asked = gen, news, newest, w.Shell.Now()
	return nil
}

const (
	// pollEvery is how often the history is asked whether something came.
	pollEvery = 150 * time.Millisecond
	// changesEvery is how often it is asked for other changes: an answer, an entry of the queue that has ended.
	changesEvery = time.Second
	// followed is how many exchanges may come between two questions; see pick.News.
	followed = 500
)

// Poll waits a moment and returns what came or changed since the last time.
func (w *World) Poll(ctx context.Context, every time.Duration) Polled {
	select {
	case <-ctx.Done():
	case <-time.After(every):
	}
	newest, err := w.History.Newest(ctx, 0)
	w.mu.Lock()
	defer w.mu.Unlock()
	m := Polled{Gen: w.gen, Now: w.Shell.Now()}
	if err != nil && !errors.Is(err, store.ErrNotFound) && ctx.Err() == nil {
		m.Err = told(err)
		return m
	}
	if w.gen == 0 || newest == w.newest && w.Shell.Now().Sub(w.asked) < changesEvery {
		return m
	}
	rows, err := w.news.Next(ctx, newest, m.Now)
	if err != nil {
		m.Err = told(err)
		return m
	}
	m.Lost = newest-w.newest > followed
	w.newest, w.asked = newest, w.Shell.Now()
	for _, one := range rows {
		if w.query == nil || w.query.Has(w.words(w.query, one, m.Now)) {
			m.Rows = append(m.Rows, one)
		}
	}
	return m
}

// Command runs a command line of barb, and returns what it prints.
func (w *World) Command(ctx context.Context, r Run) Said {
	var text limited
	code := w.Barb(ctx, Line{Args: r.Args, Out: &text, Err: &text, Width: r.Width})
	return Said{Run: r, Text: text.String(), Code: code}
}

// mostSaid is how much of what a command prints is kept, in bytes.
const mostSaid = 1 << 20

// limited keeps the beginning of what is written.
type limited struct {
	mu   sync.Mutex
	text strings.Builder
	cut  bool
}

func (l *limited) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	keep := min(len(data), mostSaid-l.text.Len())
	l.text.Write(data[:keep])
	l.cut = l.cut || keep < len(data)
	return len(data), nil
}

func (l *limited) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return l.text.String() + fmt.Sprintf("\n(only the first %d bytes are shown)\n", mostSaid)
	}
	return l.text.String()
}

// told is an error with its hint, as the command line has it.
func told(err error) error { return errors.New(query.Mistake(advice.Of(err))) }

// Delete deletes webhooks.
func (w *World) Delete(ctx context.Context, d Delete) (m Gone) {
	for _, id := range d.IDs {
		if err := w.actions().Delete(ctx, id); err == nil {
			m.IDs = append(m.IDs, id)
		} else if m.Err == "" {
			m.Err = told(err).Error()
		}
	}
	return m
}

// Pin pins webhooks, or unpins them.
func (w *World) Pin(ctx context.Context, p Pin) Remarked {
	m := Remarked{What: map[bool]string{true: "pinned", false: "unpinned"}[p.Pinned]}
	for _, id := range p.IDs {
		if err := w.actions().Pin(ctx, id, p.Pinned); err != nil {
			m.Err = told(err)
		}
		m.What += fmt.Sprintf(" %d", id)
	}
	return m
}

// Note replaces the note on a webhook.
func (w *World) Note(ctx context.Context, n Note) Remarked {
	m := Remarked{What: fmt.Sprintf("noted %d", n.ID)}
	if err := w.actions().Note(ctx, n.ID, n.Text); err != nil {
		m.Err = told(err)
	}
	return m
}

// Targets returns where a webhook may be replayed to.
func (w *World) Targets(ctx context.Context, t Targets) Offered {
	all, err := w.actions().Targets(ctx, t.ID)
	m := Offered{Targets: t, Err: err}
	for _, one := range all {
		m.Names = append(m.Names, ui.EscapeLine(one.Name))
	}
	return m
}

// Overlooked reports whether a webhook was not checked though a secret is known for it, as the page does.
func (w *World) Overlooked(x *record.Exchange) bool { return w.actions().Overlooked(x) }

func (w *World) actions() *act.Actions {
	if w.Actions != nil {
		return w.Actions
	}
	return &act.Actions{Shell: w.Shell}
}
