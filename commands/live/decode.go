package live

import (
	"strings"
	"unicode/utf8"
)

// decoder turns the bytes of a terminal into names of keys: the character itself, or up, enter, esc, ctrl-z. What is
// pasted comes as one key that begins with pasted. Keys without a name are dropped.
type decoder struct {
	rest    []byte // of a sequence that has begun
	pasting bool
	pasted  strings.Builder
}

// pasted begins the name of a key that stands for a pasted text.
const pasted = "pasted:"

// mostPasted is how much of a pasted text is kept, in bytes.
const mostPasted = 4 << 10

// longest is the length of the longest sequence of a key that is waited for, in bytes.
const longest = 32

const pasteBegins, pasteEnds = "\x1b[200~", "\x1b[201~"

// named are the keys that send a sequence or a control character.
var named = map[string]string{
	"\x1b[A": "up", "\x1b[B": "down", "\x1b[C": "right", "\x1b[D": "left", "\x1bOA": "up", "\x1bOB": "down",
	"\x1bOC": "right", "\x1bOD": "left", "\x1b[H": "home", "\x1b[F": "end", "\x1bOH": "home", "\x1bOF": "end",
	"\x1b[1~": "home", "\x1b[4~": "end", "\x1b[5~": "pgup", "\x1b[6~": "pgdown", "\x1b[Z": "shift-tab",
	"\r": "enter", "\n": "enter", "\t": "tab", "\x7f": "backspace", "\x08": "backspace", " ": "space",
}

// isOpen reports whether a sequence has begun that may be the key esc alone.
func (d *decoder) isOpen() bool { return len(d.rest) > 0 && !d.pasting }

// close ends a sequence that does not go on.
func (d *decoder) close() []string {
	if !d.isOpen() {
		return nil
	}
	alone := len(d.rest) == 1 && d.rest[0] == '\x1b'
	if d.rest = nil; alone {
		return []string{"esc"}
	}
	return nil
}

// decode returns the keys that have come whole.
func (d *decoder) decode(data []byte) (keys []string) {
	d.rest = append(d.rest, data...)
	for len(d.rest) > 0 {
		if d.pasting {
			if !d.takePaste() {
				return keys
			}
			keys = append(keys, pasted+d.pasted.String())
			d.pasted.Reset()
			continue
		}
		size := sequence(d.rest)
		if size == 0 {
			return keys
		}
		one := string(d.rest[:size])
		d.rest = d.rest[size:]
		if one == pasteBegins {
			d.pasting = true
		} else if name := nameOf(one); name != "" {
			keys = append(keys, name)
		}
	}
	return keys
}

// takePaste takes pasted text, and reports whether its end has come.
func (d *decoder) takePaste() bool {
	text, after, ended := strings.Cut(string(d.rest), pasteEnds)
	if !ended { // the end may have come in part
		text = text[:max(0, len(text)-len(pasteEnds)+1)]
		after = string(d.rest[len(text):])
	}
	d.pasted.WriteString(text[:min(len(text), max(0, mostPasted-d.pasted.Len()))])
	d.rest, d.pasting = []byte(after), !ended
	return ended
}

// sequence returns the length of the first key in data; 0 when it has not come whole.
func sequence(data []byte) int {
	switch {
	case data[0] != '\x1b':
		if !utf8.FullRune(data) {
			return 0
		}
		_, size := utf8.DecodeRune(data)
		return size
	case len(data) == 1:
		return 0
	case data[1] == 'O': // of a keypad
		return min(3, len(data)/3*3)
	case data[1] != '[': // the key esc and another one in one burst; a terminal sends alt with a key in the same way
		return 1
	}
	for i := 2; i < min(len(data), longest); i++ {
		if data[i] >= 0x40 && data[i] <= 0x7e {
			return i + 1
		}
	}
	return len(data) / longest * longest
}

func nameOf(one string) string {
	if name, ok := named[one]; ok {
		return name
	}
	r, size := utf8.DecodeRuneInString(one)
	switch {
	case one == "\x1b":
		return "esc"
	case size != len(one) || r == utf8.RuneError || r == 0:
		return ""
	case r == 0x1c:
		return "ctrl-\\"
	case r < ' ' && r <= 26:
		return "ctrl-" + string('a'+r-1)
	case r < ' ':
		return ""
	}
	return one
}
