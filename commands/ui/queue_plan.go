package ui

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/units"
)

// planRows returns how a queue entry is delivered in rows: how often and how it is tried, and what signs it. text is
// its plan as it may be shown.
func planRows(text string) (rows [][2]string) {
	var j worker.Plan
	policy := map[string]any{}
	_ = json.Unmarshal([]byte(text), &j) // a policy alone is no plan
	if len(j.Policy) == 0 {
		j.Policy = json.RawMessage(text)
	}
	if json.Unmarshal(j.Policy, &policy) != nil {
		return nil // of another barb
	}
	value := func(name string) string {
		v, ok := policy[name]
		if !ok {
			return ""
		}
		text := fmt.Sprint(v)
		if d, err := time.ParseDuration(text); err == nil && d > 0 { // 72h0m0s of an older barb
			return units.FormatDuration(d)
		}
		return text
	}
	add := func(name, before, text, after string) {
		if text != "" {
			rows = append(rows, [2]string{name, before + Clip(text, 300) + after})
		}
	}
	add("retries", "", value("retries"), "")
	add("backoff", "", value("backoff"), fmt.Sprintf(", from %s to %s, jitter %s", value("base"), value("max_delay"),
		value("jitter")))
	add("retry on", "", value("retry_on"), "")
	add("timeout", "", value("timeout"), " for an attempt")
	add("deadline", "", value("deadline"), " for all attempts")
	add("scheme", "", j.Scheme, "")
	add("secret", "", strings.Join(j.Secrets, ", "), "")
	add("needs", "the secret ", j.Needs, "")
	return append(rows, connectionRows(&j.Client)...)
}

// connectionRows returns how the connections of a plan are made, by the names of the flags.
func connectionRows(c *worker.Connection) (rows [][2]string) {
	data, err := json.Marshal(c)
	options := map[string]any{}
	if err != nil || json.Unmarshal(data, &options) != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(options)) {
		text := fmt.Sprint(options[name])
		if list, ok := options[name].([]any); ok {
			text = strings.Trim(fmt.Sprint(list...), "[]")
		}
		rows = append(rows, [2]string{strings.ReplaceAll(name, "_", " "), Clip(text, 300)})
	}
	return rows
}

// details are what a command's target notes besides its program: route="/a" args=0123ab.
var details = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(\w+)=("(?:[^"\\]|\\.)*"|\S+)`) })

// targetRows returns the destination of a queue entry in rows.
func targetRows(q *store.Queued) [][2]string {
	if q.Kind != store.Command {
		return [][2]string{{"target", EscapeLine(q.Target)}}
	}
	program, _ := gateway.CommandOf(q.Target)
	rows := [][2]string{{"command", EscapeLine(program)}}
	for _, m := range details().FindAllStringSubmatch(strings.TrimPrefix(q.Target, gateway.CommandPrefix+program), -1) {
		text, err := strconv.Unquote(m[2])
		if err != nil {
			text = m[2]
		}
		name := m[1]
		if name == "args" {
			name, text = "arguments", "with the hash "+text
		}
		if text != "" {
			rows = append(rows, [2]string{name, EscapeLine(text)})
		}
	}
	return rows
}

// OrderText describes the order of a queue entry, which is stored as "key KEY", of a webhook as "route NAME key KEY".
func OrderText(q *store.Queued) string {
	if q.Order == "" {
		return "none: delivered when due"
	}
	route, key := "", q.Order
	if q.Kind != store.Message {
		if name, rest, ok := strings.Cut(strings.TrimPrefix(key, "route "), " key "); ok {
			route, key = name, rest
		}
	}
	key = strings.TrimPrefix(key, "key ")
	text := "in order"
	if route = strings.TrimSpace(route); route != "" {
		text += " within route " + route
	}
	if key = strings.TrimSpace(key); key != "" {
		text += " with key " + key
	}
	return Clip(text, 200)
}
