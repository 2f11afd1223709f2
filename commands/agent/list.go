package agent

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/webhooks"
)

type listArgs struct {
	filters
	Limit  int    `json:"limit,omitempty"`
	Cursor string `json:"cursor,omitempty"`
}

// cursor is where a page begins: at the webhooks whose newest exchange is older than this one.
type cursor struct {
	before int64
	until  time.Time // no exchange of the rest began later
}

// slack is how much later than a newer exchange an older one may have begun: a clock may be set back, and of two sent
// at the same time either may be recorded first.
const slack = 10 * time.Second

func (c cursor) String() string { return fmt.Sprintf("%d.%d", c.before, c.until.UnixNano()) }

func parseCursor(text string) (c cursor, err error) {
	if text == "" {
		return c, nil
	}
	id, at, ok := strings.Cut(text, ".")
	before, bad := strconv.ParseInt(id, 10, 64)
	nanos, worse := strconv.ParseInt(at, 10, 64)
	if !ok || bad != nil || worse != nil || before <= 0 {
		return c, fail.Usage("invalid cursor %q", text).Hint("leave cursor out for the first page")
	}
	return cursor{before, time.Unix(0, nanos)}, nil
}

// list lists webhooks, the newest first.
func (a *agent) list(ctx context.Context, in listArgs) *answer {
	l := &line{}
	in.add(l)
	from, err := parseCursor(in.Cursor)
	switch {
	case l.err != nil:
		return a.refused(l.err)
	case err != nil:
		return a.refused(err)
	case in.Limit < 0 || in.Limit > mostItems:
		return a.refused(wrong("limit", strconv.Itoa(in.Limit), "a number from 1 to 100"))
	case in.Limit == 0:
		in.Limit = 20
	}
	return a.direct(ctx, l.flags, func(ctx context.Context, sh *shell.Shell, chosen *flags.Filter, r *answer) error {
		s, err := sh.Selection(ctx, l.positional, chosen)
		if err != nil {
			return err
		}
		s.Within = flags.WhereTimeout
		if !from.until.IsZero() && (s.Filter.Until.IsZero() || from.until.Before(s.Filter.Until)) {
			s.Filter.Until = from.until
		}
		return a.page(ctx, sh, &s, from, in.Limit, r)
	})
}

// page fills an answer with the webhooks of a page.
func (a *agent) page(ctx context.Context, sh *shell.Shell, s *pick.Selection, from cursor, limit int, r *answer) error {
	c, last := newCleaner(a.scrub), cursor{}
	for w, err := range s.Webhooks(ctx, sh.Now()) {
		if err != nil {
			return err
		}
		newest := w.Newest()
		if from.before > 0 && newest.ID >= from.before {
			continue
		}
		if len(r.Results) == limit || c.left < mostData/8 {
			r.NextCursor = last.String()
			return nil
		}
		v, err := a.row(ctx, sh, w, c)
		if err != nil {
			return err
		}
		r.Results = append(r.Results, v)
		r.Cut = c.cut
		last = cursor{newest.ID, newest.Start.Add(slack)}
	}
	return nil
}

// row returns a webhook as barb history --json prints it.
func (a *agent) row(ctx context.Context, sh *shell.Shell, w *webhooks.Webhook, c *cleaner) (any, error) {
	subject, err := pick.Subject(ctx, sh.History, w, export.With{}, false)
	if err != nil {
		return nil, err
	}
	return c.value(subject.Line)
}

// wrong is the error about an argument that has a few values.
func wrong(name, value, choose string) error {
	return fail.Usage("%s %q is not %s", name, value, choose)
}
