package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/store/senders"
)

// sendersShown is how many webhooks of a sender are shown, the latest; --json has all.
const sendersShown = 20

// SenderLine summarises a sender:
//
//	the sender (github, to /in) retries with faults: it ignores Retry-After (3 webhooks came more than once)
func SenderLine(s *senders.Sender) string {
	line := fmt.Sprintf("the sender (%s, to %s) ", schemeOrNone(s), Clip(s.Path, 60))
	switch s.Grade {
	case senders.Good:
		line += "retries correctly"
	case senders.NotJudged:
		return line + "had no webhook to retry"
	default:
		line += "retries with faults: it " + strings.Join(s.Faults, ", ")
	}
	return fmt.Sprintf("%s (%s came more than once)", line, Count(s.Again, "webhook"))
}

func senderName(s *senders.Sender) string { return schemeOrNone(s) + " " + Clip(s.Path, 60) }

func schemeOrNone(s *senders.Sender) string { return cmp.Or(EscapeLine(s.Scheme), "unsigned") }

// Senders writes for each sender a verdict, the evidence, and a table of the webhooks that were sent more than once.
func (p *Printer) Senders(all []*senders.Sender) {
	for i, s := range all {
		if i > 0 {
			p.Line("")
		}
		p.Line(p.bold(senderName(s)) + "  " + p.grade(s))
		p.Pairs([][2]string{
			{"  webhooks", senderSums(s)},
			{"  retry-after", p.honoured(&s.Conduct)},
			{"  tries again", p.finding(s.Retried, "yes", "no: it never retries a failed delivery")},
			{"  gaps", spacingLine(s)},
			{"  webhook id", p.finding(s.IDKept, "kept", "changes from attempt to attempt (the same body came again "+
				"after a failure)")},
			{"  body", p.finding(s.BodyKept, "identical", "changes from attempt to attempt")},
			{"  signature", p.finding(s.Signed, "new for each attempt, with a new timestamp",
				"the same for each attempt, with the old timestamp")},
			{"  after 2xx", p.finding(s.Stopped2xx, "stops", "keeps sending")},
			{"  after 410", p.finding(s.Stopped410, "stops", "keeps sending")},
		})
		p.repeats(s)
	}
}

func (p *Printer) grade(s *senders.Sender) string {
	text := string(s.Grade)
	switch s.Grade {
	case senders.Good:
		return p.good(text)
	case senders.NotJudged:
		return p.faint(text + ": no webhook needed a second attempt")
	}
	return p.bad(text + ": " + strings.Join(s.Faults, ", "))
}

// finding returns the text for a finding, "" for unknown, which has no line.
func (p *Printer) finding(f senders.Finding, yes, no string) string {
	switch f {
	case senders.Yes:
		return p.good(yes)
	case senders.No:
		return p.bad(no)
	}
	return ""
}

func (p *Printer) honoured(c *senders.Conduct) string {
	if c.Asked == 0 {
		return ""
	}
	if c.Honoured == c.Asked {
		return p.good(honoured(c))
	}
	return p.bad(honoured(c))
}

// honoured says how often a sender waited as long as it was asked to.
func honoured(c *senders.Conduct) string {
	text := fmt.Sprintf("honoured %d of %d times", c.Honoured, c.Asked)
	if c.Honoured < c.Asked {
		text += ", " + Duration(c.Undercut) + " too early at worst"
	}
	return text
}

// SenderRow returns how a sender behaved, in columns: who it is, the grade with the faults, its webhooks and how they
// ended, and how it spaced its attempts.
func SenderRow(s *senders.Sender) []string {
	var gaps []string
	if text := spacingLine(s); text != "" {
		gaps = append(gaps, text)
	}
	if s.Asked > 0 {
		gaps = append(gaps, "Retry-After "+honoured(&s.Conduct))
	}
	grade := string(s.Grade)
	if len(s.Faults) > 0 {
		grade += ": " + strings.Join(s.Faults, ", ")
	}
	return []string{senderName(s), grade, senderSums(s), strings.Join(gaps, "; ")}
}

func senderSums(s *senders.Sender) string {
	return fmt.Sprintf("%d in %s, %d came more than once%s", len(s.Deliveries), Count(s.Attempts, "attempt"), s.Again,
		ends(s))
}

func spacingLine(s *senders.Sender) string {
	var words []string
	if s.Spacing != senders.NoSpacing {
		words = append(words, string(s.Spacing))
	}
	switch s.Jitter {
	case senders.Yes:
		words = append(words, "with jitter")
	case senders.No:
		words = append(words, "without jitter")
	}
	return strings.Join(words, ", ")
}

func ends(s *senders.Sender) string {
	var words []string
	for _, end := range []senders.End{senders.Delivered, senders.Gone, senders.Refused, senders.GaveUp, senders.Open} {
		if n := s.Ends[end]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, endWord(end)))
		}
	}
	return "; " + strings.Join(words, ", ")
}

func endWord(end senders.End) string { return strings.ReplaceAll(string(end), "_", " ") }

// repeats writes the table of the webhooks that were sent more than once.
func (p *Printer) repeats(s *senders.Sender) {
	var rows [][]string
	for _, d := range slices.Backward(s.Deliveries) {
		if len(d.Attempts) > 1 {
			rows = append(rows, []string{"  " + strconv.FormatInt(d.Attempts[0].ID, 10), Clip(d.WebhookID(), 40), answers(d),
				gaps(d), string(d.Spacing), endWord(d.End)})
		}
	}
	if len(rows) == 0 {
		return
	}
	p.Line("")
	more := len(rows) - sendersShown
	p.Table([]string{"  FIRST", "WEBHOOK", "ANSWERS", "GAPS", "", "END"}, rows[:min(len(rows), sendersShown)])
	if more > 0 {
		p.Line(p.faint(fmt.Sprintf("  (%d earlier ones not shown; --json has all)", more)))
	}
}

// listed is how many attempts of a webhook fit into a row.
const listed = 6

func answers(d *senders.Delivery) string {
	var words []string
	for i := range d.Attempts {
		word := "–"
		if status := d.Attempts[i].Status; status != 0 {
			word = strconv.Itoa(status)
		}
		words = append(words, word)
	}
	return few(words)
}

// gaps returns the waits, each with the requested one: 1.2s/1s.
func gaps(d *senders.Delivery) string {
	var words []string
	for i, gap := range d.Gaps {
		word := Duration(gap)
		if asked := d.Attempts[i].RetryAfter; asked > 0 {
			word += "/" + Duration(asked.Round(time.Millisecond))
		}
		words = append(words, word)
	}
	return few(words)
}

func few(words []string) string {
	if len(words) > listed {
		words = append(slices.Clone(words[:listed-1]), "… "+words[len(words)-1])
	}
	return strings.Join(words, " ")
}
