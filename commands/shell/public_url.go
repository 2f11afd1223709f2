package shell

import (
	"cmp"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/store/record"
)

// PublicHint is how to say which URL senders use.
const PublicHint = "--public-url https://abc.example.com"

// PublicURLOf returns the URL of a received request as the settings of listen have it.
func (sh *Shell) PublicURLOf(r *record.Request) (string, error) {
	text := cmp.Or(sh.Getenv("BARB_PUBLIC_URL"), sh.File.Values["listen.public_url"])
	if row := sh.File.Routes.Covering(URLPath(r.URL)); row != nil && row.PublicURL != "" {
		text = row.PublicURL
	}
	if text == "" {
		return r.URL, nil
	}
	base, _, err := flags.SplitPublic(text)
	if err != nil {
		return "", fail.Usage("public_url %w", err).Hint(PublicHint)
	}
	return gateway.Publicly(base, r), nil
}
