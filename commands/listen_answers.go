package commands

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/deliver/provider"
	"github.com/barbhq/barb/listen/script"
)

// answersLong is what the help of listen says of them.
const answersLong = `
--respond answers one webhook after another, the last answer from then on. An answer is
a status or a fault, xN times, with options behind semicolons:
  500x3,429;retry-after=2,200       200;delay=3s       202;body=@f;header='X: y'
Faults are reset, hang, close-after-headers, truncate, drip=1KB/s and bad-http. Tables
[[respond]] in barb.toml do the same by path, event and scheme. --fail-rate and --latency
also go over what an app answers; the same --seed decides the same for the same webhooks.
Handshakes and bad signatures are answered as ever.

--as flags what the provider would have given up on. The sender still gets the answer: it
decides for itself how long it waits.`

// answerFlags say what senders get instead of 200, and what is done to them.
type answerFlags struct {
	respond  string
	failRate flags.Percent
	failWith string
	seed     flags.Seed
	latency  flags.Span
	as       string
	platform string
}

func (f *answerFlags) addFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.respond, "respond", "", "answer with this `script`: a status, or one answer after another: "+
		"503,503,200")
	set.Var(&f.failRate, "fail-rate", "this part of the webhooks fails, whatever the app answers, e.g. 10%")
	set.StringVar(&f.failWith, "fail-with", "500", "what those of --fail-rate get: a `script` as for --respond")
	set.Var(&f.seed, "seed", "decide what is left to chance as another run did (default: a new one, which is said)")
	set.Var(&f.latency, "latency", "answer so much later, e.g. 200ms or 50ms..2s")
	set.StringVar(&f.as, "as", "", "flag what is too slow for this `provider`: "+strings.Join(provider.Names(), ", "))
	set.StringVar(&f.platform, "platform", "", "apply the limits of this `platform` to bodies and to the app: "+
		strings.Join(platformNames(), ", "))
	flags.Complete(cmd, "respond", func(string) []string {
		return []string{"500", "503,503,200", "429;retry-after=2,200", "reset", "hang", "truncate"}
	})
	flags.Complete(cmd, "as", func(string) []string { return provider.Names() })
	flags.Complete(cmd, "platform", func(string) []string { return platformNames() })
}

func platformNames() (names []string) {
	for _, p := range script.Platforms() {
		names = append(names, p.Name)
	}
	return names
}

// takeAnswers makes of the flags, and of barb.toml, what the listener answers on purpose.
func (g *listener) takeAnswers(o listenOptions) (err error) {
	if o.respond != "" {
		if g.gate.Answers.Respond, err = g.flagScript("respond", o.respond); err != nil {
			return err
		}
	}
	if err := g.takeTables(); err != nil {
		return err
	}
	if err := g.takeChance(o); err != nil {
		return err
	}
	if o.as != "" {
		p, err := lookupProvider(o.as)
		if err != nil {
			return err
		}
		g.gate.Provider = &p
	}
	if o.platform != "" {
		p, ok := script.LookupPlatform(o.platform)
		if !ok {
			return fail.Usage("--platform %q is not known", o.platform).Hint(fail.DidYouMean("--platform ",
				fail.Nearest(o.platform, platformNames()), "--platform "+strings.Join(platformNames(), ", ")))
		}
		g.gate.Answers.Platform = &p
	}
	return nil
}

// takeChance takes what is left to chance.
func (g *listener) takeChance(o listenOptions) (err error) {
	if g.sh.settings["fail-with"].weight() > 1 && o.failRate == 0 {
		return fail.Usage("--fail-with says what those of --fail-rate get, and there are none").Hint(
			"--fail-rate 10% --fail-with '" + o.failWith + "'")
	}
	if g.gate.Answers.FailWith, err = g.flagScript("fail-with", o.failWith); err != nil {
		return err
	}
	g.gate.Answers.FailRate, g.failing, g.gate.Answers.Latency = float64(o.failRate), o.failWith, o.latency.Span
	if g.gate.Answers.Random.Seed = uint64(g.sh.Rand() * 1e6); o.seed.Seed != nil { // short enough to be typed again
		g.gate.Answers.Random.Seed = *o.seed.Seed
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
		return nil, scriptFailure("--"+flag, err)
	}
	return s, nil
}

// scriptFailure is the usage error for a script, with the names that look like the wrong one.
func scriptFailure(where string, err error) error {
	if f, ok := errors.AsType[*fail.Error](err); ok {
		return f
	}
	f := fail.Usage("%s: %w", where, err)
	if e, ok := errors.AsType[*script.Error](err); ok && e.Word != "" {
		return f.Hint(fail.DidYouMean("", fail.Nearest(e.Word, e.Known), "--respond '500x3,429;retry-after=2,200;delay=3s'"))
	}
	return f
}
