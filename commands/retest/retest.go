// Package retest judges the answers to replayed webhooks. It compares them with what was answered before and evaluates
// assertions over them; it sends and prints nothing.
package retest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/commands/report"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/compare"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/snapshot"
)

// Word says in one word what became of a webhook since it was recorded.
type Word string

// The words. A webhook passes when it is answered 2xx.
const (
	Fixed        Word = "fixed"
	Regressed    Word = "regressed"
	StillFailing Word = "still failing"
	StillPassing Word = "still passing"
)

// Checks are what is checked of each answer. Without any, an answer must be 2xx.
type Checks struct {
	Assert  []*jq.Expr
	Compare bool            // with the recorded answer
	Ignore  compare.Ignored // not compared
}

// Any reports whether the answers are checked for more than a 2xx.
func (c *Checks) Any() bool { return c.Compare || len(c.Assert) > 0 }

// Verdict is what was found of one replay.
type Verdict struct {
	Word        Word // with Compare, else ""
	Answered    bool
	Then, Now   int // statuses; 0: no answer
	ThenTook    time.Duration
	NowTook     time.Duration
	Differences []compare.Difference // from the recorded answer to the new one
	Failed      []string             // the assertions that do not hold, each with why: .status < 300: status is 503
	Note        string               // what became of the answer in a snapshot, "" for nothing
	Outcome     report.Outcome
}

// Judge checks the last attempt of a replay. then has the recorded answer, whole; nil without Compare and where none
// was recorded. An attempt without an answer is an error.
func (c *Checks) Judge(attempt, then *record.Exchange) Verdict {
	v := Verdict{Answered: attempt.Response != nil, Now: attempt.Status(), NowTook: attempt.Took, Outcome: report.Pass}
	passes := v.Now/100 == 2
	bad := !passes && !c.Any()
	if c.Compare && then != nil {
		v.Then, v.ThenTook = then.Status(), then.Took
		v.Word = word(v.Then/100 == 2, passes)
		v.Differences = compare.Messages(compare.Answer(then), compare.Answer(attempt),
			compare.Options{Ignore: c.Ignore, Headers: snapshot.Telling()})
		bad = v.Word == Regressed || v.Word != Fixed && len(v.Differences) > 0
	}
	if v.Answered {
		v.Failed = c.failed(attempt, then)
	}
	switch {
	case !v.Answered:
		v.Outcome = report.Error
	case bad || len(v.Failed) > 0:
		v.Outcome = report.Fail
	}
	return v
}

func word(passed, passes bool) Word {
	switch {
	case passes && !passed:
		return Fixed
	case passes:
		return StillPassing
	case passed:
		return Regressed
	}
	return StillFailing
}

// failed returns the assertions that do not hold.
func (c *Checks) failed(attempt, then *record.Exchange) (failed []string) {
	const within = 5 * time.Second // for one expression
	for _, expr := range c.Assert {
		holds, why := expr.Judge(jq.Subject{Exchange: attempt, Recorded: then}, within)
		switch {
		case holds:
		case len(why) == 0:
			failed = append(failed, expr.String())
		default:
			failed = append(failed, fmt.Sprintf("%s: %s", expr, strings.Join(why, ", ")))
		}
	}
	return failed
}

// Ratio returns how many times as long the answer took as the recorded one; 0 where that is not known.
func (v *Verdict) Ratio() float64 {
	if v.ThenTook <= 0 || v.NowTook <= 0 {
		return 0
	}
	return float64(v.NowTook) / float64(v.ThenTook)
}

// Detail says in lines what is wrong, the most important first. It is "" for a case that passes.
func (v *Verdict) Detail(attempt *record.Exchange) string {
	var lines []string
	if v.Word != "" {
		lines = append(lines, string(v.Word))
	}
	if !v.Answered {
		text := "no answer"
		if attempt.Err != nil {
			text += ": " + attempt.Err.Text
		}
		lines = append(lines, text)
	} else if v.Outcome == report.Fail && v.Word == "" && len(v.Failed) == 0 && v.Note == "" {
		lines = append(lines, fmt.Sprintf("answered %d", v.Now))
	}
	if v.Note != "" && v.Outcome == report.Fail {
		lines = append(lines, v.Note)
	}
	for _, expr := range v.Failed {
		lines = append(lines, "not true: "+expr)
	}
	for _, d := range v.Differences {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s", d.Part, d.Name))+": "+text(d.Old)+" → "+text(d.New))
	}
	return strings.Join(lines, "\n")
}

func text(s *string) string {
	const most = 500
	switch {
	case s == nil:
		return "(none)"
	case len(*s) > most:
		return strings.ToValidUTF8((*s)[:most], "") + "…"
	}
	return *s
}

// Case returns the case of a report for the replay of a webhook.
func (v *Verdict) Case(webhook, attempt *record.Exchange, attempts int) report.Case {
	c := report.Case{Name: strings.TrimSpace(fmt.Sprintf("%d %s", webhook.First(), webhook.Event())),
		Class: webhook.Scheme, Outcome: v.Outcome, Took: v.NowTook, Retries: max(attempts-1, 0), Detail: v.Detail(attempt)}
	if c.Class == "" {
		c.Class = "unsigned"
	}
	c.Properties = append(c.Properties, report.Property{Name: "webhook id", Value: attempt.WebhookID},
		report.Property{Name: "status", Value: fmt.Sprint(v.Now)})
	if v.Word != "" {
		c.Properties = append(c.Properties, report.Property{Name: "recorded status", Value: fmt.Sprint(v.Then)},
			report.Property{Name: "recorded ms", Value: fmt.Sprint(v.ThenTook.Milliseconds())})
	}
	return c
}

// Facts are the statuses and times of both answers.
func (v *Verdict) Facts() string {
	status := func(code int) string {
		if code == 0 {
			return "no answer"
		}
		return strconv.Itoa(code)
	}
	if v.Word == "" {
		return status(v.Now) + "  " + ui.Duration(v.NowTook)
	}
	if v.ThenTook == 0 { // a snapshot has no times
		return fmt.Sprintf("%s → %s  %s", status(v.Then), status(v.Now), ui.Duration(v.NowTook))
	}
	text := fmt.Sprintf("%s → %s  %s → %s", status(v.Then), status(v.Now), ui.Duration(v.ThenTook), ui.Duration(v.NowTook))
	if ratio := v.Ratio(); ratio > 0 && v.Answered {
		text += fmt.Sprintf(" (%s×)", strings.TrimSuffix(strconv.FormatFloat(ratio, 'f', 1, 64), ".0"))
	}
	return text
}
