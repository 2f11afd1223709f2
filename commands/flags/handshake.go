package flags

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/sign/handshake"
)

// The values of --handshake besides names.
const (
	ByScheme = "scheme"
	AllOf    = "all"
	NoneOf   = "off"
)

// Handshake says which handshakes a listener answers. Its zero value is ByScheme.
type Handshake struct {
	Mode  string
	Names []string
}

// String returns the mode.
func (v *Handshake) String() string { return cmp.Or(v.Mode, ByScheme) }

// Type is the word for a value in the help, as pflag asks for it.
func (v *Handshake) Type() string { return "string" }

// Set reads scheme, all, off, or names with commas between them.
func (v *Handshake) Set(s string) error {
	*v = Handshake{Mode: s}
	if s == ByScheme || s == AllOf || s == NoneOf {
		return nil
	}
	for name := range strings.SplitSeq(s, ",") {
		if _, ok := handshake.Lookup(name); !ok {
			return fmt.Errorf("unknown %q: choose scheme, all, off, %s", name, strings.Join(HandshakeNames(), ", "))
		}
		v.Names = append(v.Names, name)
	}
	return nil
}

// HandshakeNames returns the names of all handshakes in alphabetical order.
func HandshakeNames() []string {
	var names []string
	for _, h := range handshake.All() {
		names = append(names, h.Name)
	}
	slices.Sort(names)
	return names
}

// AddFlag adds --handshake.
func (v *Handshake) AddFlag(cmd *cobra.Command) {
	cmd.Flags().Var(v, "handshake", "answer the handshakes of: scheme (the schemes in use; without any, all that are "+
		"unmistakable), all, off, or `names`")
	cmd.Flag("handshake").NoOptDefVal = ByScheme
	Complete(cmd, "handshake", completeHandshakes)
}

// completeHandshakes returns the values of --handshake with an explanation behind each.
func completeHandshakes(string) []string {
	values := []string{ByScheme + "\tthat of the scheme in use", AllOf + "\twhatever looks like one", NoneOf + "\tnone"}
	for _, h := range handshake.All() {
		values = append(values, h.Name+"\t"+h.Title)
	}
	return values
}
