package report

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/barbhq/barb/commands/ui"
)

// TAP returns the report in the Test Anything Protocol, version 14
// (testanything.org/tap-version-14-specification.html).
func (r *Report) TAP() []byte {
	s := r.shown()
	var b strings.Builder
	b.WriteString("TAP version 14\n")
	if len(s.Cases) == 0 {
		b.WriteString("1..0 # SKIP nothing was checked\n")
		return []byte(b.String())
	}
	fmt.Fprintf(&b, "1..%d\n", len(s.Cases))
	for i := range s.Cases {
		c := &s.Cases[i]
		verdict, directive := "ok", ""
		switch c.Outcome {
		case Pass:
		case Skip:
			directive = " # SKIP " + escapeTAP(c.Summary())
		default:
			verdict = "not ok"
		}
		fmt.Fprintf(&b, "%s %d - %s%s\n", verdict, i+1, escapeTAP(c.Name), strings.TrimRight(directive, " "))
		c.writeYAML(&b)
	}
	return []byte(b.String())
}

// escapeTAP escapes what ends a description.
func escapeTAP(s string) string { return strings.NewReplacer(`\`, `\\`, "#", `\#`).Replace(s) }

// writeYAML writes the diagnostic block of a case that has more to say than ok. Its texts are JSON strings, which YAML
// reads as they are.
func (c *Case) writeYAML(b *strings.Builder) {
	if c.Outcome == Pass && c.Retries == 0 {
		return
	}
	b.WriteString("  ---\n")
	if c.Detail != "" {
		fmt.Fprintf(b, "  message: %s\n", quoteYAML(c.Detail))
	}
	if c.Outcome != Pass {
		fmt.Fprintf(b, "  severity: %s\n", c.Outcome)
	}
	fmt.Fprintf(b, "  duration_ms: %d\n", c.Took.Milliseconds())
	if c.Retries > 0 {
		fmt.Fprintf(b, "  attempts: %d\n", c.Retries+1)
	}
	if len(c.Properties) > 0 {
		b.WriteString("  properties:\n")
		for _, p := range c.Properties {
			fmt.Fprintf(b, "    %s: %s\n", quoteYAML(p.Name), quoteYAML(p.Value))
		}
	}
	b.WriteString("  ...\n")
}

func quoteYAML(s string) string {
	data, _ := json.Marshal(s) //nolint:errchkjson // a string is always JSON
	return ui.EscapeJSON(data)
}
