package main

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Every command line in the README's shell blocks runs, in order, as it would when pasted. Only the ports are others,
// so that two runs do not meet.
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
	txtar := "exec bash readme.sh\n! stderr 'hint:'\n-- invoice.json --\n{\"type\":\"invoice.paid\"}\n-- readme.sh --\n" +
		ports.Replace(script)
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

// freePort is a port of 127.0.0.1 that nothing listens on and that no listener on port 0 will be given: those get one
// from 32768 (Linux) or 49152 (macOS, Windows) on. A port that was only tried and closed may be another test's a moment
// later.
func freePort(t *testing.T) string {
	t.Helper()
	for range 1000 {
		port := strconv.Itoa(20_000 + int(portsTaken.Add(1))%12_000)
		if ln, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			_ = ln.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

// portsTaken begins at the process's number, so that two runs of the tests seldom try the same ports.
var portsTaken = func() *atomic.Int64 { n := new(atomic.Int64); n.Store(int64(os.Getpid()) * 100); return n }()
