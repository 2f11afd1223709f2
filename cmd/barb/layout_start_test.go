package main

import (
	"go/ast"
	"go/token"
	"testing"
)

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
