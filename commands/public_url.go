package commands

import (
	"cmp"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/store/record"
)

// publicHint is how to say which URL senders use.
const publicHint = "--public-url https://abc.example.com"

// publicBase returns the scheme and host of a public URL, "" for "". It warns of a path, which is not used.
func (g *listener) publicBase(where, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	base, unused, err := flags.SplitPublic(text)
	if err != nil {
		return "", fail.Usage("%s %w", where, err).Hint(publicHint)
	}
	if unused != "" {
		g.sh.warn("the path of %s %s is ignored: path and query come from the request (%s is enough)",
			where, text, base)
	}
	return base, nil
}

// publicURLOf returns the URL of a received request as the settings of listen have it.
func (sh *shell) publicURLOf(r *record.Request) (string, error) {
	text := cmp.Or(sh.Getenv("BARB_PUBLIC_URL"), sh.file.Values["listen.public_url"])
	if row := sh.file.Routes.Covering(urlPath(r.URL)); row != nil && row.PublicURL != "" {
		text = row.PublicURL
	}
	if text == "" {
		return r.URL, nil
	}
	base, _, err := flags.SplitPublic(text)
	if err != nil {
		return "", fail.Usage("public_url %w", err).Hint(publicHint)
	}
	return gateway.Publicly(base, r), nil
}
