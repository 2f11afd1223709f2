//go:build unix

package main

import (
	"os/exec"
	"strings"
	"testing"
)

// On a terminal init shows the file and asks before it writes.
func TestInitAsksOnATerminal(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{"y\n": `wrote barb\.toml[\s\S]*there`, "n\n": `nothing was written\s+gone`,
		"\n": `nothing was written\s+gone`} {
		p := newTerminal(t, 80, exec.Command("bash", "-c", "barb init; test -s barb.toml && echo there || echo gone"))
		p.until(`# barb\.toml is read by[\s\S]*write this to barb\.toml\? \[y/N\] `)
		p.press(answer)
		p.until(want)
		if err := <-p.done; err != nil {
			t.Error(err)
		}
	}
	p := newTerminal(t, 80, exec.Command("bash", "-c", "echo '# mine' > barb.toml; barb init; cat barb.toml"))
	p.until(`barb\.toml exists already and is not overwritten[\s\S]*# mine`)
	if <-p.done; strings.Contains(p.text(), "[y/N]") {
		t.Errorf("it asks:\n%s", p.text())
	}
}
