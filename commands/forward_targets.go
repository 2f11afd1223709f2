package commands

import (
	"errors"
	"fmt"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/route"
)

// targets returns the apps of forward_to: a URL, or a list of URLs and of tables { url = "…", mirror = true }.
func (k *routeKeys) targets(where string) (targets []route.Target, err error) {
	for i, item := range listOf(k.Forward) {
		t, err := targetOf(item)
		if err == nil && t.Mirror && i == 0 {
			err = errors.New("the first one answers the sender and cannot be a mirror")
		}
		if err != nil {
			return nil, fail.Usage("%s: forward_to: %w", where, err).
				Hint(`forward_to = ":3000", or [":3000", { url = ":3001", mirror = true }]`)
		}
		targets = append(targets, t)
	}
	if len(targets) == 0 && k.Forward != nil {
		return nil, fail.Usage("%s: forward_to is an empty list", where)
	}
	return targets, nil
}

func targetOf(item any) (t route.Target, err error) {
	address, isText := item.(string)
	if table, ok := item.(map[string]any); ok {
		address, isText = table["url"].(string)
		for key, value := range table {
			mirror, isBool := value.(bool)
			switch {
			case key == "mirror" && isBool:
				t.Mirror = mirror
			case key != "url":
				return t, fmt.Errorf("%s = %v is neither url nor mirror = true", key, value)
			}
		}
	}
	if !isText {
		return t, fmt.Errorf("%v is not a URL", item)
	}
	t.Written = address
	if t.URL, err = flags.Target(address); err != nil {
		err = fmt.Errorf("%q: %w", flags.WithoutUser(address), err)
	}
	return t, err
}

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

// writtenTargets returns forward_to as barb config shows it.
func writtenTargets(targets []route.Target) string {
	var words []string
	for _, t := range targets {
		word := flags.WithoutUser(t.Written)
		if t.Mirror {
			word = "mirror " + word
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
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
