package export

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/barbhq/barb/store/record"
)

// maxArgument is the longest body on the command line; Linux limits an argument to 128 KiB.
const maxArgument = 100_000

// Curl returns a curl command for a POSIX shell that sends the request again: the same headers in the same case, the
// same bytes of body. A body that is not text goes through printf, since an argument cannot hold it.
func Curl(r *record.Request) string {
	var b strings.Builder
	binary := !isText(string(r.Body)) || len(r.Body) > maxArgument
	if binary {
		b.WriteString(printf(r.Body) + "' | ")
	}
	b.WriteString("curl -sS -g --path-as-is -X " + Quote(r.Method) + " " + Quote(r.URL))
	for _, f := range r.Header {
		switch strings.ToLower(f.Name) {
		case "content-length", "transfer-encoding", "connection", "expect":
			continue // curl makes these itself
		}
		if f.Value == "" {
			b.WriteString(" \\\n  -H " + Quote(f.Name+";")) // how curl sends an empty header
			continue
		}
		b.WriteString(" \\\n  -H " + Quote(f.Name+": "+f.Value))
	}
	for _, name := range []string{"Accept", "User-Agent", "Content-Type"} {
		if !r.Header.Has(name) && (name != "Content-Type" || len(r.Body) > 0) {
			b.WriteString(" \\\n  -H " + Quote(name+":")) // keep curl from adding its own
		}
	}
	switch {
	case binary:
		b.WriteString(" \\\n  --data-binary @-")
	case len(r.Body) > 0:
		b.WriteString(" \\\n  --data-raw " + Quote(string(r.Body)))
	}
	return b.String()
}

// CurlStart returns the first bytes of Curl, at most a number of them, and whether they are not all. It costs what is
// returned and not what the body is long.
func CurlStart(r *record.Request, most int) (start string, isCut bool) {
	var all string
	if escaped := most/len(`\000`) + 1; len(r.Body) > maxArgument && len(r.Body) > escaped {
		all = printf(r.Body[:escaped])
	} else {
		all = Curl(r)
	}
	if len(all) <= most {
		return all, false
	}
	for most > 0 && !utf8.RuneStart(all[most]) {
		most--
	}
	return all[:most], true
}

// printf is a command that prints bytes, without the quote at its end.
func printf(data []byte) string { return "printf '" + octal(data) }

// Quote quotes s for a POSIX shell.
func Quote(s string) string {
	switch {
	case !isText(s):
		return `"$(printf '` + octal([]byte(s)) + `')"`
	case s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,") == "":
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// isText reports whether s is UTF-8 without controls (except line feed and tab), invisible characters, and characters
// that change the direction of writing.
func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '\n' && r != '\t' && r != ' ' && !unicode.IsGraphic(r)
	})
}

// octal escapes bytes for printf.
func octal(data []byte) string {
	const digits = "01234567"
	var b strings.Builder
	b.Grow(len(data) * len(`\000`))
	for _, c := range data {
		b.WriteByte('\\')
		b.WriteByte(digits[c>>6])
		b.WriteByte(digits[c>>3&7])
		b.WriteByte(digits[c&7])
	}
	return b.String()
}
