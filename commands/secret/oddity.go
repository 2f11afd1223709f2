package secret

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/keytext"
)

// Oddity says what is odd about the ends of a secret, as a clause whose subject is the secret: "ends with a carriage
// return (\r)"; "" where nothing is. It quotes nothing of the secret. A key in PEM or JSON is read without regard to
// what stands around it.
func Oddity(key []byte) string {
	if (sign.Secret{Key: key}).Kind() == keytext.Asymmetric {
		return ""
	}
	text := bytes.Trim(key, spaces)
	begins, ends := bytes.TrimLeft(key, spaces), bytes.TrimRight(key, spaces)
	var odd []string
	if len(begins) < len(key) {
		odd = append(odd, "begins with "+spaceName(key[:len(key)-len(begins)]))
	}
	if len(ends) < len(key) {
		odd = append(odd, "ends with "+spaceName(key[len(ends):]))
	}
	if n := len(text); n > 1 && text[0] == text[n-1] && isQuote(text[0]) {
		odd = append(odd, "is in quotes")
	} else if n > 1 && (isQuote(text[0]) || isQuote(text[n-1])) {
		odd = append(odd, "has a quote at one end")
	}
	if assignment().Match(text) {
		odd = append(odd, "is a whole line NAME=value")
	}
	return strings.Join(odd, " and ")
}

const spaces = " \t\r\n\v\f\u00a0\u200b\ufeff"

// assignment matches a line of a .env file. Base64 has no letters behind its padding.
var assignment = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:export\s+)?[A-Z][A-Z0-9_]+=["'A-Za-z0-9]`)
})

func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

// spaceName names white space by the most telling character in it.
func spaceName(space []byte) string {
	switch {
	case bytes.ContainsRune(space, '\r'):
		return `a carriage return (\r)`
	case bytes.ContainsRune(space, '\n'):
		return `a line break (\n)`
	case bytes.ContainsRune(space, '\t'):
		return "a tab"
	case bytes.ContainsAny(space, "\u00a0\u200b\ufeff"):
		return "an invisible character"
	case len(space) > 1:
		return "spaces"
	}
	return "a space"
}
