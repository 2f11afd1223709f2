package receiver

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"text/scanner"
)

// goImports are the packages that a receiver in Go may need.
var goImports = [...]string{
	"bytes", "crypto/ed25519", "crypto/hmac", "crypto/md5", "crypto/sha1", "crypto/sha256", "crypto/sha512",
	"encoding/base64", "encoding/hex", "encoding/json", "fmt", "io", "log", "net", "net/http", "net/url", "os", "strconv",
	"strings", "sync", "time",
}

// finishGo inserts the imports that the code of a receiver in Go uses. The template is already in gofmt's form; Go's
// own parser and printer would be a thirtieth of the whole program.
func finishGo(source []byte) []byte {
	used := qualifiers(string(source))
	var block strings.Builder
	for _, name := range goImports {
		if used[path.Base(name)] {
			fmt.Fprintf(&block, "\t%q\n", name)
		}
	}
	return bytes.Replace(source, []byte("import ()\n"), []byte("import (\n"+block.String()+")\n"), 1)
}

// qualifiers returns the names before a dot and a name, outside of strings and comments, and not after a dot.
func qualifiers(source string) map[string]bool {
	var s scanner.Scanner
	s.Init(strings.NewReader(source))
	used := map[string]bool{}
	var before, last string
	for token := s.Scan(); token != scanner.EOF; token = s.Scan() {
		if token == scanner.Ident && last == "." && before != "" {
			used[before] = true
		}
		switch {
		case token == '.':
			last = "."
		case token == scanner.Ident && last != ".":
			before, last = s.TokenText(), ""
		default:
			before, last = "", ""
		}
	}
	return used
}
