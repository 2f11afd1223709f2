package commands

import (
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/store/record"
)

// takeMethods reads method: one or a list.
func (r *route) takeMethods(where string) error {
	list, isList := r.Method.([]any)
	if !isList && r.Method != nil {
		list = []any{r.Method}
	}
	for _, item := range list {
		method, ok := item.(string)
		if !ok || record.CheckField(record.Field{Name: method}) != nil {
			return fail.Usage("%s: method = %v is not a method", where, item).Hint(`method = "POST", or ["POST", "PUT"]`)
		}
		r.methods = append(r.methods, strings.ToUpper(method))
	}
	return nil
}

// name tells routes of one path apart.
func (r *route) name() string {
	return strings.Join(slices.DeleteFunc([]string{strings.Join(r.methods, ","), r.Path, r.Event}, func(s string) bool { return s == "" }), " ")
}

// selects reports whether a webhook at a path that the route covers meets its other conditions. The scheme is none of
// them: what should be signed and is not has to be refused by the route, not to get around it.
func (r *route) selects(method, event string) bool {
	return r.takes(method) && (r.Event == "" || matchesGlob(r.Event, event))
}

func (r *route) takes(method string) bool {
	return len(r.methods) == 0 || slices.Contains(r.methods, method)
}

// matchesGlob matches as --event does: * is any part, all else is itself.
func matchesGlob(glob, text string) bool {
	first, rest, more := strings.Cut(glob, "*")
	text, ok := strings.CutPrefix(text, first)
	for ok && more {
		var part string
		part, rest, more = strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(text, part)
		}
		_, text, ok = strings.Cut(text, part) // the earliest leaves the most for what follows
	}
	return ok && text == ""
}

// depth is the length of a route's path, -1 of no route.
func (r *route) depth() int {
	if r == nil {
		return -1
	}
	return len(r.prefix())
}
