package commands

import (
	"fmt"
	"path/filepath"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/provider"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/script"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/units"
)

// maxAnswer is how large the file behind body=@ may be.
const maxAnswer = 10 << 20

// answering is what a listener answers on purpose.
type answering struct {
	respond  *script.Script // nil: not scripted
	tables   []table
	failRate float64
	failWith *script.Script
	failing  string // failWith as it was written
	latency  script.Span
	dice     script.Random
	provider *provider.Provider // of --as; nil: none
	platform *script.Platform   // nil: none is

	order turns
	hooks int64 // how many have had their turn
	calls map[*script.Script]int64
}

// place is where a hook stands in all that is scripted.
type place struct {
	hook   int64          // its number, from 1
	script *script.Script // nil: none
	answer int64          // its number among those of the script
	fails  int64          // its number among those that fail; 0: it does not
}

// scripts reports whether the order of hooks matters.
func (a *answering) scripts() bool {
	return a.respond != nil || len(a.tables) > 0 || a.failRate > 0 || a.latency.Max > 0
}

// scriptOf is the script for a hook; nil when there is none.
func (a *answering) scriptOf(x *record.Exchange) *script.Script {
	if x.Handshake != "" || x.Verdict.Status == record.Invalid {
		return nil
	}
	for i := range a.tables {
		if a.tables[i].matches(x) {
			return a.tables[i].script
		}
	}
	return a.respond
}

// seat gives a hook its place. It is called for one hook after the other, in the order of the history.
func (a *answering) seat(h *hook) {
	if x := h.x; x.Handshake != "" || x.Verdict.Status == record.Invalid {
		return
	}
	if a.calls == nil {
		a.calls = map[*script.Script]int64{}
	}
	a.hooks++
	p := &h.place
	p.hook, p.script = a.hooks, h.scripted()
	if p.script != nil {
		a.calls[p.script]++
		p.answer = a.calls[p.script]
	}
	if a.failRate > 0 && a.dice.Draw(p.hook, script.ForFailure) < a.failRate {
		a.calls[a.failWith]++
		p.fails = a.calls[a.failWith]
	}
}

// maxBody is the largest body that is taken.
func (a *answering) maxBody(asked int64) int64 {
	if a.platform != nil {
		return min(asked, a.platform.MaxBody)
	}
	return asked
}

// relay makes of what came of a forward the sender's answer.
func (a *answering) relay(app *record.Response, why *record.Failure) *record.Response {
	if a.platform != nil && why != nil && why.Kind == record.FailTimeout {
		return a.platform.Late()
	}
	return listen.Relay(app, why)
}

// describe says what is done on purpose, a line each.
func (a *answering) describe() (lines []string) {
	for _, t := range a.tables {
		lines = append(lines, "scripted "+t.String())
	}
	if a.failRate > 0 || a.latency.Max > 0 {
		text := fmt.Sprintf("--seed %d: ", a.dice.Seed)
		if rate := flags.Percent(a.failRate); rate > 0 {
			text += rate.String() + " fail with " + ui.EscapeLine(a.failing)
		}
		if a.latency.Max > 0 {
			text += " latency " + a.latency.String()
		}
		lines = append(lines, text)
	}
	if p := a.provider; p != nil {
		lines = append(lines, fmt.Sprintf("as %s: an answer after %g s is too late (%s)", p.Title, p.Timeout.Seconds(), p.Docs[0]))
	}
	if p := a.platform; p != nil {
		lines = append(lines, fmt.Sprintf("as on %s: bodies up to %s, %g s for the app; %s (%s)", p.Title, documentedSize(p.MaxBody), p.Timeout.Seconds(), p.Doubt, p.Docs[0]))
	}
	return lines
}

// documentedSize is a limit in the unit that its number is round in, so that it is known again: Lambda's 6 MB are 6MiB.
func documentedSize(n int64) string {
	if n%(1<<20) == 0 {
		return units.FormatSize(n)
	}
	return ui.Size(n)
}

// answerBody reads what body=@PATH names, beside a file when one is given, else in the working folder.
func (sh *shell) answerBody(beside string) func(path string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		if path == "" {
			return nil, fail.Usage("body=@ names no file").Hint("body=@answer.json")
		}
		if beside != "" && path != "-" && !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(beside), path)
		}
		return infile.ReadArgument(sh.In, path, maxAnswer)
	}
}
