package format

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// word is a word of a shell's command line.
type word struct {
	text  string
	line  int
	isEnd bool // the end of a command: a line break, ; or &&
	isBar bool // |
}

// shell splits a text into words as a POSIX shell does, with the $'…' of bash. It expands nothing: a variable or a
// command is an error, but for the printf of barb's own export.
type shell struct {
	text string
	at   int
	line int
}

func (s *shell) rest() string { return s.text[s.at:] }

func (s *shell) bad(format string, args ...any) error { return bad(s.line, format, args...) }

// next returns the next word. ok is false at the end of the text.
func (s *shell) next() (w word, ok bool, err error) {
	s.blanks()
	w.line = s.line
	rest := s.rest()
	switch {
	case rest == "":
		return w, false, nil
	case rest[0] == '#':
		if i := strings.IndexByte(rest, '\n'); i >= 0 {
			s.at += i
		} else {
			s.at = len(s.text)
		}
		return s.next()
	case rest[0] == '\n', rest[0] == ';':
		s.step(1)
		return word{line: w.line, isEnd: true}, true, nil
	case strings.HasPrefix(rest, "&&"), strings.HasPrefix(rest, "||"):
		s.step(2)
		return word{line: w.line, isEnd: true}, true, nil
	case rest[0] == '|':
		s.step(1)
		return word{line: w.line, isBar: true}, true, nil
	case strings.IndexByte("<>&()", rest[0]) >= 0:
		return w, false, s.bad("%q is the shell's; barb reads plain curl commands", rest[:1])
	}
	w.text, err = s.word()
	return w, true, err
}

// blanks skips blanks and continued lines.
func (s *shell) blanks() {
	for {
		rest := s.rest()
		switch {
		case strings.HasPrefix(rest, " "), strings.HasPrefix(rest, "\t"), strings.HasPrefix(rest, "\r"):
			s.step(1)
		case strings.HasPrefix(rest, "\\\n"):
			s.step(2)
		case strings.HasPrefix(rest, "\\\r\n"):
			s.step(3)
		default:
			return
		}
	}
}

func (s *shell) step(n int) {
	s.line += strings.Count(s.text[s.at:s.at+n], "\n")
	s.at += n
}

