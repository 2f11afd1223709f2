package commands

import (
	"fmt"
	"path/filepath"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/listen/script"
	"github.com/barbhq/barb/units"
)

// maxAnswer is how large the file behind body=@ may be.
const maxAnswer = 10 << 20

// takeAnswers reads from the flags and barb.toml what the listener answers on purpose.
func (g *listener) takeAnswers(o listenOptions) (err error) {
	if o.Respond != "" {
		if g.gate.Answers.Respond, err = g.flagScript("respond", o.Respond); err != nil {
			return err
		}
	}
	if err := g.takeTables(); err != nil {
		return err
	}
	if err := g.takeChance(o); err != nil {
		return err
	}
	if o.As != "" {
		p, err := lookupProvider(o.As)
		if err != nil {
			return err
		}
		g.gate.Provider = &p
	}
	if o.Platform != "" {
		g.gate.Answers.Platform, err = o.PlatformLimits()
	}
	return err
}

// takeTables reads the scripts of [[respond]]. Flags and variables that say how to answer go before all of them.
func (g *listener) takeTables() (err error) {
	if g.sh.Weight("respond") > 1 || g.sh.Weight("forward-to") > 1 {
		return nil
	}
	file := g.sh.File
	g.tables = file.Tables
	read := answerBody(g.sh, file.Path)
	for i := range g.tables {
		t := &g.tables[i]
		key, what := "answer", ": answer"
		rule := script.Rule{Path: t.Path, Event: t.Event, Scheme: t.Scheme}
		if rule.Where, err = t.Condition(file.Path); err != nil {
			return err
		}
		if t.Answer != "" {
			rule.Script, err = script.Parse(t.Answer, read)
		} else {
			rule.Script, key, err = t.FromKeys(read)
			what = "" // the error names the key
		}
		if err != nil {
			return flags.ScriptError(fmt.Sprintf("%s:%d: respond%s", file.Path, t.LineOf(key), what), err)
		}
		g.gate.Answers.Rules = append(g.gate.Answers.Rules, rule)
	}
	return nil
}

// takeChance takes what is left to chance.
func (g *listener) takeChance(o listenOptions) (err error) {
	if g.sh.Weight("fail-with") > 1 && o.FailRate == 0 {
		return fail.Usage("--fail-with needs --fail-rate").Hint(
			"--fail-rate 10% --fail-with '" + o.FailWith + "'")
	}
	a := &g.gate.Answers
	if a.FailWith, err = g.flagScript("fail-with", o.FailWith); err != nil {
		return err
	}
	a.FailRate, g.failing, a.Latency = o.FailRate, o.FailWith, o.Latency
	if a.Random.Seed = uint64(g.sh.Rand() * 1e6); o.Seed != nil { // short enough to be typed again
		a.Random.Seed = *o.Seed
	}
	return nil
}

// flagScript parses the script of a flag. The files it names are beside barb.toml when it stands there.
func (g *listener) flagScript(flag, text string) (*script.Script, error) {
	beside := ""
	if g.sh.Weight(flag) == 1 {
		beside = g.sh.File.Path
	}
	s, err := script.Parse(text, answerBody(g.sh, beside))
	if err != nil {
		return nil, flags.ScriptError("--"+flag, err)
	}
	return s, nil
}

// answerBody returns a function that reads the file of body=@PATH. A relative path is looked up beside the given file,
// else in the working folder.
func answerBody(sh *shell.Shell, beside string) func(path string) ([]byte, error) {
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

// describeAnswers says what is done on purpose, a line each.
func (g *listener) describeAnswers() (lines []string) {
	for _, t := range g.tables {
		lines = append(lines, "scripted "+t.String())
	}
	a := &g.gate.Answers
	if a.FailRate > 0 || a.Latency.Max > 0 {
		text := fmt.Sprintf("--seed %d: ", a.Random.Seed)
		if rate := a.FailRate; rate > 0 {
			text += flags.FormatPercent(rate) + " fail with " + g.failing
		}
		if a.Latency.Max > 0 {
			text += " latency " + a.Latency.String()
		}
		lines = append(lines, text)
	}
	if p := g.gate.Provider; p != nil {
		lines = append(lines, fmt.Sprintf("as %s: an answer after %g s is too late (%s)", p.Title, p.Timeout.Seconds(),
			p.Docs[0]))
	}
	if p := a.Platform; p != nil {
		lines = append(lines, fmt.Sprintf("as on %s: bodies up to %s, %g s for the app; %s (%s)", p.Title,
			documentedSize(p.MaxBody), p.Timeout.Seconds(), p.Doubt, p.Docs[0]))
	}
	return lines
}

// documentedSize returns a limit in the unit in which its documentation has it: Lambda's 6 MB are 6MiB.
func documentedSize(n int64) string {
	if n%(1<<20) == 0 {
		return units.FormatSize(n)
	}
	return units.RoundSize(n)
}
