package commands

import (
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/shell"
)

// publicBase returns the scheme and host of a public URL, "" for "". It warns of a path, which is not used.
func (g *listener) publicBase(where, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	base, unused, err := flags.SplitPublic(text)
	if err != nil {
		return "", fail.Usage("%s %w", where, err).Hint(shell.PublicHint)
	}
	if unused != "" {
		g.sh.Warn("the path of %s %s is ignored: path and query come from the request (%s is enough)",
			where, text, base)
	}
	return base, nil
}
