package flags

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// CommandLine is the flags of a command line as they can be kept: those that do not have their defaults.
type CommandLine struct {
	Flags    map[string][]string `json:"flags"`
	Withheld []string            `json:"withheld,omitempty"` // flags whose values are not kept
	// Weights are those of flags that were not typed: their values came from a variable or from barb.toml.
	Weights map[string]int `json:"weights,omitempty"`
}

// Save returns the flags of cmd. withheld says which values must not be kept, since they are secrets or hold some.
func Save(cmd *cobra.Command, weight Weights, withheld func(flag, value string) bool) CommandLine {
	line := CommandLine{Flags: map[string][]string{}}
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		_, isHabit := f.Value.(habit)
		if user, ok := f.Value.(credentialsFlag); isHabit || ok && user.of.kept == "" {
			return // the flag that it has set is saved
		}
		if !f.Changed && f.Value.String() == f.DefValue && weight(f.Name) == 0 {
			return
		}
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		if slices.ContainsFunc(values, func(v string) bool { return withheld(f.Name, v) }) {
			line.Withheld = append(line.Withheld, f.Name)
			return
		}
		line.Flags[f.Name] = values
		if w := weight(f.Name); !f.Changed && w > 0 {
			if line.Weights == nil {
				line.Weights = map[string]int{}
			}
			line.Weights[f.Name] = w
		}
	})
	return line
}

// UnknownFlagError is a flag of a saved command line that cmd does not have.
type UnknownFlagError struct{ Name string }

// Error names the flag.
func (e *UnknownFlagError) Error() string { return "there is no --" + e.Name }

// Restore sets the flags of cmd as they were saved, but for those of given. A flag whose value is from a variable or
// from barb.toml gets its default. set is called for each flag that changes, with the weight that it was saved with,
// or 0 where it was not saved. The error is an *UnknownFlagError for a flag that cmd does not have.
func (line *CommandLine) Restore(cmd *cobra.Command, given map[string]bool, weight Weights,
	set func(flag string, weight int)) error {
	all := cmd.LocalNonPersistentFlags()
	all.VisitAll(func(f *pflag.Flag) {
		if !f.Changed && f.Value.String() != f.DefValue && weight(f.Name) > 0 {
			_ = f.Value.Set(f.DefValue) // its own default
			set(f.Name, 0)
		}
	})
	for name, values := range line.Flags {
		if given[name] {
			continue
		}
		f := all.Lookup(name)
		if f == nil {
			return &UnknownFlagError{name}
		}
		if err := setFlag(cmd, f, values); err != nil {
			return fmt.Errorf("--%s: %w", name, err)
		}
		if w, ok := line.Weights[name]; ok {
			set(name, w)
		} else {
			set(name, typedWeight)
		}
	}
	return nil
}

// Given returns the names of the flags on the command line.
func Given(cmd *cobra.Command) map[string]bool {
	given := map[string]bool{}
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			given[f.Name] = true
		}
	})
	return given
}

func setFlag(cmd *cobra.Command, f *pflag.Flag, values []string) error {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		f.Changed = true
		return list.Replace(values)
	}
	return cmd.Flags().Set(f.Name, values[0])
}
