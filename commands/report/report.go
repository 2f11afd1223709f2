// Package report writes what was checked in the forms that CI servers show. They are JUnit XML, TAP 14, annotations of
// GitHub, HTML and a badge. Names and details may be a stranger's data: each form escapes them.
package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/ui"
)

// Outcome is how a case ended.
type Outcome string

// The outcomes. Error is a case that could not be checked: no answer, a fault of this machine, an interruption.
const (
	Pass  Outcome = "pass"
	Fail  Outcome = "fail"
	Skip  Outcome = "skip"
	Error Outcome = "error"
)

// Report is what a command has checked.
type Report struct {
	Name        string // of the command, such as "barb replay"
	Began       time.Time
	Took        time.Duration
	Cases       []Case
	Interrupted bool // the check was cut off; every form says so with an error of its own
	Badge       Badge
}

// Case is one thing that was checked.
type Case struct {
	Name       string // one line
	Class      string // the group of the case
	Outcome    Outcome
	Detail     string        // why it failed, was skipped or could not be checked; the first line is the summary
	Took       time.Duration // 0 when nothing was timed
	Retries    int           // attempts after the first; every form says so
	Properties []Property    // in the order in which they are shown
}

// Property is a fact about a case.
type Property struct{ Name, Value string }

// Summary returns the first line of the detail.
func (c *Case) Summary() string {
	first, _, _ := strings.Cut(strings.TrimSpace(c.Detail), "\n")
	return first
}

// retried says how many attempts a case took, "" for one.
func (c *Case) retried() string {
	switch c.Retries {
	case 0:
		return ""
	case 1:
		return "1 retry"
	}
	return fmt.Sprintf("%d retries", c.Retries)
}

// Counts is how many cases ended each way.
type Counts struct{ Passed, Failed, Skipped, Errors, Retried int }

// Total returns the number of cases.
func (n Counts) Total() int { return n.Passed + n.Failed + n.Skipped + n.Errors }

// OK reports whether no case failed and each could be checked.
func (n Counts) OK() bool { return n.Failed+n.Errors == 0 }

// String says the counts in one line.
func (n Counts) String() string {
	parts := []string{fmt.Sprintf("%d passed", n.Passed)}
	for _, part := range []struct {
		n    int
		text string
	}{{n.Failed, "failed"}, {n.Errors, "could not be checked"}, {n.Skipped, "skipped"},
		{n.Retried, "took more than one attempt"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.text))
		}
	}
	return strings.Join(parts, ", ")
}

// Count returns how many cases ended each way. An interruption counts as an error.
func (r *Report) Count() (n Counts) {
	for i := range r.Cases {
		c := &r.Cases[i]
		switch c.Outcome {
		case Pass:
			n.Passed++
		case Skip:
			n.Skipped++
		case Fail:
			n.Failed++
		default:
			n.Errors++
		}
		if c.Retries > 0 {
			n.Retried++
		}
	}
	if r.Interrupted {
		n.Errors++
	}
	return n
}

// The longest texts of a report, in characters and bytes. The whole answer is in the history.
const (
	longestName   = 300
	longestDetail = 32 << 10
)

// shown returns the report as every form writes it: no text of a stranger steers a terminal, breaks a line or is
// invalid XML. An interruption is a case.
func (r *Report) shown() *Report {
	s := *r
	s.Name, s.Cases = line(r.Name), make([]Case, 0, len(r.Cases)+1)
	for _, c := range r.Cases {
		c.Name, c.Class = line(c.Name), line(c.Class)
		c.Detail = visible(c.Detail)
		properties := make([]Property, len(c.Properties))
		for i, p := range c.Properties {
			properties[i] = Property{line(p.Name), line(p.Value)}
		}
		c.Properties = properties
		s.Cases = append(s.Cases, c)
	}
	if r.Interrupted {
		s.Cases = append(s.Cases, Case{Name: "interrupted", Class: s.Name, Outcome: Error,
			Detail: "interrupted before the end: what follows was not checked"})
		s.Interrupted = false
	}
	return &s
}

// visible returns a detail whose control characters are visible, cut where it is too long.
func visible(detail string) string {
	if len(detail) > longestDetail {
		cut := len(detail) - longestDetail
		detail = strings.ToValidUTF8(detail[:longestDetail], "") + fmt.Sprintf("\n… %d bytes more", cut)
	}
	return noncharacters.Replace(ui.Escape(strings.ReplaceAll(strings.TrimSpace(detail), "\r\n", "\n")))
}

// line returns a text on one line, cut where it is too long, with its control characters visible.
func line(text string) string { return noncharacters.Replace(ui.Clip(text, longestName)) }

// noncharacters makes visible what a terminal shows and XML refuses.
var noncharacters = strings.NewReplacer("\ufffe", `\ufffe`, "\uffff", `\uffff`)
