package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/barbhq/barb/deliver/provider"
)

const providersHead = `# How providers deliver

What ` + "`barb send --as NAME`" + ` does, and ` + "`barb providers NAME`" + ` says: how long a provider waits for an
answer, which failures it retries, how often and when. The page is generated from the rows in
` + "`deliver/provider/rows.go`" + ` by ` + "`go generate ./...`" + `. Where a figure is not the provider's own, or two
sources disagree, the page says so.

Waits in italics are not public: barb computes waits that double, or grow by less where there are many, so that their
number and their total time are the documented ones. For every provider, a 410 ends the delivery, a redirect is not
followed, a bad certificate is final, and a ` + "`Retry-After`" + ` is not undercut.

`

// ProvidersPage returns the text of docs/providers.md.
func ProvidersPage() string {
	var page strings.Builder
	page.WriteString(providersHead)
	page.WriteString("| provider | timeout | retries | waits | retried |\n|---|---|---|---|---|\n")
	providers := provider.All()
	for i := range providers {
		p := &providers[i]
		fmt.Fprintf(&page, "| [%s](#%s) | %s | %s | %s | `%s` |\n",
			p.Name, p.Name, Duration(p.Timeout), retriesText(p), pageWaits(p, 4), p.RetryOn)
	}
	for i := range providers {
		writeProvider(&page, &providers[i])
	}
	return page.String()
}

func pageWaits(p *provider.Provider, most int) string {
	text, madeUp := strings.CutPrefix(waitsText(p, most), "about ")
	if madeUp {
		return "*" + text + "*"
	}
	return text
}

// writeProvider writes the section of one provider.
func writeProvider(page *strings.Builder, p *provider.Provider) {
	fmt.Fprintf(page, "\n## %s\n\n%s.\n\n", p.Name, p.Title)
	for _, pair := range ProviderPairs(p) {
		name, value := pair[0], pair[1]
		if name == "waits" && value != "" {
			value = pageWaits(p, len(p.Schedule()))
		}
		if value == "" || slices.Contains([]string{"name", "note", "docs"}, name) {
			continue
		}
		if slices.Contains([]string{"scheme", "user agent", "headers", "in retries"}, name) {
			value = "`" + strings.ReplaceAll(value, "\n", "`, `") + "`"
		}
		fmt.Fprintf(page, "* %s: %s\n", name, strings.ReplaceAll(value, "\n", "; "))
	}
	fmt.Fprintf(page, "* **note**: %s\n", p.Doubt)
	for _, address := range p.Docs {
		fmt.Fprintf(page, "* <%s>\n", address)
	}
}
