package export

import (
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/store/record"
)

// Curl returns a shell command that sends the request again with curl when pasted into a POSIX shell: the same headers in
// the same case, the same bytes of body. A body that is not text is carried by printf, since no argument can hold it.
func Curl(r *record.Request) string {
	var b strings.Builder
	binary := !utf8.Valid(r.Body) || strings.ContainsRune(string(r.Body), 0)
	if binary {
		b.WriteString("printf '" + octal(r.Body) + "' | ")
	}
	b.WriteString("curl -sS --path-as-is -X " + Quote(r.Method) + " " + Quote(r.URL))
	for _, f := range r.Header {
		switch strings.ToLower(f.Name) {
		case "content-length", "transfer-encoding", "connection", "expect":
			continue // curl makes these itself
		}
		if f.Value == "" {
			b.WriteString(" \\\n  -H " + Quote(f.Name+";")) // curl's way to send an empty header
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

// Quote quotes s for a POSIX shell.
func Quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// octal writes bytes as printf takes them.
func octal(data []byte) string {
	const digits = "01234567"
	var b strings.Builder
	for _, c := range data {
		b.WriteByte('\\')
		b.WriteByte(digits[c>>6])
		b.WriteByte(digits[c>>3&7])
		b.WriteByte(digits[c&7])
	}
	return b.String()
}
