package tui

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/barbhq/barb/units"
)

// mostCopied is how many bytes a terminal takes for its clipboard; several drop more.
const mostCopied = 74_000

// Copy copies a text with the escape sequence OSC 52, which also works through ssh. What is copied is coded in base64,
// so that nothing in it steers the terminal.
func (w *World) Copy(ctx context.Context, screen io.Writer, c Copy) Copied {
	text, m := c.Text, Copied{What: fmt.Sprintf("%d as %s", c.ID, c.What)}
	if text == "" {
		var out, errs strings.Builder
		if w.Barb(ctx, Line{Args: c.Args, Out: &out, Err: &errs}) != 0 {
			m.Err = errs.String()
			return m
		}
		text = out.String()
		if c.What == "curl" {
			text = strings.TrimSuffix(text, "\n")
		}
	}
	coded, size := base64.StdEncoding.EncodeToString([]byte(text)), units.RoundSize(int64(len(text)))
	if len(coded) > mostCopied {
		m.Err = fmt.Sprintf("%d is too long for the clipboard of a terminal: %s; barb %s", c.ID, size,
			strings.Join(c.Args, " "))
		return m
	}
	_, err := io.WriteString(screen, "\x1b]52;c;"+coded+"\a")
	if err != nil {
		m.Err = err.Error()
	}
	m.What += ", " + size
	return m
}
