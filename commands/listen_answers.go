package commands

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
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
	failRate percentValue
	failWith string
	seed     seedValue
	latency  spanValue
	as       string
	platform string
}

func (f *answerFlags) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.respond, "respond", "", "answer with this `script`: a status, or one answer after another: 503,503,200")
	flags.Var(&f.failRate, "fail-rate", "this part of the webhooks fails, whatever the app answers, e.g. 10%")
	flags.StringVar(&f.failWith, "fail-with", "500", "what those of --fail-rate get: a `script` as for --respond")
	flags.Var(&f.seed, "seed", "decide what is left to chance as another run did (default: a new one, which is said)")
	flags.Var(&f.latency, "latency", "answer so much later, e.g. 200ms or 50ms..2s")
	flags.StringVar(&f.as, "as", "", "flag what is too slow for this `provider`: "+strings.Join(provider.Names(), ", "))
	flags.StringVar(&f.platform, "platform", "", "apply the limits of this `platform` to bodies and to the app: "+strings.Join(platformNames(), ", "))
	complete(cmd, "respond", func(string) []string {
		return []string{"500", "503,503,200", "429;retry-after=2,200", "reset", "hang", "truncate"}
	})
	complete(cmd, "as", func(string) []string { return provider.Names() })
	complete(cmd, "platform", func(string) []string { return platformNames() })
}

func platformNames() (names []string) {
	for _, p := range script.Platforms() {
		names = append(names, p.Name)
	}
	return names
}

// percentValue is a part of something on the command line, 10% or 0.1, as a number from 0 to 1.
type percentValue float64

func (v *percentValue) String() string {
	return strconv.FormatFloat(float64(*v)*100, 'g', -1, 64) + "%"
}

func (v *percentValue) Type() string { return "percent" }

// Set reads a number with a % behind it, or from 0 to 1. 10 alone could be either.
func (v *percentValue) Set(s string) error {
	digits, percent := strings.CutSuffix(s, "%")
	n, err := strconv.ParseFloat(digits, 64)
	if percent {
		n /= 100
	}
	if err != nil || math.IsNaN(n) || n < 0 || n > 1 {
		return fmt.Errorf("%q is not a part such as 10%% or 0.1", s)
	}
	*v = percentValue(n)
	return nil
}

// seedValue is a seed that may not have been given.
type seedValue struct{ seed *uint64 }

func (v *seedValue) String() string {
	if v.seed == nil {
		return ""
	}
	return strconv.FormatUint(*v.seed, 10)
}

func (v *seedValue) Type() string { return "number" }

// Set reads a whole number.
func (v *seedValue) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number from 0", s)
	}
	v.seed = &n
	return nil
}

// spanValue is a time, or any between two.
type spanValue struct{ script.Span }

func (v *spanValue) String() string {
	if v.Span == (script.Span{}) {
		return ""
	}
	return v.Span.String()
}

func (v *spanValue) Type() string { return "duration" }

// Set reads 200ms or 50ms..2s.
func (v *spanValue) Set(s string) (err error) {
	v.Span, err = script.ParseSpan(s)
	return err
}

// takeAnswers makes of the flags, and of barb.toml, what the listener answers on purpose.
func (g *gateway) takeAnswers(o listenOptions) (err error) {
	if o.respond != "" {
		if g.respond, err = g.flagScript("respond", o.respond); err != nil {
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
		g.provider = &p
	}
	if o.platform != "" {
		p, ok := script.LookupPlatform(o.platform)
		if !ok {
			return fail.Usage("--platform %q is not known", o.platform).Hint(fail.DidYouMean("--platform ", fail.Nearest(o.platform, platformNames()), "--platform "+strings.Join(platformNames(), ", ")))
		}
		g.platform = &p
	}
	return nil
}

// takeChance takes what is left to chance.
func (g *gateway) takeChance(o listenOptions) (err error) {
	if g.settings["listen.fail_with"].weight() > 1 && o.failRate == 0 {
		return fail.Usage("--fail-with says what those of --fail-rate get, and there are none").Hint("--fail-rate 10% --fail-with '" + o.failWith + "'")
	}
	if g.failWith, err = g.flagScript("fail-with", o.failWith); err != nil {
		return err
	}
	g.failRate, g.failing, g.latency = float64(o.failRate), o.failWith, o.latency.Span
	if g.dice.Seed = uint64(g.Rand() * 1e6); o.seed.seed != nil { // short enough to be typed again
		g.dice.Seed = *o.seed.seed
	}
	return nil
}

// flagScript parses the script of a flag. The files it names are beside barb.toml when it stands there.
func (g *gateway) flagScript(flag, text string) (*script.Script, error) {
	from := g.settings[setting{"listen", flag}.key()]
	read := g.answerBody("")
	if from.weight() == 1 {
		read = g.answerBody(g.file.path)
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
