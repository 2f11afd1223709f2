package flags

import (
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/store/export"
)

// maxRetyped is the longest command line that a hint repeats, in bytes.
const maxRetyped = 240

// Retyped returns a command line of barb with another scheme, for a hint. A literal secret is not repeated, and a long
// line is shortened.
func Retyped(typed []string, scheme string) string {
	words := []string{"barb"}
	for args := typed; len(args) > 0; {
		word := args[0]
		args = args[1:]
		name, value, joined := strings.Cut(word, "=")
		takesNext := !joined && len(args) > 0
		switch {
		case (name == "-s" || name == "--scheme") && takesNext:
			args = args[1:]
		case name == "--scheme", strings.HasPrefix(word, "-s") && !strings.HasPrefix(word, "--"):
		case name == "--secret" && takesNext:
			words = append(words, name, shownReference(args[0]))
			args = args[1:]
		case name == "--secret":
			words = append(words, name, shownReference(value))
		default:
			words = append(words, export.Quote(word))
		}
	}
	line := strings.Join(append(words, "-s", scheme), " ")
	if command := slices.IndexFunc(words, func(w string) bool {
		return slices.Contains([]string{"verify", "listen", "sign", "send"}, w)
	}); len(line) > maxRetyped && command > 0 {
		line = "barb " + words[command] + " … -s " + scheme
	}
	return line
}

func shownReference(ref string) string {
	if ref == "-" || secret.IsReference(ref) {
		return export.Quote(ref)
	}
	return "env:NAME"
}
