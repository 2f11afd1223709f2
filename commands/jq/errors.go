package jq

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// SyntaxError says why an expression cannot be compiled, and where.
type SyntaxError struct {
	What string // in jq's words
	text string
	at   int // the byte of text where it is wrong; -1: not known
}

// syntaxError finds the place of an error of gojq.
func syntaxError(text string, err error) *SyntaxError {
	if p, ok := errors.AsType[*gojq.ParseError](err); ok {
		what := p.Error()
		at := min(max(p.Offset-len(p.Token), 0), len(text))
		switch what {
		case "unexpected EOF":
			what = "it ends too early"
		case "unterminated string literal":
			at = max(strings.LastIndexByte(text, '"'), 0) // where it begins
		}
		return &SyntaxError{what, text, at}
	}
	e := &SyntaxError{err.Error(), text, -1}
	if what, name, ok := strings.Cut(e.What, " not defined: "); ok {
		name, _, _ = strings.Cut(name, "/") // without the number of arguments
		e.at = indexWord(text, name)
		e.What = "unknown " + what + " " + name
	}
	return e
}

// indexWord returns where a name stands in a text as a word of its own, -1 where it does not.
func indexWord(text, name string) int {
	isWord := func(c byte) bool {
		return c == '_' || c == '$' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
	}
	for from := 0; name != ""; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			break
		}
		start, end := from+i, from+i+len(name)
		if (start == 0 || !isWord(text[start-1]) && text[start-1] != '.') && (end == len(text) || !isWord(text[end])) {
			return start
		}
		from = end
	}
	return -1
}

// shown is how many characters of an expression an error shows before and after the place.
const shown = 60

// Error says what is wrong, and shows the place with a caret on a line of its own.
func (e *SyntaxError) Error() string {
	if e.at < 0 {
		return e.What + "\n  " + excerpt(e.text)
	}
	line, column := e.text, e.at
	if i := strings.LastIndexByte(e.text[:e.at], '\n'); i >= 0 {
		line, column = e.text[i+1:], e.at-i-1
	}
	before, after := []rune(line[:column]), line[column:]
	after, _, _ = strings.Cut(after, "\n")
	if len(before) > shown {
		before = append([]rune("…"), before[len(before)-shown:]...)
	}
	if rest := []rune(after); len(rest) > shown {
		after = string(rest[:shown]) + "…"
	}
	indent := strings.Map(func(c rune) rune {
		if c == '\t' {
			return '\t'
		}
		return ' '
	}, string(before))
	return e.What + "\n  " + string(before) + after + "\n  " + indent + "^"
}

// excerpt returns the beginning of an expression on one line.
func excerpt(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) > 2*shown {
		text = string([]rune(text)[:2*shown]) + "…"
	}
	return text
}

// EvalError says that an expression fails on what it was given.
type EvalError struct {
	Err  error
	Part string // the smallest part of the expression that fails; on one line
}

// Error names the part and the reason.
func (e *EvalError) Error() string { return e.Part + ": " + e.Err.Error() }

// Unwrap returns the error of jq.
func (e *EvalError) Unwrap() error { return e.Err }

// evalError finds the part of the expression that fails on v.
func (e *Expr) evalError(ctx context.Context, v any, err error) *EvalError {
	f := finder{ctx: ctx, what: err.Error(), left: maxTries}
	return &EvalError{err, excerpt(f.query(e.query, v))}
}
