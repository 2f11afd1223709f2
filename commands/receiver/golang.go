package receiver

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"slices"
)

// goImports are the packages that a receiver in Go may need.
var goImports = [...]string{
	"bytes", "crypto/ed25519", "crypto/hmac", "crypto/md5", "crypto/sha1", "crypto/sha256", "crypto/sha512", "encoding/base64",
	"encoding/hex", "encoding/json", "fmt", "io", "log", "net", "net/http", "net/url", "os", "strconv", "strings", "sync", "time",
}

// finishGo puts the imports into a receiver in Go, those that its code names, and formats it.
func finishGo(source []byte) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "receiver.go", source, 0)
	if err != nil {
		return nil, fmt.Errorf("receiver.go: %w", err)
	}
	used := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				used[x.Name] = true
			}
		}
		return true
	})
	names := slices.DeleteFunc(slices.Clone(goImports[:]), func(name string) bool { return !used[path.Base(name)] })
	var block bytes.Buffer
	for _, name := range names {
		fmt.Fprintf(&block, "\t%q\n", name)
	}
	return format.Source(bytes.Replace(source, []byte("import ()\n"), []byte("import (\n"+block.String()+")\n"), 1))
}
