package agent

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store/record"
)

// line is a command line that a tool puts together. Every value of an agent is behind the name of its flag, so that no
// value is taken for a flag or a file.
type line struct {
	name       string
	flags      []string
	positional []string
	stdin      string
	waits      bool
	err        error // what is wrong with the arguments
}

func (l *line) text(flag string, values ...string) {
	for _, v := range values {
		if v != "" {
			l.flags = append(l.flags, "--"+flag+"="+v)
		}
	}
}

const (
	mostExpressions = 10   // of one argument
	longestJQ       = 1000 // bytes of an expression
)

// expressions adds jq expressions. A webhook may have told the agent what to ask for, so they can be neither long nor
// repeat themselves, and few.
func (l *line) expressions(flag string, texts ...string) {
	if len(texts) > mostExpressions {
		l.fails(fail.Usage("%s has %d expressions; %d are possible", flag, len(texts), mostExpressions))
		return
	}
	for _, text := range texts {
		if len(text) > longestJQ {
			l.fails(fail.Usage("%s has an expression of %d bytes; %d are possible", flag, len(text), longestJQ))
		} else if e, err := jq.Compile(text); err == nil && text != "" { // the command says what is wrong with another
			if err := e.CheckSmall(); err != nil {
				l.fails(fail.Usage("%s: %w", flag, err).Hint("a path and a comparison: .body.total > 100"))
			}
		}
	}
	l.text(flag, texts...)
}

func (l *line) number(flag string, n *int) {
	if n != nil {
		l.text(flag, strconv.Itoa(*n))
	}
}

func (l *line) on(flag string, on bool) {
	if on {
		l.flags = append(l.flags, "--"+flag)
	}
}

// fails keeps the first error.
func (l *line) fails(err error) {
	if l.err == nil {
		l.err = err
	}
}

// headers adds fields. @FILE of the command line is not one.
func (l *line) headers(lines []string) {
	for _, text := range lines {
		name, value, ok := strings.Cut(text, ":")
		field := record.Field{Name: name, Value: strings.Trim(value, " \t")}
		if !ok || record.CheckField(field) != nil {
			l.fails(fail.Usage("header %q is not 'Name: value'", text).Hint(`"headers": ["X-Webhook-Event: ping"]`))
			return
		}
		l.text("header", text)
	}
}

// payload puts a body on stdin; @FILE of the command line is not one.
func (l *line) payload(p payload) {
	data := p.Body
	if p.BodyBase64 != "" {
		raw, err := base64.StdEncoding.DecodeString(p.BodyBase64)
		switch {
		case err != nil:
			l.fails(fail.Usage("body_base64 is not base64: %w", err).Hint("use the standard alphabet with padding, or body"))
		case p.Body != "":
			l.fails(fail.Usage("body and body_base64 are both given").Hint("give one of them"))
		}
		data = string(raw)
	}
	l.stdin = data
	l.flags = append(l.flags, "--data=@-")
}

// selectors adds ids; a FILE of the command line is not one.
func (l *line) selectors(texts ...string) {
	for _, text := range texts {
		if _, err := flags.ParseSelector(text); err != nil {
			l.fails(flags.NoSelector(text, err))
			return
		}
		l.positional = append(l.positional, text)
	}
}

// signing adds the scheme and the secrets, which the user has configured.
func (l *line) signing(a *agent, s signing) {
	l.text("scheme", s.Scheme)
	if s.Secret != "" {
		l.fails(a.checkSecrets([]string{s.Secret}))
		l.text("secret", s.Secret)
	}
	for _, p := range s.Params {
		l.text("param", p)
	}
}
