package ui

import (
	"fmt"
	"strings"

	"github.com/barbhq/barb/sign/explain"
)

// Explanation writes why a message was refused. It escapes quotes from the message, which its sender chose.
func (p *Printer) Explanation(a *explain.Answer) {
	line := func(format string, args ...any) {
		for i, part := range p.wrapped(EscapeLine(fmt.Sprintf(format, args...)), p.Width-4) {
			p.Line(strings.Repeat("  ", min(i, 1)+1) + part)
		}
	}
	for _, c := range a.Causes {
		line("matches if %s: %s", c.Change, c.Words)
		if c.Part == explain.Secret && !strings.Contains(c.Change, c.Secret) {
			line("the secret is %s", c.Secret)
		}
		writeDifference(line, c.Difference)
		writeFixes(line, c.Fix)
		if len(c.Fix) > 1 { // it is not known which framework it is
			line("for another framework, barb verify --emit NAME writes a receiver that keeps the body unchanged")
		}
	}
	for _, header := range a.Seen {
		line("%s", seenText(header))
	}
	for _, h := range a.Hints {
		line("likely cause: %s", h.Words)
		writeFixes(line, h.Fix)
	}
	switch {
	case a.Absent && a.Scheme.Name == "":
		line("no signature found; barb schemes lists the headers of the known schemes")
	case a.Absent:
		line("no signature found; %s puts it in %s", a.Scheme.Name, headerText(a.Scheme))
	case a.Cut:
		line("no cause found yet: the search stopped after %d changes, before everything was tried", a.Tried)
	case len(a.Causes) == 0:
		line("no cause found: none of %d changes to the secret, the headers and the body makes the signature match", a.Tried)
	}
}

func writeDifference(line func(string, ...any), d *explain.Difference) {
	if d == nil {
		return
	}
	of := ""
	if d.Of != explain.Body {
		of = " of the URL"
	}
	line("first difference at byte %d%s:  %s  against  %s", d.Offset, of, explain.Show(d.Have), explain.Show(d.Want))
}

func writeFixes(line func(string, ...any), fixes []explain.Fix) {
	for _, f := range fixes {
		line("%s: %s", f.Framework, f.Text)
	}
}

// seenText describes a header that looks like a signature.
func seenText(s explain.Seen) string {
	if len(s.Schemes) == 0 {
		return s.Header + " is named like a signature, but is in no format that barb knows"
	}
	return s.Header + " has the format of " + strings.Join(s.Schemes, ", ")
}
