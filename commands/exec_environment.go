package commands

import (
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/record"
)

const (
	// maxVariable and maxVariables bound what a sender's headers become in a command's environment.
	maxVariable  = 8 << 10
	maxVariables = 64 << 10
	// maxOutput is how much of a command's output is shown for one webhook, maxLine how much in one line.
	maxOutput = 64 << 10
	maxLine   = 2 << 10
)

// inherited is what a command gets of barb's own environment: what programs need to work, and nothing that may be a
// secret.
func (sh *shell) inherited() []string {
	allowed := []string{"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "TERM",
		"SYSTEMROOT", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA"}
	return slices.DeleteFunc(slices.Clone(sh.Environ), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		known := slices.Contains(allowed, strings.ToUpper(name)) || strings.HasPrefix(name, "LC_")
		return !known || sh.isSecretVariable(kv)
	})
}

// variablesOf is a webhook as variables: BARB_ID, BARB_EVENT and so on, and the headers as BARB_HEADER_NAME.
func variablesOf(x *record.Exchange) []string {
	path, query, _ := strings.Cut(x.Request.WireTarget(), "?")
	var vars []string
	for _, v := range [][2]string{
		{"ID", strconv.FormatInt(x.ID, 10)}, {"WEBHOOK_ID", x.WebhookID}, {"EVENT", x.EventType}, {"SCHEME", x.Scheme},
		{"VERDICT", ui.Verdict(x.Verdict)}, {"METHOD", x.Request.Method}, {"PATH", path}, {"QUERY", query},
	} {
		if fits(v[1]) {
			vars = append(vars, "BARB_"+v[0]+"="+v[1])
		}
	}
	return append(vars, headerVariables(x.Request.Header)...)
}

// headerVariables are headers as variables, a repeated one joined with ", ". A name that is not of letters, digits and
// hyphens is left out: X_Signature would pass for X-Signature. So is a value that is too long or cannot stand in a variable.
func headerVariables(h record.Header) (vars []string) {
	left := maxVariables
	values := map[string][]string{}
	var names []string
	for _, f := range h {
		name, ok := variableOf(f.Name)
		if !ok {
			continue
		}
		if _, again := values[name]; !again {
			names = append(names, name)
		}
		values[name] = append(values[name], f.Value)
	}
	for _, name := range names {
		value := strings.Join(values[name], ", ")
		if left -= len(name) + len(value); left < 0 {
			break
		}
		if fits(value) {
			vars = append(vars, "BARB_HEADER_"+name+"="+value)
		}
	}
	return vars
}

func fits(value string) bool { return len(value) <= maxVariable && !strings.ContainsRune(value, 0) }

func variableOf(header string) (name string, ok bool) {
	ok = header != ""
	name = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return r
		case r == '-':
			return '_'
		}
		ok = false
		return r
	}, header)
	return name, ok
}

// lineWriter hands on what a command says, line by line and bounded. One goroutine writes.
type lineWriter struct {
	say   func(line string)
	line  []byte
	shown int // bytes
}

// Write takes everything, so that a command does not fail for having said too much.
func (w *lineWriter) Write(p []byte) (int, error) {
	for _, c := range p {
		switch {
		case w.shown > maxOutput:
		case w.shown == maxOutput:
			w.end()
			w.say("… (it says more than is shown)")
			w.shown++
		case c == '\n':
			w.flush()
			w.shown++
		default:
			w.line = append(w.line, c)
			w.shown++
			if len(w.line) >= maxLine {
				w.flush()
			}
		}
	}
	return len(p), nil
}

func (w *lineWriter) flush() {
	w.say(strings.TrimSuffix(string(w.line), "\r"))
	w.line = w.line[:0]
}

// end says a last line that does not end.
func (w *lineWriter) end() {
	if len(w.line) > 0 {
		w.flush()
	}
}
