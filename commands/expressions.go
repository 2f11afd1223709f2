package commands

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store/record"
)

// judgements are how the expressions of one command went. An expression that fails on a webhook does not end the
// command: that webhook is left out, and said.
type judgements struct {
	mu    sync.Mutex
	flags []judgement

	// strict has the command end with 1 when an expression failed: it acts on webhooks.
	strict bool
	// unending says each failure, because no end comes to sum them up.
	unending bool
}

// judgement is how one expression went.
type judgement struct {
	flag    string
	decided int            // exchanges on which the expression did not fail
	failed  int            // exchanges on which it failed
	said    map[int64]bool // the latest of them, because a command may ask several times
	last    error
}

const (
	// maxFailuresSaid is how many failures of an expression are said one by one.
	maxFailuresSaid = 20
	// maxFailuresKept is how many exchanges are remembered as said: a listener runs for weeks.
	maxFailuresKept = 100_000
)

// judged notes how the expression of a flag went on an exchange, nil for a line about something else, and says it when
// it failed. An exchange is said once.
func (sh *shell) judged(flag string, x *record.Exchange, err error) {
	js := &sh.judgements
	js.mu.Lock()
	defer js.mu.Unlock()
	i := slices.IndexFunc(js.flags, func(j judgement) bool { return j.flag == flag })
	if i < 0 {
		i = len(js.flags)
		js.flags = append(js.flags, judgement{flag: flag, said: map[int64]bool{}})
	}
	switch j := &js.flags[i]; {
	case err == nil:
		j.decided++
	case x == nil:
		sh.warn("%s fails on a line that is no webhook: %v", flag, err)
	case !j.said[x.ID]:
		if len(j.said) >= maxFailuresKept {
			clear(j.said)
		}
		j.failed, j.last, j.said[x.ID] = j.failed+1, err, true
		if j.failed <= maxFailuresSaid || js.unending {
			done := "left out"
			if flag == "--jq" {
				done = "not printed"
			}
			sh.warn("%d is %s, because %s fails on it: %v", x.ID, done, flag, err)
		}
	}
}

// failures returns on how many exchanges expressions failed.
func (js *judgements) failures() (n int) {
	for _, j := range js.flags {
		n += j.failed
	}
	return n
}

// judgementsEnd sums up the failures of expressions at the end of a command. The error says that an expression failed
// on everything, or that a command left something undone.
func (sh *shell) judgementsEnd() error {
	js := &sh.judgements
	for _, j := range js.flags {
		if more := j.failed - maxFailuresSaid; more > 0 && !js.unending {
			sh.warn("%s fails on %d more", j.flag, more)
		}
	}
	if js.strict && js.failures() > 0 {
		return fail.Silent(fail.ExitFailed)
	}
	for _, j := range js.flags {
		if j.decided > 0 || j.failed == 0 {
			continue
		}
		failure := fail.Usage("%s fails on every webhook (%d)", j.flag, j.failed)
		if e, ok := errors.AsType[*jq.EvalError](j.last); ok && strings.HasPrefix(e.Err.Error(), "cannot iterate over") {
			failure = failure.Hint("write []? for [] where a webhook may lack the list: " + strings.ReplaceAll(e.Part, "[]",
				"[]?"))
		}
		return failure
	}
	return nil
}
