//go:build unix

package main

import (
	"os/exec"
	"strings"
	"testing"
)

// On a terminal prune says how many webhooks go and asks, unless barb.toml removes them by itself.
func TestPruneAsksOnATerminal(t *testing.T) {
	t.Parallel()
	const fill = "barb send http://127.0.0.1:1 -d x --retries 2 --base 1ms -q; "
	const count = "; echo left $(barb history -n 0 --sent --jq .id | wc -l)"
	for name, c := range map[string]struct {
		line, answer string
		asks         string // "": it does not
		left         string
	}{
		"no keeps them": {"barb prune --older-than 0s", "n\n",
			"this removes 1 webhook .3 exchanges.", "left [1-9]"},
		"nothing typed keeps them": {"barb prune --max-size 1", "\n",
			"this removes about 1 webhook .3 exchanges.", "left [1-9]"},
		"yes removes them":   {"barb prune --older-than 0s", "y\n", "this removes 1 webhook .3 exchanges.", "left 0"},
		"--yes does not ask": {"barb prune --older-than 0s --yes", "", "", "left 0"},
		"nothing to remove":  {"barb prune --older-than 1d", "", "", "left [1-9]"},
		"as barb.toml does": {"echo '[history]\nmax_age = \"0.001s\"' > c.toml; sleep 0.01; barb prune --older-than " +
			"0.002s --config c.toml",
			"", "", "left 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newTerminal(t, 80, exec.Command("bash", "-c", fill+c.line+count))
			if c.asks != "" {
				p.until(`barb: ` + c.asks + ` permanently from \S+history.db\s+remove\? \[y/N\] `)
				p.press(c.answer)
			}
			p.until(c.left)
			if asked := strings.Contains(p.text(), "[y/N]"); asked != (c.asks != "") {
				t.Errorf("asked: %v\n%s", asked, p.text())
			}
			if err := <-p.done; err != nil {
				t.Error(err)
			}
		})
	}
}
