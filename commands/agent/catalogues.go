package agent

import (
	"context"
	"strconv"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver/provider"
)

type schemesArgs struct {
	Name string `json:"name,omitempty"`
}

// schemes lists the names of the signature schemes, or describes one.
func (a *agent) schemes(ctx context.Context, in schemesArgs) *answer {
	if in.Name != "" {
		return a.command(ctx, &line{name: "schemes", positional: []string{in.Name}})
	}
	var names []string
	for _, s := range a.sh.File.Catalog().All() {
		names = append(names, s.Name)
	}
	return catalogue("schemes", names)
}

type providersArgs struct {
	Name string `json:"name,omitempty"`
}

// providers lists the names of the known providers, or describes one.
func (a *agent) providers(ctx context.Context, in providersArgs) *answer {
	if in.Name != "" {
		return a.command(ctx, &line{name: "providers", positional: []string{in.Name}})
	}
	return catalogue("providers", provider.Names())
}

type eventsArgs struct {
	Name string `json:"name,omitempty"`
}

// events lists the names of the sample events, or shows one.
func (a *agent) events(ctx context.Context, in eventsArgs) *answer {
	if in.Name != "" {
		return a.command(ctx, &line{name: "events show", positional: []string{in.Name}})
	}
	all, err := a.sh.Samples().Listed(nil)
	if err != nil {
		return a.refused(err)
	}
	var names []string
	for _, e := range all {
		names = append(names, visible(a.scrub(e.String()))) // the user's own are files of a folder
	}
	return catalogue("events", names)
}

// catalogue is the answer with the names of a catalogue of barb's own.
func catalogue(what string, names []string) *answer {
	r := newAnswer(fail.ExitOK)
	r.Results = append(r.Results, map[string]any{what: names, "count": strconv.Itoa(len(names))})
	return r
}
