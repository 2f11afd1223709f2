package commands

import (
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/route"
)

// domainOf is the host and port of a target, which is all of it that a line shows.
func domainOf(target string) string {
	host, err := flags.HostOf(target)
	if err != nil {
		return ""
	}
	return host
}

// takeTargets says which apps a lane forwards to: those of the flag, else, unless answers are scripted, those of its
// route. The first of the flag answers the sender, the others are mirrors.
func takeTargets(l *gateway.Lane, flag flags.Targets, r *route.Route, scripted bool) error {
	for i, target := range flag {
		to, err := flags.Target(target)
		if err != nil {
			return fail.Usage("--forward-to %q: %w", flags.WithoutUser(target),
				err).Hint("--forward-to :3000 or http://localhost:3000/webhooks")
		}
		l.Targets = append(l.Targets, route.Target{URL: to, Mirror: i > 0})
	}
	if len(flag) == 0 && !scripted {
		l.Targets = r.Targets
	}
	return nil
}

// destinations says where webhooks go, each with a comma before it.
func destinations(targets []route.Target) string {
	text := ""
	for i, t := range targets {
		switch {
		case t.Mirror:
			text += ", mirrored to "
		case i == 0:
			text += ", forwarded to "
		default:
			text += ", also to "
		}
		text += t.URL
	}
	return text
}
