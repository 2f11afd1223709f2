package commands

import (
	"cmp"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// publicHint is how to say which URL senders use.
const publicHint = "--public-url https://abc.example.com"

// splitPublic takes a public URL apart into scheme and authority, which a signed URL gets from it, and what is behind
// them and not used: a path that stood for each request's own would make one signature valid at every path.
func splitPublic(text string) (base, unused string, err error) {
	if _, err := expandTarget(text); err != nil || !strings.Contains(text, "://") {
		return "", "", fail.Usage("%q is not a URL", text)
	}
	authority := strings.Index(text, "://") + len("://")
	end := len(text)
	if i := strings.IndexAny(text[authority:], "/?#"); i >= 0 {
		end = authority + i
	}
	return text[:end], strings.TrimPrefix(text[end:], "/"), nil
}

// publicBase is splitPublic of what a flag or a route says, "" for nothing. It warns of what is not used.
func (g *gateway) publicBase(where, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	base, unused, err := splitPublic(text)
	if err != nil {
		return "", fail.Usage("%s %w", where, err).Hint(publicHint)
	}
	if unused != "" {
		g.warn("the path of %s %s is not used: a signed URL has the path and query of the request (%s says the same)",
			where, text, base)
	}
	return base, nil
}

// publicly is a request's URL as its sender knows it: scheme and authority are those of base, path and query as they
// came.
func publicly(base string, r *record.Request) string {
	if base == "" {
		return r.URL
	}
	return base + strings.TrimPrefix((&record.Request{URL: r.URL}).WireTarget(), "*")
}

// asSenderKnows is the URL that the sender signed: behind a tunnel it is not the one that arrived here.
func (g *gateway) asSenderKnows(l *lane, r *record.Request) string {
	return publicly(cmp.Or(l.publicURL, g.publicURL), r)
}

// tellHost says once that a host which only the sender names is part of what is checked. Somebody who got hold of a
// webhook for another receiver could send it here.
func (g *gateway) tellHost(l *lane, scheme sign.Scheme) {
	if g.publicURL != "" || l.publicURL != "" || !scheme.SignsHost() {
		return
	}
	g.hostTold.Do(func() {
		g.warn("%s signs the URL, and its host is taken from the request's own Host, which its sender writes; "+
			"barb listen -s %s %s", scheme.Name, scheme.Name, publicHint)
	})
}

// publicURLOf is the URL of a received request as the listener that barb.toml and the environment describe checks it.
func (sh *shell) publicURLOf(r *record.Request) (string, error) {
	file, err := sh.configuration()
	if err != nil {
		return "", err
	}
	text := cmp.Or(sh.Getenv("BARB_PUBLIC_URL"), file.values["listen.public_url"])
	if row := file.routes.Covering(urlPath(r.URL)); row != nil && row.PublicURL != "" {
		text = row.PublicURL
	}
	if text == "" {
		return r.URL, nil
	}
	base, _, err := splitPublic(text)
	if err != nil {
		return "", fail.Usage("public_url %w", err).Hint(publicHint)
	}
	return publicly(base, r), nil
}
