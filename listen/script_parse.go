package listen

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	maxScript = 64 << 10
	maxCount  = 1_000_000
)

// ScriptError is a script that cannot be read.
type ScriptError struct {
	At    int // the character, from 1; 0 when it was not in a text
	Text  string
	Word  string   // what is not known
	Known []string // and what would be
}

// Error says where and what.
func (e *ScriptError) Error() string {
	if e.At == 0 {
		return e.Text
	}
	return fmt.Sprintf("character %d: %s", e.At, e.Text)
}

// ParseScript reads a script. read gets what body=@PATH names; it is to bound what it reads. An error is a *ScriptError.
func ParseScript(text string, read func(path string) ([]byte, error)) (*Script, error) {
	p := &scriptParser{text: text, read: read}
	if len(text) > maxScript {
		return nil, p.fault(0, "a script of %d bytes is too long: %d are taken", len(text), maxScript)
	}
	s := &Script{}
	for more := true; more; {
		it, times, err := p.item()
		if err != nil {
			return nil, err
		}
		s.add(it, times)
		more = p.take(',')
	}
	return s, nil
}

// Option is one thing that is said of an answer: {"status", "503"}, {"fault", "reset"}, {"delay", "3s"}.
type Option struct{ Name, Value string }

// ScriptOf makes a script of one answer from what is said of it.
func ScriptOf(options []Option, read func(path string) ([]byte, error)) (*Script, error) {
	p := &scriptParser{read: read}
	var it item
	for _, o := range options {
		if err := p.set(&it, o.Name, o.Value); err != nil {
			err.At = 0
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

// scriptParser reads a text from left to right.
type scriptParser struct {
	text string
	at   int // the next byte
	read func(path string) ([]byte, error)
	part int // where the part began that is being read
	said int // and where its value did
}

func (p *scriptParser) fault(at int, format string, args ...any) *ScriptError {
	return &ScriptError{At: utf8.RuneCountInString(p.text[:at]) + 1, Text: fmt.Sprintf(format, args...)}
}

// take moves over a byte if it is the next one.
func (p *scriptParser) take(c byte) bool {
	if p.at >= len(p.text) || p.text[p.at] != c {
		return false
	}
	p.at++
	return true
}

// until moves to the first of the bytes in ends, or to the end, and returns what it moved over without blanks around it.
func (p *scriptParser) until(ends string) string {
	begun := p.at
	if n := strings.IndexAny(p.text[p.at:], ends); n >= 0 {
		p.at += n
	} else {
		p.at = len(p.text)
	}
	return strings.Trim(p.text[begun:p.at], " \t\r\n")
}

// item reads one answer, up to a comma or the end.
func (p *scriptParser) item() (it item, times int64, err error) {
	times = 1
	for more := true; more; more = p.take(';') {
		if err := p.option(&it, &times); err != nil {
			return it, 0, err
		}
	}
	return it, times, nil
}

// option reads one part of an answer: a status or a fault, or NAME=VALUE.
func (p *scriptParser) option(it *item, times *int64) error {
	begun := p.at
	name := p.until("=,;")
	p.part = begun + len(p.text[begun:]) - len(strings.TrimLeft(p.text[begun:], " \t\r\n"))
	switch {
	case p.take('='):
		value, err := p.value(name)
		if err == nil {
			err = p.set(it, name, value)
		}
		return orNil(err)
	case name == "":
		return p.fault(begun, "an answer is missing: a status from 200 to 599, or a fault")
	}
	p.said = p.part
	word, err := p.counted(name, times)
	if err == nil {
		err = p.bare(it, word)
	}
	return orNil(err)
}

// orNil keeps a nil *ScriptError from becoming an error that is not nil.
func orNil(err *ScriptError) error {
	if err == nil {
		return nil
	}
	return err
}

// value reads what stands behind an =.
func (p *scriptParser) value(name string) (string, *ScriptError) {
	for p.take(' ') {
	}
	begun := p.at
	p.said = begun
	for _, quote := range []byte{'\'', '"'} {
		if !p.take(quote) {
			continue
		}
		end := strings.IndexByte(p.text[p.at:], quote)
		if end < 0 {
			return "", p.fault(begun, "the quote of %s has no end", name)
		}
		value := p.text[p.at : p.at+end]
		p.at += end + 1
		if begun := p.at; p.until(",;") != "" {
			return "", p.fault(begun, "between the quote of %s and the next , or ; stands something else", name)
		}
		return value, nil
	}
	return p.until(",;"), nil
}

// counted takes the xN off a status or a fault.
func (p *scriptParser) counted(word string, times *int64) (string, *ScriptError) {
	i := strings.LastIndexByte(word, 'x')
	if i <= 0 || strings.Trim(word[i+1:], "0123456789") != "" {
		return word, nil
	}
	n, ok := number(word[i+1:], maxCount)
	if !ok || n == 0 {
		return "", p.fault(p.part, "%s: the count behind x is from 1 to %d", word, maxCount)
	}
	*times = n
	return word[:i], nil
}
