package commands

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/handshake"
)

// The values of --handshake besides names.
const (
	byScheme = "scheme"
	allOf    = "all"
	noneOf   = "off"
)

// handshakeValue is --handshake. Its zero value is byScheme.
type handshakeValue struct {
	mode  string
	names []string
}

func (v *handshakeValue) String() string {
	switch {
	case v.mode == "":
		return byScheme
	case len(v.names) > 0:
		return strings.Join(v.names, ",")
	}
	return v.mode
}

func (v *handshakeValue) Type() string { return "string" }

// Set reads scheme, all, off, or names with commas between them.
func (v *handshakeValue) Set(s string) error {
	*v = handshakeValue{mode: s}
	if s == byScheme || s == allOf || s == noneOf {
		return nil
	}
	for name := range strings.SplitSeq(s, ",") {
		if _, ok := handshake.Lookup(name); !ok {
			return fmt.Errorf("%q is none of scheme, all, off, %s", name, strings.Join(handshakeNames(), ", "))
		}
		v.names = append(v.names, name)
	}
	return nil
}

func handshakeNames() []string {
	var names []string
	for _, h := range handshake.All() {
		names = append(names, h.Name)
	}
	slices.Sort(names)
	return names
}

func completeHandshakes(string) []string {
	values := []string{byScheme + "\tthat of the scheme in use", allOf + "\twhatever looks like one", noneOf + "\tnone"}
	for _, h := range handshake.All() {
		values = append(values, h.Name+"\t"+h.Title)
	}
	return values
}

// listenArgs takes no arguments. A flag whose value may be left out takes it behind an = only, which is easily
// forgotten.
func listenArgs(cmd *cobra.Command, given []string) error {
	if len(given) > 0 && cmd.Flag("handshake").Changed && new(handshakeValue).Set(given[0]) == nil {
		return fail.Usage("--handshake takes its value behind an =").Hint("--handshake=" + given[0])
	}
	return args(0, 0, "no arguments")(cmd, given)
}

// newGreeter returns what finds the handshakes that a lane answers.
func newGreeter(value handshakeValue, v *verifier.Verifier, flags *schemeFlags, r *route.Route) (g gateway.Greeter,
	err error) {
	if g.Params, err = flags.paramMap(r); err != nil {
		return g, err
	}
	switch {
	case len(value.names) > 0:
		g.Names = value.names
	case value.mode == allOf:
		g.Names = handshakeNames()
	case value.mode == noneOf:
		g.Off = true
	case v != nil && !v.Auto:
		g.Off, g.Names = v.Scheme.Handshake == "", []string{v.Scheme.Handshake}
	}
	return g, nil
}

// suggest is note for what a person may do and a script need not hear.
func (g *listener) suggest(format string, args ...any) {
	if !g.quiet {
		g.note(format, args...)
	}
}

// learnsSecret reports whether the handshake of a scheme brings its secret.
func learnsSecret(s sign.Scheme) bool {
	h, _ := handshake.Lookup(s.Handshake)
	return slices.ContainsFunc(h.Steps, func(s handshake.Step) bool { return s.Learns != "" })
}
