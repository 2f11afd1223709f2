package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// The limits of size.
const (
	longestFunction = 60
	longestFile     = 400
	largestPackage  = 5000
	widestLine      = 120
	mostPromoted    = 40 // methods that a type reaches by embedding
)

// exempt are the files that are tables: a row for each scheme or provider.
var exempt = []string{"sign/catalog/catalog.go", "deliver/provider/rows.go"}

// largest holds the packages that may be larger.
var largest = map[string]int{
	"commands": 8000, // each command is a file of it
}

// outside is how many methods a type of another module brings when it is embedded.
var outside = map[string]int{
	"error": 1, "hash.Hash": 5, "io.Reader": 1, "io.Writer": 1, "net.Conn": 8, "net.UnixListener": 8, "sync.Mutex": 3,
	"sqlite3.SQLiteConn": 36,
}

// source is a Go file of ours.
type source struct {
	path, pkg string // below the root, with slashes
	text      []byte
	fset      *token.FileSet
	file      *ast.File
}

func (s *source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// sources returns the Go files of all packages of the layout, with their tests.
var sources = sync.OnceValues(func() (all []*source, err error) {
	const root = "../.."
	for _, top := range []string{"units", "sign", "store", "deliver", "listen", "commands", "cmd", "docs"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "testdata":
				return filepath.SkipDir
			case d.IsDir() || !strings.HasSuffix(path, ".go"):
				return nil
			}
			s, err := readSource(root, path)
			all = append(all, s)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
})

func readSource(root, path string) (*source, error) {
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return nil, err
	}
	s := &source{path: filepath.ToSlash(rel), pkg: filepath.ToSlash(filepath.Dir(rel)), fset: token.NewFileSet()}
	if s.text, err = os.ReadFile(path); err == nil && !s.isTest() {
		s.file, err = parser.ParseFile(s.fset, path, s.text, parser.SkipObjectResolution|parser.ParseComments)
	}
	return s, err
}

// use is a name where it is called or used: "pkg.Name", or a name alone that is called.
type use struct {
	text string
	line int
}

func (s *source) names() (all []use) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				all = append(all, use{x.Name + "." + n.Sel.Name, s.fset.Position(n.Pos()).Line})
			}
		case *ast.CallExpr:
			if x, ok := n.Fun.(*ast.Ident); ok {
				all = append(all, use{x.Name, s.fset.Position(n.Pos()).Line})
			}
		}
		return true
	})
	return all
}

// code returns the files that are no tests, and fails the test where there are none.
func code(t *testing.T) []*source {
	t.Helper()
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	files := slices.DeleteFunc(slices.Clone(all), (*source).isTest)
	if len(files) < 100 {
		t.Fatalf("only %d files were found", len(files))
	}
	return files
}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	for _, s := range code(t) {
		if n := bytes.Count(s.text, []byte("\n")); n > longestFile && !slices.Contains(exempt, s.path) {
			t.Errorf("%s has %d lines, %d are allowed: it is two files", s.path, n, longestFile)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			first, last := s.fset.Position(f.Pos()).Line, s.fset.Position(f.End()).Line
			if n := last - first + 1; n > longestFunction {
				t.Errorf("%s:%d: %s has %d lines, %d are allowed: it is two functions", s.path, first, f.Name.Name,
					n, longestFunction)
			}
		}
	}
}

func TestPackagesAreSmall(t *testing.T) {
	lines := map[string]int{}
	for _, s := range code(t) {
		if !slices.Contains(exempt, s.path) {
			lines[s.pkg] += bytes.Count(s.text, []byte("\n"))
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(lines)) {
		if limit := max(largestPackage, largest[pkg]); lines[pkg] > limit {
			t.Errorf("package %s has %d lines, %d are allowed: it is two packages", pkg, lines[pkg], limit)
		}
	}
}

func TestLinesAreNarrow(t *testing.T) {
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		for i, line := range bytes.Split(s.text, []byte("\n")) {
			if n := utf8.RuneCount(line); n > widestLine {
				t.Errorf("%s:%d is %d columns wide, %d are allowed", s.path, i+1, n, widestLine)
			}
		}
	}
}

// structure is what a struct type has of itself and by embedding.
type structure struct {
	methods  []string
	embedded []string // "pkg.Type" with pkg below the root, or as it is imported from outside
}

// TestEmbeddingSaysWhatAValueIs counts the methods that a type reaches by embedding. A type that reaches very many has
// embedded what it needs: that belongs in a field.
func TestEmbeddingSaysWhatAValueIs(t *testing.T) {
	types := map[string]*structure{}
	for _, s := range code(t) {
		s.structures(types)
	}
	for _, name := range slices.Sorted(maps.Keys(types)) {
		if pkg := name[:strings.LastIndex(name, ".")]; floorOf(pkg) == topFloor && pkg != "commands" {
			continue
		}
		reached := map[string]bool{}
		reach(t, types, name, reached, map[string]bool{})
		for _, own := range types[name].methods {
			delete(reached, own)
		}
		if len(reached) > mostPromoted {
			t.Errorf("%s reaches %d methods by embedding, %d are allowed: what it needs is a field", name, len(reached),
				mostPromoted)
		}
	}
}

// structures adds the types of a file.
func (s *source) structures(types map[string]*structure) {
	at := func(name string) *structure {
		if types[name] == nil {
			types[name] = &structure{}
		}
		return types[name]
	}
	imports := map[string]string{}
	for _, spec := range s.file.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		name := path[strings.LastIndex(path, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if ours, ok := strings.CutPrefix(path, module); ok {
			imports[name] = ours
		}
	}
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv != nil {
				to := at(s.pkg + "." + nameOf(d.Recv.List[0].Type, imports))
				to.methods = append(to.methods, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if named, ok := spec.(*ast.TypeSpec); ok {
					to := at(s.pkg + "." + named.Name.Name)
					to.embedded = append(to.embedded, embeddedIn(named.Type, s.pkg, imports)...)
				}
			}
		}
	}
}