// word reads a word up to a blank or a sign.
func (s *shell) word() (string, error) {
	var b strings.Builder
	for s.at < len(s.text) {
		rest := s.rest()
		c := rest[0]
		var err error
		switch {
		case strings.IndexByte(" \t\r\n;|&<>()", c) >= 0:
			return b.String(), nil
		case c == '\'':
			err = s.single(&b)
		case strings.HasPrefix(rest, "$'"):
			err = s.ansi(&b)
		case c == '"', strings.HasPrefix(rest, `$"`):
			err = s.double(&b)
		case strings.HasPrefix(rest, "\\\n"):
			s.step(2)
		case c == '\\' && len(rest) > 1:
			b.WriteByte(rest[1])
			s.step(2)
		case c == '$' || c == '`':
			err = s.expansion(&b)
		default:
			b.WriteByte(c)
			s.step(1)
		}
		if err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

func (s *shell) single(b *strings.Builder) error {
	end := strings.IndexByte(s.rest()[1:], '\'')
	if end < 0 {
		return s.bad("a ' is not closed")
	}
	b.WriteString(s.rest()[1 : 1+end])
	s.step(end + 2)
	return nil
}

func (s *shell) double(b *strings.Builder) error {
	begin := s.line
	s.step(strings.IndexByte(s.rest(), '"') + 1)
	for s.at < len(s.text) {
		rest := s.rest()
		switch c := rest[0]; {
		case c == '"':
			s.step(1)
			return nil
		case strings.HasPrefix(rest, "\\\n"):
			s.step(2)
		case c == '\\' && len(rest) > 1 && strings.IndexByte("$`\"\\", rest[1]) >= 0:
			b.WriteByte(rest[1])
			s.step(2)
		case c == '$' || c == '`':
			if err := s.expansion(b); err != nil {
				return err
			}
		default:
			b.WriteByte(c)
			s.step(1)
		}
	}
	return bad(begin, `a " is not closed`)
}

// expansion reads a $ that stands for itself, or $(printf '…'). Anything else would have to be run.
func (s *shell) expansion(b *strings.Builder) error {
	rest := s.rest()
	if text, ok := strings.CutPrefix(rest, "$(printf '"); ok {
		if octal, _, ok := strings.Cut(text, "')"); ok {
			bytes, err := fromOctal(octal)
			if err != nil {
				return s.bad("%s", err)
			}
			b.WriteString(bytes)
			s.step(len("$(printf '") + len(octal) + len("')"))
			return nil
		}
	}
	name := strings.TrimLeft(rest[1:], "{")
	isName := name != "" && (name[0] == '_' || name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z')
	if rest[0] == '`' || strings.HasPrefix(rest, "$(") {
		return s.bad("the command would run another command; write its output there")
	}
	if isName {
		end := strings.IndexFunc(name, func(r rune) bool {
			return r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
		})
		if end < 0 {
			end = len(name)
		}
		return s.bad("$%s is a variable of the shell; write its value there", clip(name[:end]))
	}
	b.WriteByte('$')
	s.step(1)
	return nil
}

// fromOctal undoes the escapes of barb's own export.
func fromOctal(text string) (string, error) {
	var b strings.Builder
	for text != "" {
		if len(text) < 4 || text[0] != '\\' {
			return "", fmt.Errorf("printf has %q, which is not an octal escape", clip(text))
		}
		n, err := strconv.ParseUint(text[1:4], 8, 8)
		if err != nil {
			return "", fmt.Errorf("printf has %q, which is not an octal escape", text[:4])
		}
		b.WriteByte(byte(n))
		text = text[4:]
	}
	return b.String(), nil
}

// ansi reads $'…' with its escapes (bash, ANSI-C Quoting).
func (s *shell) ansi(b *strings.Builder) error {
	begin := s.line
	s.step(2)
	for s.at < len(s.text) {
		rest := s.rest()
		switch {
		case rest[0] == '\'':
			s.step(1)
			return nil
		case rest[0] != '\\' || len(rest) < 2:
			b.WriteByte(rest[0])
			s.step(1)
		default:
			s.step(ansiEscape(rest, b))
		}
	}
	return bad(begin, "a $' is not closed")
}

// ansiEscape writes the character of an escape, and returns how long the escape is.
func ansiEscape(rest string, b *strings.Builder) int {
	const letters, meanings = `abeEfnrtv\'"?`, "\a\b\x1b\x1b\f\n\r\t\v\\'\"?"
	c := rest[1]
	if i := strings.IndexByte(letters, c); i >= 0 {
		b.WriteByte(meanings[i])
		return 2
	}
	number := func(from, most, base int) (uint64, int) {
		n := 0
		for n < most && from+n < len(rest) && isDigit(rest[from+n], base) {
			n++
		}
		value, _ := strconv.ParseUint(rest[from:from+n], base, 32)
		return value, n
	}
	switch {
	case c >= '0' && c <= '7':
		value, n := number(1, 3, 8)
		b.WriteByte(byte(value))
		return 1 + n
	case c == 'x':
		if value, n := number(2, 2, 16); n > 0 {
			b.WriteByte(byte(value))
			return 2 + n
		}
	case c == 'u' || c == 'U':
		if value, n := number(2, map[byte]int{'u': 4, 'U': 8}[c], 16); n > 0 {
			b.Write(utf8.AppendRune(nil, rune(value)))
			return 2 + n
		}
	}
	b.WriteString(rest[:2])
	return 2
}

func isDigit(c byte, base int) bool { return base == 16 && isHex(c) || c >= '0' && c <= '7' }
