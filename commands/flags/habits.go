package flags

import (
	"strconv"

	"github.com/spf13/pflag"
)

// habit is a flag that another tool has: it sets a flag of ours, and is not kept beside it.
type habit struct {
	set   *pflag.FlagSet
	flag  string
	value func(string) (string, error)
}

func (h habit) String() string { return "" }
func (h habit) Type() string   { return "value" } // not "string": it is empty after Set too

// Set sets the other flag.
func (h habit) Set(text string) error {
	value, err := h.value(text)
	if err != nil {
		return err
	}
	return h.set.Set(h.flag, value)
}

// AddHabits adds the flags -m, -A and -u of curl to a command with --timeout and --header.
func AddHabits(set *pflag.FlagSet, user *Credentials) {
	set.VarP(habit{set, "timeout", seconds}, "max-time", "m", "--timeout in `seconds`")
	set.VarP(habit{set, "header", func(agent string) (string, error) {
		return "User-Agent: " + agent, nil
	}}, "user-agent", "A", "send this User-Agent, a `name`")
	set.VarP(credentialsFlag{set, user}, "user", "u", "send these Basic credentials: `USER:PASS`, or USER:env:NAME for "+
		"a password in a variable")
}

// seconds reads a number of seconds, or a duration.
func seconds(text string) (string, error) {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return text + "s", nil
	}
	return text, nil
}
