package main

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// What a package of barb sets up before main is paid by every command. A table of a few kilobytes is cheap; a registry
// of a library that is made there once took two milliseconds.
func TestOnlySmallTablesAreMadeBeforeMain(t *testing.T) {
	t.Parallel()
	const most = 4 << 10 // bytes allocated by the variables and the init functions of a package
	cmd := exec.Command(barbPath(t), "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace bytes.Buffer
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for lines := bufio.NewScanner(&trace); lines.Scan(); {
		var name string
		var at, took float64
		var size int
		_, rest, _ := strings.Cut(lines.Text(), "github.com/barbhq/barb/")
		if _, err := fmt.Sscanf(rest, "%s @%g ms, %g ms clock, %d bytes", &name, &at, &took, &size); err != nil {
			continue // of another package
		}
		if seen++; size > most && name != "cmd/barb" { // there it is what the tests set up
			t.Errorf("%s allocates %d bytes before main, want at most %d", name, size, most)
		}
	}
	if seen == 0 {
		t.Errorf("no package of barb is in the trace:\n%s", trace.String())
	}
}

// A regular expression of a package is compiled when it is first needed (sync.OnceValue): each costs every command some
// tenths of a millisecond before it begins.
func TestNoRegularExpressionIsCompiledBeforeMain(t *testing.T) {
	t.Parallel()
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.isTest() || s.pkg == "cmd/gendocs" { // which writes our documents
			continue
		}
		for _, d := range s.file.Decls {
			if g, ok := d.(*ast.GenDecl); !ok || g.Tok != token.VAR {
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				if _, later := n.(*ast.FuncLit); later {
					return false
				}
				if x, ok := n.(*ast.SelectorExpr); ok && (x.Sel.Name == "MustCompile" || x.Sel.Name == "MustCompilePOSIX") {
					t.Errorf("%s:%d compiles before main", s.path, s.fset.Position(n.Pos()).Line)
				}
				return true
			})
		}
	}
}
