package tui

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/charmbracelet/x/ansi"
)

// path returns the jq path of the first line shown of a JSON body; "" when there is none.
func (s *State) path() string {
	d := &s.detail
	if d.section != bodySection || d.form != pretty {
		return ""
	}
	width, shown := s.textWidth(), 0
	for i, line := range d.sections[bodySection] {
		if shown += len(wrapWords([]string{line}, width)); shown > d.at {
			return jqPath(d.sections[bodySection][:i+1])
		}
	}
	return ""
}

// frame is an object or an array that has begun.
type frame struct {
	path  string // of it
	array bool
	next  int // index of the next element
}

// jqPath returns the path of the last of some lines of indented JSON; "" when they are none.
func jqPath(lines []string) string {
	var open []frame
	path := ""
	for i, line := range lines {
		line = strings.TrimSuffix(strings.TrimSpace(ansi.Strip(line)), ",")
		if line == "}" || line == "]" {
			if len(open) == 0 {
				return ""
			}
			path, open = open[len(open)-1].path, open[:len(open)-1]
			continue
		}
		value := line
		switch {
		case i == 0:
			path = "."
		case len(open) == 0:
			return ""
		default:
			if path, value = open[len(open)-1].step(line); path == "" {
				return ""
			}
		}
		if value == "{" || value == "[" {
			open = append(open, frame{path: path, array: value == "["})
		} else if i == 0 {
			return ""
		}
	}
	return path
}

// step returns the path of the next line in the frame and its value; "" for a line that is no member of it.
func (f *frame) step(line string) (path, value string) {
	base := strings.TrimSuffix(f.path, ".")
	if f.array {
		f.next++
		if base == "" {
			base = "."
		}
		return base + "[" + strconv.Itoa(f.next-1) + "]", line
	}
	decoder := json.NewDecoder(strings.NewReader(line))
	token, err := decoder.Token()
	name, isName := token.(string)
	rest, isMember := strings.CutPrefix(line[min(int(decoder.InputOffset()), len(line)):], ":")
	switch {
	case err != nil || !isName || !isMember:
		return "", ""
	case simpleName().MatchString(name):
		return base + "." + name, strings.TrimSpace(rest)
	}
	quoted, _ := json.Marshal(name)
	if base == "" {
		base = "."
	}
	return base + "[" + string(quoted) + "]", strings.TrimSpace(rest)
}

// simpleName matches a name that jq needs no quotes for.
var simpleName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`) })
