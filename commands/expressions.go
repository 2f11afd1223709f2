package commands

import (
	"errors"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store/record"
)

// judgements are how the expressions of one command went. An expression that fails on a webhook does not end the
// command: that webhook is left out, and said.
type judgements struct {
	tally jq.Tally
	// strict has the command end with 1 when an expression failed: it acts on webhooks.
	strict bool
	// unending says each failure, because no end comes to sum them up.
	unending bool
}

// maxFailuresSaid is how many failures of an expression are said one by one.
const maxFailuresSaid = 20

// judged notes how the expression of a flag went on an exchange, nil for a line about something else, and says it when
// it failed.
func (sh *shell) judged(flag string, x *record.Exchange, err error) {
	say, number := sh.judgements.tally.Note(flag, x, err)
	if say != "" && (number <= maxFailuresSaid || sh.judgements.unending) {
		sh.warn("%s", say)
	}
}

// failures returns on how many exchanges expressions failed.
func (js *judgements) failures() (n int) {
	for _, c := range js.tally.Counts() {
		n += c.Failed
	}
	return n
}

// judgementsEnd sums up the failures of expressions at the end of a command. The error says that an expression failed
// on everything, or that a command left something undone.
func (sh *shell) judgementsEnd() error {
	js := &sh.judgements
	counts := js.tally.Counts()
	for _, c := range counts {
		if more := c.Failed - maxFailuresSaid; more > 0 && !js.unending {
			sh.warn("%s fails on %d more", c.Flag, more)
		}
	}
	if js.strict && js.failures() > 0 {
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
