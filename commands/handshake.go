package commands

import (
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/listen/verifier"
)

// listenArgs takes no arguments. A flag whose value may be left out takes it behind an = only, which is easily
// forgotten.
func listenArgs(cmd *cobra.Command, given []string) error {
	if len(given) > 0 && cmd.Flag("handshake").Changed && new(flags.Handshake).Set(given[0]) == nil {
		return fail.Usage("--handshake takes its value behind an =").Hint("--handshake=" + given[0])
	}
	return args(0, 0, "no arguments")(cmd, given)
}

// newGreeter returns what finds the handshakes that a lane answers.
func newGreeter(value flags.Handshake, v *verifier.Verifier, signing *flags.Signing, r *route.Route) (g gateway.Greeter,
	err error) {
	if g.Params, err = signing.ParamMap(r); err != nil {
		return g, err
	}
	switch {
	case len(value.Names) > 0:
		g.Names = value.Names
	case value.Mode == flags.AllOf:
		g.Names = flags.HandshakeNames()
	case value.Mode == flags.NoneOf:
		g.Off = true
	case v != nil && !v.Auto:
		g.Off, g.Names = v.Scheme.Handshake == "", []string{v.Scheme.Handshake}
	}
	return g, nil
}
