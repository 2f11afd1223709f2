package commands

import (
	"fmt"
	"path/filepath"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/units"
)

// maxAnswer is how large the file behind body=@ may be.
const maxAnswer = 10 << 20

// describeAnswers says what is done on purpose, a line each.
func (g *listener) describeAnswers() (lines []string) {
	for _, t := range g.tables {
		lines = append(lines, "scripted "+t.String())
	}
	if g.gate.Answers.FailRate > 0 || g.gate.Answers.Latency.Max > 0 {
		text := fmt.Sprintf("--seed %d: ", g.gate.Answers.Random.Seed)
		if rate := flags.Percent(g.gate.Answers.FailRate); rate > 0 {
			text += rate.String() + " fail with " + ui.EscapeLine(g.failing)
		}
		if g.gate.Answers.Latency.Max > 0 {
			text += " latency " + g.gate.Answers.Latency.String()
		}
		lines = append(lines, text)
	}
	if p := g.gate.Provider; p != nil {
		lines = append(lines, fmt.Sprintf("as %s: an answer after %g s is too late (%s)", p.Title, p.Timeout.Seconds(),
			p.Docs[0]))
	}
	if p := g.gate.Answers.Platform; p != nil {
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
