package pick

import (
	"errors"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store/record"
)

// Judgements are how the expressions of one command went. An expression that fails on a webhook does not end the
// command: that webhook is left out, and Warn says so.
type Judgements struct {
	Warn func(format string, args ...any)
	// Strict has End return fail.ExitFailed when an expression failed: the command acts on webhooks.
	Strict bool
	// Unending says each failure, because no end comes to sum them up.
	Unending bool
	tally    jq.Tally
}

// maxFailuresSaid is how many failures of an expression are said one by one.
const maxFailuresSaid = 20

// Note notes how the expression of a flag went on an exchange, and says it when it failed.
func (js *Judgements) Note(flag string, x *record.Exchange, err error) {
	say, number := js.tally.Note(flag, x, err)
	if say != "" && (number <= maxFailuresSaid || js.Unending) {
		js.Warn("%s", say)
	}
}

// Failures returns on how many exchanges expressions failed.
func (js *Judgements) Failures() (n int) {
	for _, c := range js.tally.Counts() {
		n += c.Failed
	}
	return n
}

// End sums up the failures of expressions at the end of a command. The error says that an expression failed
// on everything, or that a command left something undone.
func (js *Judgements) End() error {
	counts := js.tally.Counts()
	for _, c := range counts {
		if more := c.Failed - maxFailuresSaid; more > 0 && !js.Unending {
			js.Warn("%s fails on %d more", c.Flag, more)
		}
	}
	if js.Strict && js.Failures() > 0 {
		return fail.Silent(fail.ExitFailed)
	}
	for _, c := range counts {
		if c.Decided > 0 || c.Failed == 0 {
			continue
		}
		failure := fail.Usage("%s fails on every webhook (%d)", c.Flag, c.Failed)
		if e, ok := errors.AsType[*jq.EvalError](c.Last); ok && strings.HasPrefix(e.Err.Error(), "cannot iterate over") {
			failure = failure.Hint("write []? for [] where a webhook may lack the list: " + strings.ReplaceAll(e.Part, "[]",
				"[]?"))
		}
		return failure
	}
	return nil
}
