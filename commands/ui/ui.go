// Package ui is how barb looks. It writes colours, lines and tables to a given writer, and is the only package that
// uses lipgloss and fatih/color. It decides nothing and reads nothing.
package ui

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/fatih/color"

	"github.com/barbhq/barb/store/record"
)

// Printer writes for people. Its zero value except W writes plain text of unlimited width. It is safe for concurrent
// use: the text of one call of Printf stays together.
type Printer struct {
	W     io.Writer
	Color bool
	Width int  // columns; 0: unknown, nothing is cut
	Pane  bool // what it prints stands in a pane of the width: a word that is longer is broken, too

	// Overlooked reports whether a webhook was not checked though a secret is known for it; nil: nothing is said of that.
	Overlooked func(x *record.Exchange) bool

	mu  sync.Mutex // held for each write
	err error
}

// Err returns the first error of writing, so that a full disk behind stdout does not pass for success.
func (p *Printer) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Printf writes formatted text. Arguments of a peer must be escaped, see Escape.
func (p *Printer) Printf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.W, format, args...)
	}
}

// Write writes bytes unchanged, so that a Printer is an io.Writer.
func (p *Printer) Write(data []byte) (int, error) {
	p.Printf("%s", data)
	return len(data), nil
}

// Line writes one line.
func (p *Printer) Line(s string) { p.Printf("%s\n", s) }

// The colours, named by their meaning.
func (p *Printer) good(s string) string { return p.paint(s, color.FgGreen) }
func (p *Printer) bad(s string) string  { return p.paint(s, color.FgRed) }
func (p *Printer) warn(s string) string { return p.paint(s, color.FgYellow) }

// Faint returns text that matters less than what stands around it.
func (p *Printer) Faint(s string) string { return p.faint(s) }
func (p *Printer) faint(s string) string { return p.paint(s, color.Faint) }
func (p *Printer) bold(s string) string  { return p.paint(s, color.Bold) }

// Title returns the title of a part of a help text, in bold.
func (p *Printer) Title(s string) string { return p.bold(s) }

func (p *Printer) paint(s string, attrs ...color.Attribute) string {
	if !p.Color || s == "" {
		return s
	}
	c := color.New(attrs...)
	c.EnableColor() // this writer may be a terminal although the process's stdout is not
	return c.Sprint(s)
}

// Duration formats a duration for people: 850µs, 41ms, 1.8s, 2m5s, 3h20m, 2d4h.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Duration(-d)
	case d < time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Round(time.Millisecond).Milliseconds())
	case d < 10*time.Second:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + "s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Round(time.Second).Seconds()))
	case d < time.Hour:
		return parts(d, time.Minute, "m", time.Second, "s")
	case d < 48*time.Hour:
		return parts(d, time.Hour, "h", time.Minute, "m")
	}
	return parts(d, 24*time.Hour, "d", time.Hour, "h")
}

// Age formats the age of a timestamp in whole seconds, the resolution of most timestamps.
func Age(d time.Duration) string {
	if d > -10*time.Second && d < 10*time.Second {
		return fmt.Sprintf("%ds", int(d.Seconds()))
	}
	return Duration(d)
}

func parts(d, big time.Duration, bigName string, small time.Duration, smallName string) string {
	d = d.Round(small)
	if rest := d % big / small; rest > 0 {
		return fmt.Sprintf("%d%s%d%s", d/big, bigName, rest, smallName)
	}
	return fmt.Sprintf("%d%s", d/big, bigName)
}
