//go:build unix

package main

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// A received webhook may hold a customer's data. On a terminal barb asks before it sends one to a public address, and
// before it probes one. No request leaves the machine: the kernel refuses to connect to the broadcast address.
func TestBarbAsksBeforeItSendsToAPublicAddress(t *testing.T) {
	t.Parallel()
	const public, no, yes = "http://255.255.255.255", `nothing was sent\s+code 2\s+1 exchanges`, `\bcode 3\s+2 exchanges`
	const replay, probe = "barb replay 1 --to " + public, "barb probe " + public + " -s github --secret file:key --only A"
	questions := map[string]string{
		replay: `1 received webhook would go to 255\.255\.255\.255, which is not a private\s+address\s+send\? \[y/N\] `,
		probe:  `sends at most \d+ requests[\s\S]*which is a public\s+address\s+probe it\? \[y/N\] `,
	}
	const fill = `echo 0123456789abcdef0123456789abcdef > key; chmod 600 key
barb listen --addr :0 --count 1 --ready-file url -q &
while [ ! -s url ]; do sleep 0.01; done; barb send $(cat url) -d '{"type":"invoice"}' --db s.db; wait; clear; `
	const count = `; echo code $?; echo $(barb history --all --jq .id | wc -l) exchanges`
	for name, c := range map[string]struct{ line, press, want string }{
		"no":              {replay, "n\n", no},
		"enter":           {replay, "\n", no},
		"^D":              {replay, "\x04", no},
		"a word":          {replay, "yesterday\n", no},
		"y":               {replay, "y\n", yes},
		"YES":             {replay, "YES\n", yes},
		"--yes":           {replay + " --yes", "", yes},
		"a pipe":          {"true | " + replay, "", `--yes sends to it all the same[\s\S]*code 2\s+1 exchanges`},
		"a dry run":       {replay + " --dry-run", "", `code 0\s+1 exchanges`},
		"private":         {"barb replay 1 --to http://127.0.0.1:1", "", `refused[\s\S]*` + yes},
		"probe no":        {probe, "n\n", no},
		"probe enter":     {probe, "\n", no},
		"probe y":         {probe, "y\n", `A1[\s\S]*\bcode 3\s+([2-9]|\d\d) exchanges`},
		"probe in a pipe": {"true | " + probe, "", `--yes probes it[\s\S]*code 2\s+1 exchanges`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newTerminal(t, 80, exec.Command("bash", "-c", fill+c.line+count), "NO_COLOR=1")
			if c.press != "" {
				p.until(questions[c.line])
				p.press(c.press)
			}
			p.until(`\d exchanges`)
			<-p.done
			if !regexp.MustCompile(c.want).MatchString(p.text()) {
				t.Errorf("no %q in\n%s", c.want, p.text())
			}
			if asked := strings.Contains(p.text(), "[y/N]"); asked != (c.press != "") {
				t.Errorf("asked: %t\n%s", asked, p.text())
			}
		})
	}
}
