package commands

import (
	"fmt"
	"path/filepath"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/provider"
	"github.com/barbhq/barb/listen/script"
	"github.com/barbhq/barb/units"
)

// maxAnswer is how large the file behind body=@ may be.
const maxAnswer = 10 << 20

// answering is what a listener answers on purpose, and what is said of it.
type answering struct {
	answers  script.Plan
	tables   []table
	failing  string             // FailWith as it was written
	provider *provider.Provider // of --as; nil: none
}

// describe says what is done on purpose, a line each.
func (a *answering) describe() (lines []string) {
	for _, t := range a.tables {
		lines = append(lines, "scripted "+t.String())
	}
	if a.answers.FailRate > 0 || a.answers.Latency.Max > 0 {
		text := fmt.Sprintf("--seed %d: ", a.answers.Random.Seed)
		if rate := flags.Percent(a.answers.FailRate); rate > 0 {
			text += rate.String() + " fail with " + ui.EscapeLine(a.failing)
		}
		if a.answers.Latency.Max > 0 {
			text += " latency " + a.answers.Latency.String()
		}
		lines = append(lines, text)
	}
	if p := a.provider; p != nil {
		lines = append(lines, fmt.Sprintf("as %s: an answer after %g s is too late (%s)", p.Title, p.Timeout.Seconds(),
			p.Docs[0]))
	}
	if p := a.answers.Platform; p != nil {
		lines = append(lines, fmt.Sprintf("as on %s: bodies up to %s, %g s for the app; %s (%s)", p.Title,
			documentedSize(p.MaxBody), p.Timeout.Seconds(), p.Doubt, p.Docs[0]))
	}
	return lines
}

// documentedSize is a limit in the unit that its number is round in, so that it is known again: Lambda's 6 MB are 6MiB.
func documentedSize(n int64) string {
	if n%(1<<20) == 0 {
		return units.FormatSize(n)
	}
	return units.RoundSize(n)
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
