package help

import (
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
)

// The tables of this file are made when they are first needed: most command lines have no mistake.

// elsewhere says what does the work of commands that other tools have and barb does not.
var elsewhere = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"export":    "barb history -n 0 --json --with-body  or  barb show 17 --curl",
		"save":      "barb events save 17 --as NAME:TYPE  or  barb show 17 --body > FILE",
		"ui":        "barb history  lists what came and went, barb show 17  shows one",
		"dashboard": "barb history  lists what came and went, barb show 17  shows one",
		"tui":       "barb history  lists what came and went, barb show 17  shows one",
		"login":     "barb needs no account; barb secret set NAME  keeps a secret",
		"logout":    "barb needs no account; barb secret delete NAME  deletes a secret",
		"upgrade":   "barb version  says which one this is",
		"update":    "barb version  says which one this is",
		"trigger":   "barb send :3000 --event stripe:invoice.paid  sends a sample event (barb events lists them)",
	}
})

// Unknown returns the hint for a word that is no command below cmd: a command that other tools call so, or else one
// that is spelled like it.
func Unknown(cmd *cobra.Command, word string) string {
	Fill(cmd) // with the names that other tools have for its commands
	var meant, near []string
	for _, c := range cmd.Commands() {
		near = append(near, c.Name())
		for _, other := range c.SuggestFor {
			if strings.EqualFold(other, word) {
				meant = append(meant, c.Name())
			}
		}
	}
	if does := elsewhere()[strings.ToLower(word)]; does != "" && len(meant) == 0 && !cmd.HasParent() {
		return does // "wait" is spelled like "init", and means something else
	}
	if len(meant) == 0 {
		meant = fail.Nearest(word, near)
	}
	return fail.DidYouMean(cmd.CommandPath()+" ", meant, cmd.CommandPath()+" --help")
}

// habits maps flags of other tools to barb's, the preferred ones first. A command uses the first that it has.
var habits = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"retry": "retries", "max-retries": "retries", "attempts": "retries", "tries": "retries", "retry-count": "retries",
		"retry-delay": "base", "delay": "latency,base", "interval": "rate,base", "max-time": "timeout",
		"headers": "header,forward-header", "header": "forward-header", "head": "headers", "head-only": "headers",
		"data-raw": "data", "data-binary": "data", "data-ascii": "data", "body": "data,with-body", "payload": "data",
		"file": "data @FILE", "input": "data @FILE", "json-body": "data", "form": "data",
		"type": "event", "events": "event", "event-type": "event", "topic": "event", "trigger": "event",
		"forward": "forward-to", "forward-url": "forward-to", "to": "forward-to", "upstream": "forward-to",
		"target": "to,forward-to", "url": "to,forward-to", "destination": "to,forward-to", "endpoint": "to,forward-to",
		"forward-connect-to": "forward-to", "live": "follow",
		"port": "addr :PORT", "host": "addr HOST:4242", "bind": "addr", "listen": "addr", "address": "addr",
		"provider": "as,scheme", "signature": "scheme", "algorithm": "scheme", "schema": "scheme",
		"key": "secret", "signing-secret": "secret", "webhook-secret": "secret", "token": "secret", "password": "secret",
		"api-key": "secret", "signing-key": "secret",
		"method": "request", "agent": "user-agent", "auth": "user", "basic": "user",
		"skip-verify": "insecure", "no-verify": "insecure", "insecure-skip-verify": "insecure",
		"times": "count", "repeat": "count", "number": "count", "num": "count", "once": "count 1", "requests": "count",
		"parallel": "concurrency", "workers": "concurrency", "threads": "concurrency", "jobs": "concurrency",
		"duration": "for", "wait": "for", "until": "for", "max": "limit", "lines": "limit", "tail": "follow,limit",
		"watch": "follow", "format": "output,json", "print-json": "json", "pretty": "with-body",
		"response": "respond", "reply": "respond", "status": "respond", "answer": "respond", "status-code": "status,respond",
		"debug": "verbose", "trace": "verbose", "silent": "quiet", "database": "db", "db-path": "db", "dry": "dry-run",
		"no-color": "color never", "no-colour": "color never", "colour": "color", "configuration": "config",
		"filter": "where,jq", "query": "where,jq", "select": "where,jq", "search": "grep", "text": "grep",
		"invalid": "where '.verdict == \"invalid\"'", "success": "status 2xx", "failure": "failed", "errors": "failed",
		"older": "older-than", "age": "older-than", "before": "until,older-than", "after": "since", "from": "since",
		"id": "id", "msg-id": "id", "message-id": "id", "event-id": "id", "webhook-id": "id",
		"force": "yes,replace", "print": "body", "timestamp": "now", "time": "timestamp,now",
	}
})

