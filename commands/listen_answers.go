package commands

import (
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/listen/script"
)

// takeAnswers makes of the flags, and of barb.toml, what the listener answers on purpose.
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
		if g.gate.Answers.Platform, err = o.PlatformLimits(); err != nil {
			return err
		}
	}
	return nil
}

// takeChance takes what is left to chance.
func (g *listener) takeChance(o listenOptions) (err error) {
	if g.sh.settings["fail-with"].weight() > 1 && o.FailRate == 0 {
		return fail.Usage("--fail-with says what those of --fail-rate get, and there are none").Hint(
			"--fail-rate 10% --fail-with '" + o.FailWith + "'")
	}
	if g.gate.Answers.FailWith, err = g.flagScript("fail-with", o.FailWith); err != nil {
		return err
	}
	g.gate.Answers.FailRate, g.failing, g.gate.Answers.Latency = float64(o.FailRate), o.FailWith, o.Latency.Span
	if g.gate.Answers.Random.Seed = uint64(g.sh.Rand() * 1e6); o.Seed.Seed != nil { // short enough to be typed again
		g.gate.Answers.Random.Seed = *o.Seed.Seed
	}
	return nil
}

// flagScript parses the script of a flag. The files it names are beside barb.toml when it stands there.
func (g *listener) flagScript(flag, text string) (*script.Script, error) {
	from := g.sh.settings[flag]
	read := g.sh.answerBody("")
	if from.weight() == 1 {
		read = g.sh.answerBody(g.sh.file.Path)
	}
	s, err := script.Parse(text, read)
	if err != nil {
		return nil, flags.ScriptError("--"+flag, err)
	}
	return s, nil
}
