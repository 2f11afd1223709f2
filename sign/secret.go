package sign

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"

	"github.com/barbhq/barb/sign/keytext"
)

// Secret is a key as its owner gave it. Printed, logged or encoded, it shows only its Name.
type Secret struct {
	Name string // its reference ("env:WHSEC"), shown in verdicts and errors, so never the secret itself
	Key  []byte // the given bytes, not decoded
}

// String returns "secret(NAME)".
func (s Secret) String() string { return "secret(" + s.Name + ")" }

// GoString returns String, so that %#v does not print Key.
func (s Secret) GoString() string { return s.String() }

// Format writes String for every verb, including those that would print the bytes.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue returns String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns String, quoted.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// Kind returns the use of the secret according to its prefix. See keytext.KindOf.
func (s Secret) Kind() keytext.Kind { return keytext.KindOf(s.Key) }

// Label returns the secret's name in errors: "secret env:WHSEC". A secret that was given without a reference has the
// name literal or stdin.
func (s Secret) Label() string {
	switch s.Name {
	case "":
		return "the secret"
	case "literal":
		return "the literal secret"
	case "stdin":
		return "the secret on stdin"
	}
	return "secret " + s.Name
}
