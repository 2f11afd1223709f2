package flags

import (
	"strings"

	"github.com/barbhq/barb/listen/route"
)

// Globs is a list of patterns on the command line in which * stands for any part.
type Globs []string

func (v *Globs) String() string { return strings.Join(*v, ",") }

// Type is the word for a value in the help, as pflag asks for it.
func (v *Globs) Type() string { return "type" }

// Set adds patterns, with commas between them.
func (v *Globs) Set(s string) error {
	for pattern := range strings.SplitSeq(s, ",") {
		*v = append(*v, strings.TrimSpace(pattern))
	}
	return nil
}

// Match reports whether one of the patterns matches; without patterns everything does.
func (v Globs) Match(s string) bool {
	for _, pattern := range v {
		if route.Match(pattern, s) {
			return true
		}
	}
	return len(v) == 0
}
