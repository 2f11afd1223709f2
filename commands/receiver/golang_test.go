package receiver_test

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/commands/receiver"
	"github.com/barbhq/barb/sign/catalog"
)

// What the template and the imports come to is what gofmt and the compiler want, for every scheme.
func TestReceiversInGoAreFormattedAndImportWhatTheyUse(t *testing.T) {
	schemes := catalog.All()
	odd := schemes[0]
	odd.Name, odd.Header, odd.Content = "odd", "X-Os.Exit", "json.Number url.Parse {body}" // names in a text are none
	written := 0
	for _, s := range append(schemes, odd) {
		var out bytes.Buffer
		if receiver.Write(&out, "go", receiver.Options{Scheme: s}) != nil {
			continue // refused, which has a test of its own
		}
		written++
		formatted, err := format.Source(out.Bytes())
		if err != nil || !bytes.Equal(formatted, out.Bytes()) {
			t.Errorf("%s is not as gofmt writes it: %v\n%s", s.Name, err, cmp.Diff(string(formatted), out.String()))
			continue
		}
		if imported, used := importsOf(t, out.Bytes()); !cmp.Equal(imported, used) {
			t.Errorf("%s imports what it does not use, or the reverse:\n%s", s.Name, cmp.Diff(used, imported))
		}
	}
	if written < 80 {
		t.Errorf("only %d receivers are written", written)
	}
}

// importsOf are the packages that a file imports, and those that its code names.
func importsOf(t *testing.T, source []byte) (imported, used map[string]bool) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "receiver.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	imported, used = map[string]bool{}, map[string]bool{}
	for _, i := range file.Imports {
		name, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		imported[path.Base(name)] = true
	}
	for _, name := range file.Unresolved {
		used[name.Name] = true
	}
	for name := range used {
		if !imported[name] && !packageNamed(file, name) {
			delete(used, name)
		}
	}
	return imported, used
}

// packageNamed reports whether code names something of a package that the file does not declare.
func packageNamed(file *ast.File, name string) (found bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			x, ok := s.X.(*ast.Ident)
			found = found || ok && x.Name == name
		}
		return !found
	})
	return found
}
