package query

import (
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
)

// flagsOf returns the flags of a filter.
func flagsOf(f *flags.Filter) *pflag.FlagSet {
	var cmd cobra.Command
	f.AddFlags(&cmd, func(string, bool) []string { return nil }, func(string) []string { return nil })
	return cmd.Flags()
}

// part is what stands between two blanks.
type part struct {
	text     string
	isQuoted bool // it begins with a quote
	span
}

// span is where a part stands in the line, in bytes.
type span struct{ from, to int }

// split splits a line at blanks that are not in quotes. A quote begins at the beginning of a part, or of the value of a
// flag; elsewhere it is a character as any other.
func split(line string) (parts []part, err error) {
	var text strings.Builder
	var quote rune // that is open; 0: none
	var p *part    // that has begun; nil: none
	open := 0      // where the quote is
	end := func(at int) {
		if p != nil {
			p.text, p.to = text.String(), at
			parts = append(parts, *p)
			text.Reset()
			p = nil
		}
	}
	for i, c := range line {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\'') && beginsValue(text.String()):
			if p == nil {
				p = &part{isQuoted: true, span: span{from: i}}
			}
			quote, open = c, i
		case quote == 0 && unicode.IsSpace(c):
			end(i)
		default:
			if p == nil {
				p = &part{span: span{from: i}}
			}
			text.WriteRune(c)
		}
	}
	if quote != 0 {
		return nil, &PartError{From: open, To: len(line), err: fail.Usage("the quote %c is not closed", quote)}
	}
	end(len(line))
	return parts, nil
}

// beginsValue reports whether a value begins behind a text: nothing, name: or --name=.
func beginsValue(text string) bool {
	name := strings.TrimRight(text, ":=")
	isOther := func(r rune) bool { return (r < 'a' || r > 'z') && r != '-' }
	return text == "" || len(name) == len(text)-1 && !strings.ContainsFunc(name, isOther)
}

// reader reads the parts of a line one by one.
type reader struct {
	flags *pflag.FlagSet
	rest  []part
	last  part // that was read
}

func (r *reader) next() part {
	r.last = r.rest[0]
	r.rest = r.rest[1:]
	return r.last
}

// flag takes a part apart that is --name, --name=value or name:value; value is nil for the first. name: is a flag only
// where there is one of that name.
func (r *reader) flag(text string) (name string, value *string, ok bool) {
	dashed, isDashed := strings.CutPrefix(text, "--")
	if isDashed {
		name, after, has := strings.Cut(dashed, "=")
		if has {
			value = &after
		}
		return name, value, name != ""
	}
	name, after, ok := strings.Cut(text, ":")
	return name, &after, ok && r.flags.Lookup(name) != nil
}

// set sets a flag. Where it needs a value and has none yet, that is the next part.
func (r *reader) set(name string, value *string) error {
	f := r.flags.Lookup(name)
	switch {
	case f == nil:
		return fail.Usage("there is no filter --%s", name).Hint(fail.DidYouMean("--", fail.Nearest(name, r.names()),
			"? lists examples"))
	case f.Changed:
		return fail.Usage("%s is given twice", name)
	case f.NoOptDefVal != "":
		if value != nil && *value != f.NoOptDefVal {
			return fail.Usage("--%s takes no value", name).Hint("--" + name)
		}
		value = &f.NoOptDefVal
	case value == nil && len(r.rest) > 0:
		p := r.next()
		value = &p.text
	}
	if value == nil || *value == "" {
		return fail.Usage("%s: needs its value right behind it", name)
	}
	if err := f.Value.Set(*value); err != nil {
		return fail.Usage("%s: %w", name, err)
	}
	f.Changed = true
	return nil
}

// arg returns a flag that was set as arguments of a command line.
func (r *reader) arg(name string) []string {
	f := r.flags.Lookup(name)
	switch value := f.Value.String(); {
	case f.NoOptDefVal != "":
		return []string{"--" + name}
	case strings.HasPrefix(value, "-"):
		return []string{"--" + name + "=" + value}
	default:
		return []string{"--" + name, value}
	}
}

