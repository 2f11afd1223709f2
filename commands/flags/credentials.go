package flags

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/spf13/pflag"

	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/store/record"
)

// Credentials is -u: a user and a password, or a reference to one.
type Credentials struct {
	kept    string // USER:REFERENCE
	literal bool   // a password was typed
}

// Header returns the field that a password with a reference is sent in; none without one. find returns the secret of a
// reference. warn is called for a password that was typed.
func (c *Credentials) Header(find func(ref string) (string, error), warn func(string, ...any)) (record.Header, error) {
	if c.literal {
		warn("the password of -u can be read by other users in the process list; use -u USER:env:NAME or USER:file:PATH")
	}
	if c.kept == "" {
		return nil, nil
	}
	user, ref, _ := strings.Cut(c.kept, ":")
	password, err := find(ref)
	if err != nil {
		return nil, err
	}
	return record.Header{{Name: "Authorization", Value: basic(user + ":" + password)}}, nil
}

func basic(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }

// credentialsFlag sets Credentials. A password that was typed becomes a line of --header, as which a run keeps it.
type credentialsFlag struct {
	set *pflag.FlagSet
	of  *Credentials
}

// String returns what a run keeps of the flag: no password.
func (f credentialsFlag) String() string {
	if f.of == nil {
		return ""
	}
	return f.of.kept
}

// Type is the word that help shows for a value.
func (f credentialsFlag) Type() string { return "value" }

// Set reads USER:PASS or USER:REFERENCE.
func (f credentialsFlag) Set(text string) error {
	_, password, ok := strings.Cut(text, ":")
	switch {
	case !ok:
		return errors.New("it is USER:PASS")
	case secret.IsReference(password):
		f.of.kept = text
		return nil
	}
	f.of.literal = true
	return f.set.Set("header", "Authorization: "+basic(text))
}
