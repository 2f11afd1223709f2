package flags

import (
	"errors"
	"strings"
	"unicode"

	"github.com/spf13/pflag"
)

// EventType is a flag for an event type, or a pattern of types.
func EventType(text *string) pflag.Value { return &eventType{text} }

type eventType struct{ text *string }

// String returns the text.
func (v *eventType) String() string {
	if v.text == nil { // pflag asks a zero value
		return ""
	}
	return *v.text
}

// Type is the word for a value in the help, as pflag asks for it.
func (v *eventType) Type() string { return "type" }

// Set takes an event type, or says why it is none.
func (v *eventType) Set(s string) error {
	*v.text = s
	return checkEvent(s)
}

// checkEvent refuses an event type that none can be: an empty one, or one with blanks or control characters.
func checkEvent(event string) error {
	isBlank := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
	switch {
	case event == "":
		return errors.New("it is empty; leave --event out")
	case strings.ContainsFunc(event, isBlank):
		return errors.New("an event type has no blanks; * matches any part")
	}
	return nil
}
