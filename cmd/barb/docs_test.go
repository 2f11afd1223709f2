package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Every command line in the shell blocks of README.md and of docs/*.md runs, page by page and in order, as it would
// when pasted. Only the ports are others, so that two runs do not meet. Behind port 3000 is an app that answers 200.
func TestThePagesRunWhenPasted(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	dir, ran := t.TempDir(), 0
	for _, page := range append(pages, "../../README.md") {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		blocks := shellBlocks(string(data))
		if len(blocks) == 0 {
			continue
		}
		ran += len(blocks)
		app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		t.Cleanup(app.Close)
		listener, appAddress := freePort(t), app.Listener.Addr().String()
		ports := strings.NewReplacer("4242", listener, "localhost:3000", appAddress, ":3000", appAddress)
		script := "set -e -o pipefail\n" + ports.Replace(strings.Join(blocks, "wait\n")) + "wait\n"
		txtar := "env BARB_ADDR=127.0.0.1:" + listener + "\nexec bash page.sh\n! stderr 'hint:'\n-- page.sh --\n" + script
		name := strings.TrimSuffix(filepath.Base(page), ".md") + ".txtar"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(txtar), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if ran < 20 {
		t.Fatalf("found %d shell blocks in the pages", ran)
	}
	t.Run("Pages", func(t *testing.T) { testscript.Run(t, testscript.Params{Dir: dir, Setup: setup}) })
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
