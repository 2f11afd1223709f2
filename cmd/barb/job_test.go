//go:build unix

package main

import (
	"os/exec"
	"strings"
	"testing"
)

// inShell is an interactive shell with job control, whose prompt is $.
func inShell(t *testing.T) *terminal {
	t.Helper()
	p := newTerminal(t, 80, exec.Command("bash", "--norc", "--noediting", "-i"), "PS1=$ ", "NO_COLOR=1")
	p.until(`\$ $`)
	return p
}

func TestAFooterInTheBackgroundLeavesTheShellAlone(t *testing.T) {
	t.Parallel()
	p := inShell(t)
	p.press("barb listen --addr 127.0.0.1:0 &\n")
	p.listening()
	p.press("echo half a li")
	for _, id := range []string{"a", "b", "c"} {
		if post(p.url, id, 10) == 0 {
			t.Fatal("no answer")
		}
	}
	p.until(`     3  POST /`)
	if strings.Contains(p.text(), "received") || strings.Contains(p.text(), "\x1b[J") {
		t.Errorf("it draws a footer:\n%q", p.text())
	}
	p.press("ne | tr a-z A-Z\n")
	p.until(`HALF A LINE`)

	p.press("fg\n")
	p.until(`3 received  0 invalid  0 failed`)
	p.press("\x1a")
	p.until(`Stopped(.*\n)+\$ $`)
	if now := screen(p.text()); strings.Contains(now, "3 received") {
		t.Errorf("^Z leaves the footer on the screen:\n%s", now)
	}
	drawn := strings.Count(p.text(), "\x1b[J")
	p.press("bg\n")
	p.until(`listen --addr 127.0.0.1:0 &\r\n(.*\n)*.*bg\r\n`)
	if post(p.url, "d", 10) == 0 {
		t.Fatal("no answer")
	}
	p.until(`     4  POST /`)
	if now := strings.Count(p.text(), "\x1b[J"); now != drawn {
		t.Errorf("it draws again in the background:\n%q", p.text())
	}
	p.press("fg\n")
	p.until(`4 received  0 invalid  0 failed`)
	p.press("\x03")
	p.until(`barb: 4 webhooks received`)
	if now := screen(p.text()); strings.Contains(now, "4 received") {
		t.Errorf("the end leaves the footer on the screen:\n%s", now)
	}
}

func TestProgressStaysInTheForeground(t *testing.T) {
	t.Parallel()
	e := newStaller(t, 21)
	p := inShell(t)
	p.press("barb send " + e.URL + " -d '{}' -n 40 --retries 0 --timeout 60s &\n")
	await(t, "the stall", e.stalled)
	p.press("echo half a li")
	p.until(`half a li`)
	if strings.Contains(p.text(), "20/40") {
		t.Errorf("it draws its progress:\n%q", p.text())
	}
	p.press("ne | tr a-z A-Z\nfg\n")
	p.until(`HALF A LINE(.*\n)*.*20/40`)
	p.press("\x03")
	p.until(`resume with`)
}
