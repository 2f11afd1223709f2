package main

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Every command line in the README's shell blocks runs, in order, as it would when pasted. Only the ports are others, so
// that two runs do not meet.
func TestReadmeRunsWhenPasted(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := shellBlocks(string(data))
	if len(blocks) < 6 {
		t.Fatalf("found %d shell blocks in the README", len(blocks))
	}
	script := "set -e -o pipefail\n" + strings.Join(blocks, "wait\n") + "wait\n"
	ports := strings.NewReplacer("4242", freePort(t), "3000", freePort(t))
	txtar := "exec bash readme.sh\n! stderr 'hint:'\n-- invoice.json --\n{\"type\":\"invoice.paid\"}\n-- readme.sh --\n" + ports.Replace(script)
	txtar = strings.ReplaceAll(txtar, "barb listen", "barb listen --addr 127.0.0.1:"+ports.Replace("4242"))
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "readme.txtar"), []byte(txtar), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Dir: dir, Setup: setup})
}

func shellBlocks(markdown string) (blocks []string) {
	for i, part := range strings.Split(markdown, "```sh\n") {
		if block, _, ok := strings.Cut(part, "```"); ok && i > 0 {
			blocks = append(blocks, block)
		}
	}
	return blocks
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return strconv.Itoa(ln.Addr().(*net.TCPAddr).Port)
}