// keys maps words that are written in barb.toml to its keys, as habits does. The names are those of the file.
var keys = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"retry": "retries", "mirror": "forward_to", "mirrors": "forward_to", "mirror_to": "forward_to",
		"targets": "forward_to", "to": "forward_to", "forward": "forward_to", "target": "forward_to", "app": "forward_to",
		"upstream": "forward_to", "port": "addr", "host": "addr", "bind": "addr", "provider": "scheme",
		"signature": "scheme", "secrets": "secret", "signing_secret": "secret", "webhook_secret": "secret",
		"methods": "method", "paths": "path", "url": "path", "events": "event", "type": "event", "filter": "where",
		"response": "answer", "reply": "answer", "respond": "answer", "code": "status", "status_code": "status",
		"headers": "header,forward_header", "header": "headers,forward_header", "wait": "delay", "latency": "delay",
		"keep": "max_age", "keep_for": "max_age", "retention": "max_age", "age": "max_age", "older_than": "max_age",
		"size": "max_size", "limit": "max_size", "mask": "redact", "hide": "redact", "skip_verify": "insecure",
		"ca": "cacert", "database": "db", "history_file": "db", "colour": "color",
	}
})

// Key returns the key of barb.toml that is meant by a word in its place, out of those that has reports; "" for none.
func Key(word string, has func(key string) bool) string {
	for key := range strings.SplitSeq(keys()[strings.ToLower(strings.ReplaceAll(word, "-", "_"))], ",") {
		if has(key) {
			return key
		}
	}
	return ""
}

// letters maps the short flags of other tools, curl, gh and smee, to barb's, as habits does.
var letters = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"p": "addr :PORT", "t": "forward-to,to", "L": "limit", "n": "limit,count", "i": "verbose", "w": "json", "F": "data",
		"I": "headers", "j": "json", "o": "output,json", "H": "header,forward-header", "e": "event", "m": "timeout",
		"x": "proxy", "E": "cert", "c": "config", "l": "limit", "r": "retries", "S": "verbose", "D": "verbose",
	}
})

// UnknownLetter returns the hint for a short flag that cmd does not have.
func UnknownLetter(cmd *cobra.Command, letter string) string {
	if hint := ours(cmd, letters()[letter]); hint != "" {
		return hint
	}
	if letter == "V" && !cmd.HasParent() {
		return "barb version"
	}
	return cmd.CommandPath() + " --help"
}

// ours returns the hint for the first of these flags that cmd has; "" where it has none.
func ours(cmd *cobra.Command, candidates string) string {
	for candidate := range strings.SplitSeq(candidates, ",") {
		flag, value, _ := strings.Cut(candidate, " ")
		if f := cmd.Flag(flag); f != nil && !f.Hidden {
			return fail.DidYouMean("--", []string{strings.TrimSpace(flag + " " + value)}, "")
		}
	}
	return ""
}

// UnknownFlag returns the hint for a flag that cmd does not have. It names the flag of the same meaning in barb, or
// else flags of a similar spelling.
func UnknownFlag(cmd *cobra.Command, name string) string {
	if (name == "url" || name == "endpoint" || name == "to" || name == "target") && cmd.Flag("resume") != nil {
		return "the URL is an argument: barb send URL"
	}
	if (name == "last" || name == "latest" || name == "newest") && strings.Contains(cmd.Use, "SELECTOR") {
		return cmd.CommandPath() + " @"
	}
	if hint := ours(cmd, habits()[strings.ToLower(name)]); hint != "" {
		return hint
	}
	names := slices.Sorted(slices.Values(append(flagNames(cmd.Flags()), flagNames(cmd.InheritedFlags())...)))
	return fail.DidYouMean("--", fail.Nearest(name, slices.Compact(names)), cmd.CommandPath()+" --help")
}
