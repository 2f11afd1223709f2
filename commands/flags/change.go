package flags

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
)

// Change changes a payload before it is signed and sent. It means the same in send and replay.
type Change struct {
	Sets []string
	Edit bool
	Seed *uint64
}

// AddFlags adds the flags to a command.
func (f *Change) AddFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringArrayVar(&f.Sets, "set", nil, "set a field of the payload: `PATH=VALUE`, such as items[0].price=12 "+
		"(repeatable)")
	set.BoolVar(&f.Edit, "edit", false, "open the payload in $VISUAL or $EDITOR first")
	set.Var(Seed(&f.Seed), "seed", "repeat the random values of another run (default: a new seed, shown with -v)")
}

// Changed reports whether the payload does not stay what it is.
func (f *Change) Changed() bool { return len(f.Sets) > 0 || f.Edit }

// Values returns what templates are filled with. Without --seed the seed is from random, which is uniform in [0, 1).
func (f *Change) Values(now time.Time, random func() float64, env func(string) (string, error)) fixture.Values {
	v := fixture.Values{Number: 1, Now: now, Env: env}
	if f.Seed != nil {
		v.Seed = *f.Seed
	} else {
		v.Seed = uint64(random() * (1 << 53))
	}
	return v
}

// Changes returns the changes of --set.
func (f *Change) Changes() ([]payload.Change, error) {
	all := make([]payload.Change, len(f.Sets))
	for i, text := range f.Sets {
		var err error
		if all[i], err = payload.ParseChange(text); err != nil {
			return nil, err
		}
	}
	return all, nil
}
