package sign

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"

	"github.com/barbhq/barb/sign/keytext"
)

// Secret is a key as its owner gave it. However it is printed, logged or encoded, only Name shows.
type Secret struct {
	Name string // how it is referred to ("env:WHSEC"); shown in verdicts and errors, so never the secret itself
	Key  []byte // the bytes as given, not yet decoded
}

// String returns the name, marked as standing for a secret.
func (s Secret) String() string { return "secret(" + s.Name + ")" }

// GoString is String, so that %#v does not walk into Key.
func (s Secret) GoString() string { return s.String() }

// Format writes String for every verb, also those that would print the bytes.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON is String, quoted.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// Kind returns what the secret may prove, in any of the usual spellings. See keytext.KindOf.
func (s Secret) Kind() keytext.Kind { return keytext.KindOf(s.Key) }

// Label returns what errors call the secret: "secret env:WHSEC".
func (s Secret) Label() string {
	if s.Name == "" {
		return "the secret"
	}
	return "secret " + s.Name
}
