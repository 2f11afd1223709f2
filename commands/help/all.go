package help

import "github.com/spf13/pflag"

// All is the flag --help-all. Like --help it ends the parsing of the command line, whatever else is on it.
type All bool

// Type returns "bool".
func (*All) Type() string { return "bool" }

// String returns "false", the default.
func (*All) String() string { return "false" }

// Set returns pflag.ErrHelp.
func (v *All) Set(string) error {
	*v = true
	return pflag.ErrHelp
}
