package starter

import (
	"fmt"
	"strings"
)

const head = `# barb.toml is read by every barb command in this folder and below.
# barb config shows every setting and where it comes from. This file names
# secrets and holds none, so it can be committed.
`

const example = `
# Which app gets which webhooks, and how they are verified (barb schemes).
# [[route]]
# path = "/webhooks/stripe"
# scheme = "stripe"
# secret = "env:STRIPE_WEBHOOK_SECRET"
# forward_to = ":3000"
`

const tail = `# addr = "127.0.0.1:4242"
# queue = true    # keep webhooks that the app does not accept, and deliver them later
# dedupe = true   # forward each webhook once

[history]
# max_age = "30d"
# redact = ["header:X-Api-Key", "json:/customer/email"]
`

// TOML returns the barb.toml for a project.
func (p *Project) TOML() string {
	var b strings.Builder
	b.WriteString(head)
	if p.Port > 0 {
		fmt.Fprintf(&b, "\n# %s\n", p.about())
	}
	if len(p.Secrets) > 0 {
		fmt.Fprintf(&b, "\n# barb reads secrets from its environment, not from %s:\n#   set -a; . ./%s; set +a; "+
			"barb listen\n",
			p.Secrets[0].From, p.Secrets[0].From)
	}
	for i := range p.Secrets {
		p.route(&b, &p.Secrets[i], i == 0)
	}
	if len(p.Secrets) == 0 {
		b.WriteString(example)
	}
	b.WriteString("\n[listen]\n")
	if len(p.Secrets) == 0 && p.Port > 0 {
		fmt.Fprintf(&b, "forward_to = \":%d\"\n", p.Port)
	}
	b.WriteString(tail)
	return b.String()
}

// about says what the app is and where it listens, with the files that say so.
func (p *Project) about() string {
	app, port := "Your app", "its usual port"
	if p.App != "" {
		app = fmt.Sprintf("Your app: %s (%s)", p.App, p.From)
	}
	if p.PortIn != "" {
		port = p.PortIn
	}
	return fmt.Sprintf("%s, port %d (%s).", app, p.Port, port)
}

func (p *Project) route(b *strings.Builder, s *Secret, isFirst bool) {
	why := ""
	if s.Source != "" {
		why = "  # " + s.Source
	}
	fmt.Fprintf(b, "\n[[route]]\npath = %q%s\nscheme = %q\n", s.Path, why, s.Scheme)
	if len(s.Names) == 1 {
		fmt.Fprintf(b, "secret = %q\n", "env:"+s.Names[0])
	} else {
		fmt.Fprintf(b, "secret = [\"env:%s\"]\n", strings.Join(s.Names, `", "env:`))
	}
	switch {
	case p.Port == 0:
		b.WriteString("# forward_to = \":3000\"  # the port of your app\n")
	case isFirst:
		fmt.Fprintf(b, "forward_to = \":%d\"  # at the same path; \":%d/other\" is another path\n", p.Port, p.Port)
	default:
		fmt.Fprintf(b, "forward_to = \":%d\"\n", p.Port)
	}
}