func embeddedIn(e ast.Expr, pkg string, imports map[string]string) (names []string) {
	body, ok := e.(*ast.StructType)
	if !ok {
		return nil
	}
	for _, field := range body.Fields.List {
		if len(field.Names) > 0 {
			continue
		}
		name := nameOf(field.Type, imports)
		if !strings.Contains(name, ".") && name != "error" {
			name = pkg + "." + name
		}
		names = append(names, name)
	}
	return names
}

// nameOf is the name of a type without its pointer and its parameters, with the folder of a package of ours before it.
func nameOf(e ast.Expr, imports map[string]string) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return nameOf(e.X, imports)
	case *ast.IndexExpr:
		return nameOf(e.X, imports)
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		pkg := e.X.(*ast.Ident).Name
		if ours, ok := imports[pkg]; ok {
			pkg = ours
		}
		return pkg + "." + e.Sel.Name
	}
	panic("no name of a type: " + reflect.TypeOf(e).String())
}

// reach adds to reached the methods that come with what a type embeds.
func reach(t *testing.T, types map[string]*structure, name string, reached, seen map[string]bool) {
	t.Helper()
	for _, embedded := range types[name].embedded {
		if seen[embedded] {
			continue
		}
		seen[embedded] = true
		if ours := types[embedded]; ours != nil {
			for _, m := range ours.methods {
				if embedded[:strings.LastIndex(embedded, ".")] == name[:strings.LastIndex(name, ".")] || ast.IsExported(m) {
					reached[m] = true
				}
			}
			reach(t, types, embedded, reached, seen)
			continue
		}
		n, known := outside[embedded]
		if !known {
			t.Errorf("%s embeds %s, whose methods are not counted: give them a row in outside", name, embedded)
		}
		for i := range n {
			reached[fmt.Sprint(embedded, i)] = true
		}
	}
}

// spends are the files that may ask the real clock: what they measure or wait for takes that long. All other code is
// told the time, by an argument or a Now.
var spends = []string{
	"cmd/barb/environment.go", "commands/env.go", // where the clock comes from
	"deliver/answer.go", "deliver/client.go", "deliver/conn.go", "deliver/decide.go", "deliver/deliver.go",
	"deliver/dial.go", "deliver/limited.go",
	"deliver/limits.go", "deliver/pace.go", "deliver/pool.go", "deliver/trace.go", "deliver/wire.go",
	"listen/answer.go", "listen/body.go", "listen/conn.go", "listen/fault.go", "listen/http2.go", "listen/pace.go",
	"listen/refuse.go",
	"listen/command/command.go", "listen/command/marks.go", "commands/child/child.go",
	"store/sqlite/erase.go", "store/writer.go", "store/sqlite/prune.go", "store/gather/gather.go",
	"store/sqlite/schema.go",
	"store/postgres/engine.go", "store/postgres/errors.go", "store/postgres/reserve.go", // waits, and the server's clock
	"store/postgres/address/cancel.go",
	"store/turn/turn.go",
	"commands/ui/footer.go", "commands/ui/forward.go", "commands/ui/progress.go",
	"commands/tell/attempts.go", "commands/send_many.go", // how long a delivery or a run took
	"commands/web/ear.go", "commands/web/events.go", "commands/web/find.go",
	"commands/web/pulse.go",      // how long a page looks and waits
	"commands/metrics/gauges.go", // how long something is due when it is scraped
	"commands/again/replay.go", "commands/again/check.go", "deliver/replay/pace.go", "deliver/replay/run.go",
	"deliver/batch/checkpoint.go", "deliver/batch/source.go",
	// waits for what is due: its tests are in synctest bubbles
	"deliver/worker/leases.go", "deliver/worker/member.go", "deliver/worker/outlook.go", "deliver/worker/plans.go",
	"deliver/worker/round.go", "deliver/worker/worker.go",
	"listen/gateway/queue.go", "listen/gateway/queue_command.go", "listen/gateway/queue_worker.go",
}

func TestThereIsOneClock(t *testing.T) {
	for _, s := range code(t) {
		if slices.Contains(spends, s.path) {
			continue
		}
		for _, name := range s.names() {
			if slices.Contains([]string{"time.Now", "time.Since", "time.Until"}, name.text) {
				t.Errorf("%s:%d: %s: time that is judged or stored comes from one clock", s.path, name.line, name.text)
			}
		}
	}
}

// TestAPackageIsOneSentence reads the first sentence of each package's doc: a package that needs an "and" there is two.
func TestAPackageIsOneSentence(t *testing.T) {
	first := map[string]string{}
	for _, s := range code(t) {
		if text, ok := strings.CutPrefix(s.file.Doc.Text(), "Package "); ok {
			sentence, _, _ := strings.Cut(strings.Join(strings.Fields(text), " "), ". ")
			first[s.pkg] = sentence
		}
	}
	for pkg := range layout {
		switch name := pkg[strings.LastIndex(pkg, "/")+1:]; {
		case strings.HasPrefix(pkg, "cmd/"):
		case !strings.HasPrefix(first[pkg], name+" "):
			t.Errorf("package %s has no doc that begins with its name", pkg)
		case strings.Contains(first[pkg], " and "):
			t.Errorf("package %s is more than one: %s", pkg, first[pkg])
		}
	}
}
