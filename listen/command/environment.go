package command

import (
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/store/record"
)

const (
	// maxVariable and maxVariables are how many bytes of a sender's headers a program's environment takes, each and
	// together.
	maxVariable  = 8 << 10
	maxVariables = 64 << 10
)

// prefix begins the name of each variable that tells of the webhook. No setting of barb begins so.
const prefix = "BARB_HOOK_"

// Inherited returns those of the variables in environ that a program gets: the ones that programs need to work, and
// the ones that keep names. Everything else may be a secret.
func Inherited(environ []string, keep func(name string) bool) []string {
	needed := []string{"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "TERM",
		"SYSTEMROOT", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA"}
	return slices.DeleteFunc(slices.Clone(environ), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return !slices.Contains(needed, strings.ToUpper(name)) && !strings.HasPrefix(name, "LC_") && !keep(name)
	})
}

// variables returns the environment that describes a webhook: BARB_HOOK_ID, BARB_HOOK_EVENT and so on, and its headers
// as BARB_HOOK_HEADER_NAME. It leaves out a value that is too long or has a zero byte.
func variables(x *record.Exchange) []string {
	path, query, _ := strings.Cut(x.Request.WireTarget(), "?")
	var vars []string
	for _, v := range [][2]string{
		{"ID", strconv.FormatInt(x.ID, 10)}, {"WEBHOOK_ID", x.WebhookID}, {"EVENT", x.EventType}, {"SCHEME", x.Scheme},
		{"VERDICT", x.Verdict.Words()}, {"METHOD", x.Request.Method}, {"PATH", path}, {"QUERY", query}, {"REMOTE", x.Remote},
	} {
		if fits(v[1]) {
			vars = append(vars, prefix+v[0]+"="+v[1])
		}
	}
	return append(vars, headerVariables(x.Request.Header)...)
}

// headerVariables returns headers as variables; the values of a repeated one are joined with ", ". A header whose name
// has other characters than letters, digits and hyphens is left out, since X_Signature would pass for X-Signature.
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
			vars = append(vars, prefix+"HEADER_"+name+"="+value)
		}
	}
	return vars
}

// fits reports whether a value can stand in a variable.
func fits(value string) bool { return len(value) <= maxVariable && !strings.ContainsRune(value, 0) }

// variableOf is a header's name as part of a variable's name.
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
