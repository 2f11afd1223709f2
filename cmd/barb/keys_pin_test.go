//go:build unix

package main

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// copies returns the texts that were copied to the clipboard of a terminal.
func (p *terminal) copies() (all []string) {
	for _, m := range regexp.MustCompile(`\x1b\]52;c;([^\a]*)\a`).FindAllStringSubmatch(p.text(), -1) {
		text, _ := base64.StdEncoding.DecodeString(m[1])
		all = append(all, string(text))
	}
	return all
}

// The keys of a listener pin the chosen webhook, which is the newest one while it follows, and copy any part of it.
func TestKeysPinTheNewestAndCopyPartsOfIt(t *testing.T) {
	t.Parallel()
	p := onTerminal(t, `exec barb listen --addr 127.0.0.1:0`, "NO_COLOR=1")
	p.press("yp") // there is nothing yet
	p.awaitScreen(`no webhook has come yet\n$`)
	p.receive(`{"n":1}`)
	p.receive(`{"n":12}`)
	p.awaitScreen(`\n2 received`)
	p.press("p")
	p.awaitScreen(`\$ barb pin 2\npinned 2\n`)
	p.press("p")
	p.awaitScreen(`\$ barb unpin 2\nunpinned 2\n`)
	p.press("kp")
	p.awaitScreen(`\$ barb pin 1\npinned 1\n`)

	p.press("y")
	p.awaitScreen(`\ncopy  c curl (.*\n)+.*u URL  i id\n.*\nesc leave\n$`)
	p.press("j")
	p.awaitScreen(`\ny j copies nothing\n$`)
	p.press("y\x1b")
	p.awaitScreen(`not following.*\n↑↓ choose`)
	for _, part := range []struct{ key, what, want string }{{"b", "body", `{"n":1}`}, {"i", "id", "1"},
		{"u", "URL", p.url + "/"}, {"r", "raw", "POST /"}, {"a", "barb", "barb replay"}} {
		p.press("y" + part.key)
		p.awaitScreen(`barb: copied 1 as ` + part.what + `, \d+B`)
		until(t, part.what+" is copied", 20*time.Second, func() bool {
			return slices.ContainsFunc(p.copies(), func(text string) bool { return strings.Contains(text, part.want) })
		})
	}
	p.stop()
}
