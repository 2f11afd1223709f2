// Package glob turns the patterns of a filter into those of PostgreSQL.
package glob

import (
	"strings"

	"github.com/barbhq/barb/store/postgres/bulk"
)

// Like is a glob in which only * is special, for LIKE.
func Like(glob string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "*", "%").Replace(bulk.Escape(glob))
}

// Likes is Like of each of some globs.
func Likes(globs []string) []string {
	likes := make([]string, len(globs))
	for i, glob := range globs {
		likes[i] = Like(glob)
	}
	return likes
}

// Regex is a pattern of SQLite's GLOB for the operator ~, which is true of no text where the pattern is broken.
func Regex(glob string) string {
	var out strings.Builder
	out.WriteString("^")
	for rest := bulk.Escape(glob); rest != ""; {
		head := rest[0]
		rest = rest[1:]
		switch head {
		case '*':
			out.WriteString(".*")
		case '?':
			out.WriteString(".")
		case '[':
			set, after, ok := setOf(rest)
			if !ok {
				return "^(?!)"
			}
			out.WriteString(set)
			rest = after
		default:
			if head < 0x80 && !isWord(head) {
				out.WriteByte('\\')
			}
			out.WriteByte(head)
		}
	}
	return out.String() + "$"
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c < ' ' || c == 0x7f
}

// setOf returns the set that a text begins with behind its [, as a regular expression, and what follows it.
func setOf(text string) (set, after string, ok bool) {
	not := ""
	if strings.HasPrefix(text, "^") {
		not, text = "^", text[1:]
	}
	end := strings.IndexByte(text, ']')
	if end == 0 { // a ] that comes first is one of the set
		end = strings.IndexByte(text[1:], ']') + 1
	}
	if end <= 0 {
		return "", "", false
	}
	quoted := strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, "^", `\^`).Replace(text[:end])
	return "[" + not + quoted + "]", text[end+1:], true
}
