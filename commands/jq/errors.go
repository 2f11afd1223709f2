package jq

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/itchyny/gojq"

	"github.com/barbhq/barb/commands/fail"
)

// SyntaxError says why an expression cannot be compiled, and where.
type SyntaxError struct {
	What string   // in jq's words
	near []string // names of functions like the unknown one
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
		return &SyntaxError{What: what, text: text, at: at}
	}
	e := &SyntaxError{What: err.Error(), text: text, at: -1}
	if what, called, ok := strings.Cut(e.What, " not defined: "); ok {
		name, _, isFunction := strings.Cut(called, "/") // without the number of arguments
		e.at = indexWord(text, name)
		e.What = "unknown " + what + " " + name
		if isFunction {
			e.suggest(name, called)
		}
	}
	return e
}

// maxNear is how many functions a hint names at most: a name of one letter begins many.
const maxNear = 4

// suggest adds the functions of jq that are spelled like name to the message. called is the name with the number of its
// arguments: length/1.
func (e *SyntaxError) suggest(name, called string) {
	var names, others []string
	for _, function := range functions() {
		known, _, _ := strings.Cut(function, "/")
		names = append(names, known)
		if known == name {
			others = append(others, function)
		}
	}
	if len(others) > 0 {
		e.What = called + " is not defined, only " + strings.Join(others, " and ")
		return
	}
	slices.Sort(names)
	near := fail.Nearest(name, slices.Compact(names))
	begins := func(s string) bool { return s[0] == name[0] } // the first letter is rarely mistyped
	if slices.ContainsFunc(near, begins) {
		near = slices.DeleteFunc(near, func(s string) bool { return !begins(s) })
	}
	if len(near) <= maxNear {
		e.near = near
	}
}

// functions returns jq's own functions as name/arguments, sorted.
func functions() (names []string) {
	query, err := gojq.Parse("builtins | sort[]")
	if err != nil {
		return nil
	}
	for iter := query.Run(nil); ; {
		v, ok := iter.Next()
		name, isName := v.(string)
		if !ok || !isName {
			return names
		}
		names = append(names, name)
	}
}

// Hint returns what to type next for an error of Compile: the function that was meant, else the example.
func Hint(err error, example string) string {
	if e, ok := errors.AsType[*SyntaxError](err); ok {
		return fail.DidYouMean("", e.near, example)
	}
	return example
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
