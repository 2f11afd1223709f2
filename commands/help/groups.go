package help

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// shared are the groups of flags that several commands have. A page puts a flag elsewhere by naming it.
func shared() []group {
	return []group{
		{"Filters", []string{"received", "sent", "failed", "invalid", "status", "event", "endpoint", "of-scheme", "since",
			"until", "id", "grep", "marked", "where"}},
		{"Signature", []string{"scheme", "secret", "param", "tolerance", "strict", "public-url"}},
		{"Payload", []string{"data", "header", "set", "edit", "seed"}},
		{"Retries", []string{"retries", "backoff", "base", "max-delay", "jitter", "retry-on", "timeout", "connect-timeout",
			"deadline", "schedule", "speed", "until-2xx"}},
		{"Connection", []string{"insecure", "cacert", "cert", "key", "resolve", "unix-socket", "proxy", "http1.1", "http2"}},
		{"Reports", []string{"junit", "tap", "html", "badge"}},
		{"Output", []string{"output", "columns", "with-body", "with-headers", "with-url"}},
	}
}

const others = "Other flags"

// grouped returns all flags of a command in groups: those of the page first, then the shared ones, then the rest.
func (p *page) grouped(cmd *cobra.Command) (groups []group) {
	left := map[string]bool{}
	visible(cmd.LocalNonPersistentFlags(), func(f *pflag.Flag) { left[f.Name] = f.Name != "help" })
	add := func(g group) {
		var mine []string
		for _, name := range g.flags {
			if left[name] {
				mine = append(mine, name)
				left[name] = false
			}
		}
		if len(mine) == 0 {
			return
		}
		i := slices.IndexFunc(groups, func(other group) bool { return other.title == g.title })
		if i < 0 {
			groups = append(groups, group{title: g.title, flags: mine})
			return
		}
		groups[i].flags = append(groups[i].flags, mine...)
	}
	for _, list := range [][]group{p.flags, p.moreFlags, shared()} {
		for _, g := range list {
			add(g)
		}
	}
	rest := group{title: "Flags"}
	if len(groups) > 0 {
		rest.title = others
	}
	visible(cmd.LocalNonPersistentFlags(), func(f *pflag.Flag) { rest.flags = append(rest.flags, f.Name) })
	add(rest)
	return groups
}

func visible(set *pflag.FlagSet, visit func(*pflag.Flag)) {
	set.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Deprecated == "" {
			visit(f)
		}
	})
}
