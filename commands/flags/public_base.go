package flags

import (
	"strings"

	"github.com/barbhq/barb/commands/fail"
)

// SplitPublic takes a public URL apart into scheme and authority, which a signed URL gets from it, and what is behind
// them and not used: a path that stood for each request's own would make one signature valid at every path.
func SplitPublic(text string) (base, unused string, err error) {
	if _, err := Target(text); err != nil || !strings.Contains(text, "://") {
		return "", "", fail.Usage("%q is not a URL", text)
	}
	authority := strings.Index(text, "://") + len("://")
	end := len(text)
	if i := strings.IndexAny(text[authority:], "/?#"); i >= 0 {
		end = authority + i
	}
	return text[:end], strings.TrimPrefix(text[end:], "/"), nil
}
