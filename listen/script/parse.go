package script

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	maxScript = 64 << 10
	maxCount  = 1_000_000
)

// Error says why a script cannot be read.
type Error struct {
	At    int // the character, from 1; 0 where the script is not one text
	Text  string
	Word  string   // a name that is not known; "" when it is another error
	Known []string // the names that are known
}

// Error returns the text, with its place where there is one.
func (e *Error) Error() string {
	if e.At == 0 {
		return e.Text
	}
	return fmt.Sprintf("character %d: %s", e.At, e.Text)
}

// Parse reads a script. read returns the content of the file that body=@PATH names, and bounds its size. An error is an
// *Error.
func Parse(text string, read func(path string) ([]byte, error)) (*Script, error) {
	p := &parser{text: text, read: read}
	if len(text) > maxScript {
		return nil, p.fault(0, "the script has %d bytes; at most %d are allowed", len(text), maxScript)
	}
	s := &Script{}
	for more := true; more; {
		it, times, err := p.item()
		if err != nil {
			return nil, err
		}
		s.add(it, times)
		more = p.skip(',')
	}
	return s, nil
}

// Option is one part of an answer: {"status", "503"}, {"fault", "reset"}, {"delay", "3s"}.
type Option struct{ Name, Value string }

// Of returns the script of one answer that is given part by part, as in a table of a file. An error is an *Error.
func Of(options []Option, read func(path string) ([]byte, error)) (*Script, error) {
	p := &parser{read: read}
	var it item
	for _, o := range options {
		if err := p.set(&it, o.Name, o.Value); err != nil {
			if at, ok := errors.AsType[*Error](err); ok {
				at.At = 0
			}
			return nil, err
		}
	}
	s := &Script{}
	s.add(it, 1)
	return s, nil
}

func (s *Script) add(it item, times int64) {
	if len(s.items) > 0 {
		times += s.items[len(s.items)-1].until
	}
	it.until = times
	it.complete()
	s.items = append(s.items, it)
}

// parser reads the text of a script from left to right.
type parser struct {
	text  string
	at    int // the next byte
	read  func(path string) ([]byte, error)
	part  int // where the current part of an answer begins
	value int // where its value begins
}

func (p *parser) fault(at int, format string, args ...any) *Error {
	return &Error{At: utf8.RuneCountInString(p.text[:at]) + 1, Text: fmt.Sprintf(format, args...)}
}

// skip moves past c if that is the next byte, and reports whether it was.
func (p *parser) skip(c byte) bool {
	if p.at >= len(p.text) || p.text[p.at] != c {
		return false
	}
	p.at++
	return true
}

// until moves to the first of the bytes in ends, or to the end, and returns the text before it without blanks around
// it.
func (p *parser) until(ends string) string {
	begun := p.at
	if n := strings.IndexAny(p.text[p.at:], ends); n >= 0 {
		p.at += n
	} else {
		p.at = len(p.text)
	}
	return strings.Trim(p.text[begun:p.at], " \t\r\n")
}

// item reads one answer, up to a comma or the end, and how many webhooks get it.
func (p *parser) item() (it item, times int64, err error) {
	times = 1
	for more := true; more; more = p.skip(';') {
		if err := p.option(&it, &times); err != nil {
			return it, 0, err
		}
	}
	return it, times, nil
}

// option reads one part of an answer: a status or a fault, or NAME=VALUE.
func (p *parser) option(it *item, times *int64) error {
	begun := p.at
	name := p.until("=,;")
	p.part = begun + len(p.text[begun:]) - len(strings.TrimLeft(p.text[begun:], " \t\r\n"))
	switch {
	case p.skip('='):
		value, err := p.readValue(name)
		if err != nil {
			return err
		}
		return p.set(it, name, value)
	case name == "":
		return p.fault(begun, "an answer is missing: give a status from 200 to 599, or a fault")
	}
	p.value = p.part
	word, err := p.counted(name, times)
	if err != nil {
		return err
	}
	return p.bare(it, word)
}

// readValue reads the value behind an =, with or without quotes.
func (p *parser) readValue(name string) (string, error) {
	for p.skip(' ') {
	}
	begun := p.at
	p.value = begun
	for _, quote := range []byte{'\'', '"'} {
		if !p.skip(quote) {
			continue
		}
		end := strings.IndexByte(p.text[p.at:], quote)
		if end < 0 {
			return "", p.fault(begun, "unclosed quote in %s", name)
		}
		value := p.text[p.at : p.at+end]
		p.at += end + 1
		if begun := p.at; p.until(",;") != "" {
			return "", p.fault(begun, "unexpected text after the quoted value of %s; expected , or ;", name)
		}
		return value, nil
	}
	return p.until(",;"), nil
}

// counted cuts the count xN from a status or a fault and stores it in times.
func (p *parser) counted(word string, times *int64) (string, error) {
	i := strings.LastIndexByte(word, 'x')
	if i <= 0 || strings.Trim(word[i+1:], "0123456789") != "" {
		return word, nil
	}
	n, ok := number(word[i+1:], maxCount)
	if !ok || n == 0 {
		return "", p.fault(p.part, "%s: the count after x must be from 1 to %d", word, maxCount)
	}
	*times = n
	return word[:i], nil
}
