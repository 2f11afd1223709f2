package flags

import (
	"maps"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/complete"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/listen/route"
)

// Signing chooses a scheme, its secrets and what else it signs.
type Signing struct {
	Scheme  string
	Secrets []string
	Params  []string
}

// AddFlags adds the flags to a command. use is the help of --scheme. names completes its value, with auto where
// that is a value.
func (f *Signing) AddFlags(cmd *cobra.Command, use string, names func(prefix string, auto bool) []string) {
	cmd.Flags().StringVarP(&f.Scheme, "scheme", "s", "", use)
	cmd.Flags().StringArrayVar(&f.Secrets, "secret", nil, "`reference` of the secret: env:NAME, file:PATH, "+
		"cmd:COMMAND, keyring:NAME or - (repeatable)")
	cmd.Flags().StringArrayVar(&f.Params, "param", nil, "a `name=value` that the scheme signs and that is not in the "+
		"request, such as webhook_id for paypal (repeatable)")
	auto := strings.Contains(use, "auto")
	Complete(cmd, "scheme", func(prefix string) []string { return names(prefix, auto) })
	Complete(cmd, "secret", func(prefix string) []string { return complete.Secrets(prefix, os.Environ(), secret.Names) })
}

// ParamMap returns the parameters of a route, which may be nil, with those of --param over them.
func (f *Signing) ParamMap(r *route.Route) (map[string]string, error) {
	params := map[string]string{}
	if r != nil {
		maps.Copy(params, r.Params)
	}
	for _, p := range f.Params {
		name, value, ok := strings.Cut(p, "=")
		if !ok || name == "" {
			return nil, fail.Usage("--param %q is not name=value", p).Hint("--param webhook_id=1JE4291016473214C")
		}
		params[name] = value
	}
	return params, nil
}
