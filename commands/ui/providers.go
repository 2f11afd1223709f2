package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/provider"
)

// ProviderRows returns a row for each provider: name, timeout, retries, waits and retried outcomes.
func ProviderRows(providers []provider.Provider) (rows [][]string) {
	for i := range providers {
		p := &providers[i]
		rows = append(rows, []string{p.Name, Duration(p.Timeout), retriesText(p), waitsText(p, 3), p.RetryOn})
	}
	return rows
}

// retriesText returns how often a provider retries, and within what time.
func retriesText(p *provider.Provider) string {
	switch {
	case p.Retries == 0:
		return "none"
	case p.Within == 0:
		return fmt.Sprint(p.Retries)
	}
	return fmt.Sprintf("%d in %s", p.Retries, Duration(p.Within))
}

// waitsText returns up to most of the waits. Invented waits are marked with "about".
func waitsText(p *provider.Provider, most int) string {
	waits := p.Schedule()
	if len(waits) == 0 {
		return ""
	}
	var words []string
	for _, wait := range waits[:min(len(waits), most)] {
		words = append(words, Duration(wait))
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

// ProviderPairs returns everything about a provider as names and values.
func ProviderPairs(p *provider.Provider) [][2]string {
	waits := waitsText(p, len(p.Schedule()))
	switch {
	case p.IsMadeUp():
		waits += "  (not public: barb computes waits that fit)"
	case p.Vary > 0:
		waits += fmt.Sprintf("  (and up to %.0f %% more)", p.Vary*100)
	}
	return [][2]string{
		{"name", p.Name + "  " + p.Title},
		{"scheme", p.Scheme},
		{"user agent", p.UserAgent},
		{"headers", fieldsText(p.Headers)},
		{"timeout", Duration(p.Timeout)},
		{"connect", durationText(p.Connect)},
		{"total", durationText(p.Total)},
		{"retries", retriesText(p)},
		{"waits", waits},
		{"also", variantsText(p)},
		{"retried", retriedText(p.RetryOn)},
		{"no retry", answeredText(p.NoRetry)},
		{"in retries", fieldsText(p.RetryFields)},
		{"redirects", p.Redirects},
		{"after 410", goneText(p)},
		{"disables", p.Disables},
		{"docs", strings.Join(p.Docs, "\n")},
		{"note", p.Doubt},
	}
}

func durationText(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return Duration(d)
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
		lines = append(lines, fmt.Sprintf("--schedule %s: %d in %s, %s", v.Name, v.Retries, Duration(v.Within), v.Note))
	}
	return strings.Join(lines, "\n")
}

// retriedText describes a set of outcomes in words if there are any for it.
func retriedText(on string) string {
	switch on {
	case "any":
		return "any failure: every answer but 2xx, and no answer"
	case "connect":
		return "only when no connection could be made"
	}
	return on
}

func answeredText(field string) string {
	if field == "" {
		return ""
	}
	return "when the answer has the header " + field
}

// goneText returns the provider's reaction to a 410, after which barb ends the delivery.
func goneText(p *provider.Provider) string {
	if p.Gone != "" {
		return "the provider would " + p.Gone
	}
	return "the provider counts it as any other failure; barb ends the delivery"
}
