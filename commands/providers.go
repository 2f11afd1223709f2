package commands

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/provider"
)

func newProviders(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use:   "providers [NAME…]",
		Short: "List how providers deliver their webhooks, or show one",
		Long: `Lists the providers that send --as plays: how long they wait for an answer, how often and
when they try again, and what they try again. With a name, everything about that one: its
headers, the waits, what a redirect and a 410 do, when an endpoint is switched off, where the
figures come from, and where they are in doubt.`,
		Example: `  barb providers
  barb providers stripe
  barb providers --json --jq 'select(.timeout_s < 6) | .name'
  barb send :4242 -d @invoice.json --as stripe --secret env:WHSEC --speed 100000x`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return provider.Names(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error { return runProviders(sh, args) },
	}
}

func runProviders(sh *shell, names []string) error {
	chosen := provider.All()
	if len(names) > 0 {
		chosen = nil
	}
	for _, name := range names {
		p, err := provider.Lookup(name)
		if err != nil {
			return fail.Usage("%w", err).Hint(nearestProvider("barb providers ", name, "barb providers lists what there is"))
		}
		chosen = append(chosen, p)
	}
	if sh.json {
		for i := range chosen {
			if err := sh.emit(schema.NewProvider(&chosen[i])); err != nil {
				return err
			}
		}
		return nil
	}
	if len(names) == 0 {
		sh.out.Table([]string{"NAME", "TIMEOUT", "RETRIES", "WAITS", "RETRIED"}, providerRows(chosen))
		return nil
	}
	for i := range chosen {
		if i > 0 {
			sh.out.Line("")
		}
		sh.out.Pairs(providerPairs(&chosen[i]))
	}
	return nil
}

func providerRows(providers []provider.Provider) (rows [][]string) {
	for i := range providers {
		p := &providers[i]
		rows = append(rows, []string{p.Name, ui.Duration(p.Timeout), retriesText(p), waitsText(p, 3), p.RetryOn})
	}
	return rows
}

// retriesText is how often a provider retries, and within what time.
func retriesText(p *provider.Provider) string {
	switch {
	case p.Retries == 0:
		return "none"
	case p.Within == 0:
		return fmt.Sprint(p.Retries)
	}
	return fmt.Sprintf("%d in %s", p.Retries, ui.Duration(p.Within))
}

// waitsText are the waits, the first so many of them; those that are made up are marked.
func waitsText(p *provider.Provider, most int) string {
	waits := p.Schedule()
	if len(waits) == 0 {
		return ""
	}
	var words []string
	for _, wait := range waits[:min(len(waits), most)] {
		words = append(words, ui.Duration(wait))
	}
	text := strings.Join(words, " ")
	if len(waits) > most {
		text += " …"
	}
	if p.IsMadeUp() {
		text = "about " + text
	}
	return text
}

func providerPairs(p *provider.Provider) [][2]string {
	waits := waitsText(p, len(p.Schedule()))
	switch {
	case p.IsMadeUp():
		waits += "  (not public: made up to fit)"
	case p.Vary > 0:
		waits += fmt.Sprintf("  (and up to %.0f %% more)", p.Vary*100)
	}
	return [][2]string{
		{"name", p.Name + "  " + p.Title},
		{"scheme", p.Scheme},
		{"user agent", p.UserAgent},
		{"headers", fieldsText(p.Headers)},
		{"timeout", ui.Duration(p.Timeout)},
		{"to connect", durationText(p.Connect)},
		{"in all", durationText(p.Total)},
		{"retries", retriesText(p)},
		{"waits", waits},
		{"also", variantsText(p)},
		{"retried", retriedText(p.RetryOn)},
		{"no retry", answeredText(p.NoRetry)},
		{"in retries", fieldsText(p.RetryFields)},
		{"redirects", p.Redirects},
		{"after 410", goneText(p)},
		{"switches off", p.Disables},
		{"docs", strings.Join(p.Docs, "\n")},
		{"in doubt", p.Doubt},
	}
}

func durationText(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return ui.Duration(d)
}

func fieldsText(forms []deliver.FieldForm) string {
	var lines []string
	for _, f := range forms {
		lines = append(lines, f.Name+": "+f.Value)
	}
	return strings.Join(lines, "\n")
}

func variantsText(p *provider.Provider) string {
	var lines []string
	for _, v := range p.Variants {
		lines = append(lines, fmt.Sprintf("--schedule %s: %d in %s, %s", v.Name, v.Retries, ui.Duration(v.Within), v.Note))
	}
	return strings.Join(lines, "\n")
}

// retriedText is a set of outcomes in words where it has some.
func retriedText(on string) string {
	switch on {
	case "any":
		return "any failure: what is not 2xx, and no answer"
	case "connect":
		return "connect: no connection came about"
	}
	return on
}

func answeredText(field string) string {
	if field == "" {
		return ""
	}
	return "when the answer has " + field
}

// goneText is what a provider does after a 410, and that barb ends there.
func goneText(p *provider.Provider) string {
	if p.Gone != "" {
		return "it would " + p.Gone
	}
	return "a failure like others; barb ends the delivery"
}