// slips are names that a person may type before a colon, and what to type instead.
var slips = map[string]string{
	"body": "grep:TEXT", "code": "status:500", "host": "endpoint:HOST", "is": "--failed or --invalid",
	"method": "the method alone, as POST", "outcome": "--failed or --invalid", "path": "the path alone, as /hooks",
	"state": "--failed or --invalid", "text": "grep:TEXT", "type": "event:TYPE", "verdict": "--failed or --invalid",
}

// misspelt returns the error for a word that looks like name:value and has nearly the name of a flag; else nil.
func (r *reader) misspelt(text string) error {
	name, value, ok := strings.Cut(text, ":")
	if !ok || value == "" || name == "" || strings.HasPrefix(value, "//") {
		return nil
	}
	failure := fail.Usage("there is no filter %s:", name)
	if slip, ok := slips[name]; ok {
		return failure.Hint("type " + slip)
	}
	near := fail.Nearest(name, r.names())
	if len(near) == 0 || len(name) == 1 {
		return nil
	}
	return failure.Hint("did you mean " + strings.Join(near, ": or ") + ":?")
}

// names returns the names of the flags that are listed in the help.
func (r *reader) names() (all []string) {
	r.flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			all = append(all, f.Name)
		}
	})
	slices.Sort(all)
	return all
}

// Name is a filter that a line may name.
type Name struct {
	Text   string // as it is typed: event: with its value behind it, or --failed
	Does   string // what it selects
	Valued bool
}

// Names returns the filters that the help lists, sorted.
func Names() (all []Name) {
	var f flags.Filter
	r := reader{flags: flagsOf(&f)}
	for _, name := range r.names() {
		one := r.flags.Lookup(name)
		_, does := pflag.UnquoteUsage(one)
		if one.NoOptDefVal != "" {
			all = append(all, Name{"--" + name, does, false})
		} else {
			all = append(all, Name{name + ":", does, true})
		}
	}
	return all
}

// PartError is what is wrong with a part of a filter.
type PartError struct {
	From, To int // where the part stands in Query.Text, in bytes
	err      error
}

// Error says what is wrong, without the place.
func (e *PartError) Error() string { return e.err.Error() }

// Unwrap returns the error with its hints.
func (e *PartError) Unwrap() error { return e.err }

// Place returns the part of a line that an error of Read is about, in bytes; 0 and 0 where it is about none.
func Place(line string, err error) (from, to int) {
	e, ok := errors.AsType[*PartError](err)
	if !ok {
		return 0, 0
	}
	blanks := len(line) - len(strings.TrimLeftFunc(line, unicode.IsSpace))
	return min(blanks+e.From, len(line)), min(blanks+e.To, len(line))
}

// Reason returns an error in one line, with the first of its hints. An error that points at a place of an expression
// says which it is.
func Reason(err error) string {
	lines := strings.Split(Mistake(err), "\n")
	if at := slices.IndexFunc(lines, pointsUp); at > 0 {
		place := []rune(lines[at-1])
		n := min(len(lines[at])-1, len(place))
		lines[at-1], lines[at] = "at", string(place[n:])
		if n == len(place) {
			lines[at-1] = "" // "it ends too early"
		}
	}
	return strings.Join(strings.Fields(strings.Join(lines, " ")), " ")
}

// pointsUp reports whether a line points at a place of the line above.
func pointsUp(line string) bool { return strings.TrimSpace(line) == "^" }

// Mistake returns an error with the first of its hints, in several lines where it points at a place of an expression.
func Mistake(err error) string {
	text, hint := err.Error(), ""
	if f, ok := errors.AsType[*fail.Error](err); ok && len(f.Hints) > 0 {
		hint = f.Hints[0]
	}
	switch {
	case hint == "":
		return text
	case strings.Contains(text, "\n"):
		return text + "\n" + hint
	}
	return text + "; " + hint
}
