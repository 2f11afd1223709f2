package tui

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/keys"
	"github.com/barbhq/barb/store/webhooks"
	"github.com/barbhq/barb/units"
)

// mostCopied is how many bytes a terminal takes for its clipboard; several drop more.
const mostCopied = 74_000

// Copy copies a text with the escape sequence OSC 52, which also works through ssh. What is copied is coded in base64,
// so that nothing in it steers the terminal.
func (w *World) Copy(ctx context.Context, screen io.Writer, c Copy) Copied {
	text, notes, err := w.textOf(ctx, c)
	if err != nil {
		return Copied{Err: err.Error()}
	}
	m := Copied{What: fmt.Sprintf("%d as %s", c.ID, c.What)}
	coded, size := base64.StdEncoding.EncodeToString([]byte(text)), units.RoundSize(int64(len(text)))
	if len(coded) > mostCopied {
		m.Err = fmt.Sprintf("%d is too long for the clipboard of a terminal: %s; %s", c.ID, size, printed(c))
		return m
	}
	_, err = io.WriteString(screen, "\x1b]52;c;"+coded+"\a")
	if err != nil {
		m.Err = err.Error()
	}
	m.What += ", " + size
	if len(notes) > 0 {
		m.What += ": " + strings.Join(notes, "; ")
	}
	return m
}

// copyOf is the copy of what a letter stands for.
func copyOf(l keys.Letter, w *webhooks.Webhook) Copy {
	id := texts([]int64{w.ID})[0]
	c := Copy{ID: w.ID, What: l.What, Form: l.Form}
	switch l.What {
	case "headers", "body":
		c.Args = []string{"show", id, "--" + l.What}
	case "id":
		c.Text = id
	case "URL":
		c.Text = w.Last().Request.URL
	}
	return c
}

// CopyLetter copies what a letter after y stands for, and says what it did. It has no line of a body to name.
func (w *World) CopyLetter(ctx context.Context, screen io.Writer, id int64, l keys.Letter) string {
	one, err := webhooks.Get(ctx, w.History, id, w.Shell.Now())
	if err != nil {
		return told(err).Error()
	}
	m := w.Copy(ctx, screen, copyOf(l, one))
	if m.Err != "" {
		return strings.TrimSpace(m.Err)
	}
	return "copied " + m.What
}

// printed is the command line that prints what is copied.
func printed(c Copy) string {
	switch act.Form(c.What) {
	case act.Curl, act.Raw:
		return fmt.Sprintf("barb show %d --%s", c.ID, c.What)
	case act.HTTP:
		return fmt.Sprintf("barb export http %d", c.ID)
	case act.Fetch, act.Go, act.Py:
		return "barb ui copies it"
	}
	return "barb " + strings.Join(c.Args, " ")
}

// textOf returns what is copied, and what it does not have of the request.
func (w *World) textOf(ctx context.Context, c Copy) (text string, notes []string, err error) {
	switch {
	case c.Text != "":
		return c.Text, nil, nil
	case c.Form:
		copied, err := w.actions().Copy(ctx, c.ID, act.Form(c.What))
		if err != nil {
			return "", nil, told(err)
		}
		if text = string(copied.Text); act.Form(c.What) == act.Curl {
			text = strings.TrimSuffix(text, "\n") // a shell would run it at once
		}
		if len(copied.Holds) > 0 {
			copied.Notes = append(copied.Notes, "with "+strings.Join(copied.Holds, ", "))
		}
		return text, copied.Notes, nil
	}
	var out, errs strings.Builder
	if w.Barb(ctx, Line{Args: c.Args, Out: &out, Err: &errs}) != 0 {
		return "", nil, errors.New(errs.String())
	}
	return out.String(), nil, nil
}
