package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/deliver/compare"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// diffed is what differs between two webhooks, or between the answers to them.
type diffed struct {
	ID       int64
	Base     string
	A, B     int64
	Names    [2]string
	Answers  bool
	Requests []changed
	Replies  []changed
	Text     string // why there is nothing to compare
}

// diff compares a webhook with another exchange, as barb diff does. Without one it is compared with its latest replay,
// or else with the webhook of the same event before it.
func (p *Page) diff(w http.ResponseWriter, r *http.Request) {
	at := placeOf(r)
	d, err := p.diffOf(r.Context(), at, number(r.URL.Query().Get("with")))
	if err != nil {
		p.noPart(w, err)
		return
	}
	name := "diff-page"
	if r.URL.Query().Get("part") != "" {
		name = "diff"
	}
	show(w, r, http.StatusOK, name, d)
}

func (p *Page) diffOf(ctx context.Context, at place, with int64) (*diffed, error) {
	d := &diffed{ID: at.chosen, Base: at.suffix()}
	sides, err := p.sides(ctx, at.chosen, with)
	if errors.Is(err, store.ErrNotFound) && with != 0 {
		d.Text, err = "Webhook "+strconv.FormatInt(with, 10)+" is not in the history.", nil
		return d, err
	}
	if err != nil || sides[1] == nil {
		d.Text = "There is nothing to compare it with: no replay, and no webhook of this event before it."
		return d, err
	}
	var answers [2]*record.Exchange
	for i, x := range sides {
		d.Names[i] = strconv.FormatInt(x.ID, 10) + " " + x.Kind.String()
		if answers[i], err = pick.AnsweredBy(ctx, p.History, x, p.Now()); err != nil {
			return d, err
		}
		sides[i], answers[i] = p.History.Redacted(x), p.History.Redacted(answers[i])
	}
	d.A, d.B = sides[0].ID, sides[1].ID
	d.Requests = between(compare.Request(sides[0]), compare.Request(sides[1]))
	if answers[0].Response != nil && answers[1].Response != nil {
		d.Answers = true
		d.Replies = between(compare.Answer(answers[0]), compare.Answer(answers[1]))
	}
	return d, nil
}

// sides are the two exchanges that are compared, the older first; the second is nil where there is none.
func (p *Page) sides(ctx context.Context, id, with int64) (sides [2]*record.Exchange, err error) {
	w, err := webhooks.Get(ctx, p.History, id, p.Now())
	if err != nil {
		return sides, err
	}
	if sides[0], err = p.History.Get(ctx, w.Last().ID); err != nil {
		return sides, err
	}
	if with == 0 {
		found, err := pick.WithReplay(ctx, p.History, sides[0], false)
		if !errors.Is(err, pick.ErrNoReplay) {
			return found, err
		}
		before, err := pick.Before(ctx, p.History, w, p.Now())
		if err != nil || before == nil {
			return sides, err
		}
		with = before.Last().ID
	}
	if sides[1], err = p.History.Get(ctx, with); err == nil && sides[1].ID < sides[0].ID {
		sides[0], sides[1] = sides[1], sides[0]
	}
	return sides, err
}
