package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/barbhq/barb/"

// layout is who may import whom: of our own packages ("*": all), and of others' modules. A package that is not in it
// does not belong here until the picture was changed first. Test files may import more.
var layout = map[string]struct{ ours, others []string }{
	"units":          {},
	"sign":           {ours: []string{"sign/field", "sign/httpsig", "sign/keytext", "sign/padding", "sign/rawjson"}},
	"sign/rawjson":   {},
	"sign/field":     {},
	"sign/padding":   {},
	"sign/httpsig":   {ours: []string{"sign/field"}},
	"sign/keytext":   {},
	"sign/catalog":   {ours: []string{"sign"}},
	"sign/proof":     {ours: []string{"sign", "sign/httpsig"}},
	"sign/newkey":    {ours: []string{"sign"}},
	"sign/handshake": {ours: []string{"sign", "sign/keytext", "sign/rawjson"}},
	"sign/discover":  {ours: []string{"sign", "sign/keytext", "sign/catalog"}},
	"sign/explain": {ours: []string{"sign", "sign/keytext", "sign/catalog", "sign/rawjson"},
		others: []string{"github.com/andybalholm/brotli"}},
	"store/record":  {},
	"store/export":  {ours: []string{"store/record"}},
	"store/body":    {ours: []string{"store/record"}, others: []string{"github.com/andybalholm/brotli"}},
	"store/senders": {ours: []string{"store/record"}},
	"store/redact":  {ours: []string{"sign", "sign/catalog", "sign/handshake", "store/record"}},
	"store": {ours: []string{"store/ahead", "store/engine", "store/gather", "store/postgres",
		"store/postgres/address", "store/record", "store/retain",
		"store/sqlite", "store/sums"}},
	"store/engine": {ours: []string{"store/ahead", "store/gather", "store/record", "store/retain"}},
	"store/sqlite": {ours: []string{"store/ahead", "store/backfill", "store/disk", "store/engine", "store/lookup",
		"store/migrations", "store/others", "store/record", "store/retain", "store/sqlite/raw", "store/turn",
		"store/words"},
		others: []string{"github.com/mattn/go-sqlite3"}},
	"store/postgres": {ours: []string{"store/ahead", "store/engine", "store/postgres/address",
		"store/postgres/bulk", "store/postgres/bundle", "store/postgres/column", "store/postgres/glob",
		"store/postgres/pipeline", "store/postgres/prepared", "store/postgres/reason", "store/postgres/scope",
		"store/record", "store/retain", "store/words"},
		others: []string{"github.com/jackc/pgx/v5"}},
	"store/postgres/address": {ours: []string{"store/postgres/watch"}, others: []string{"github.com/jackc/pgx/v5"}},
	"store/postgres/bulk":    {ours: []string{"store/engine"}, others: []string{"github.com/jackc/pgx/v5"}},
	"store/postgres/bundle":  {},
	"store/postgres/column": {ours: []string{"store/engine", "store/postgres/bulk"},
		others: []string{"github.com/jackc/pgx/v5"}},
	"store/postgres/glob":     {ours: []string{"store/postgres/bulk"}},
	"store/postgres/pipeline": {ours: []string{"store/postgres/column"}, others: []string{"github.com/jackc/pgx/v5"}},
	"store/postgres/prepared": {others: []string{"github.com/jackc/pgx/v5"}},
	"store/postgres/reason":   {ours: []string{"store/engine"}, others: []string{"github.com/jackc/pgx/v5"}},
	"store/postgres/scope": {ours: []string{"store/engine", "store/postgres/bulk", "store/postgres/glob",
		"store/record"}},
	"store/postgres/watch":  {others: []string{"github.com/jackc/pgx/v5"}},
	"store/postgres/pgtest": {others: []string{"github.com/jackc/pgx/v5"}},
	"store/sqlite/raw":      {ours: []string{"store/engine"}, others: []string{"github.com/mattn/go-sqlite3"}},
	"store/disk":            {},
	"store/backfill":        {others: []string{"github.com/mattn/go-sqlite3"}},
	"store/lookup":          {ours: []string{"store/engine"}, others: []string{"github.com/mattn/go-sqlite3"}},
	"deliver": {ours: []string{"units", "store/record"},
		others: []string{"golang.org/x/net", "golang.org/x/time", "golang.org/x/sys", "github.com/sony/gobreaker/v2"}},
	"deliver/fixture": {ours: []string{"units"}},
	"deliver/signer":  {ours: []string{"sign", "store/record"}, others: []string{"github.com/google/uuid"}},
	"deliver/payload": {ours: []string{"store/disk", "deliver/fixture", "deliver/edit", "deliver/signer",
		"sign", "store/record", "units"}},
	"deliver/replay": {ours: []string{"deliver", "store", "store/webhooks", "deliver/batch", "deliver/fixture",
		"deliver/journal",
		"deliver/payload", "deliver/signer", "sign", "store/record", "store/redact"}},
	"deliver/probe": {ours: []string{"deliver", "deliver/journal", "deliver/signer", "sign", "sign/field",
		"sign/handshake", "sign/newkey", "sign/rawjson", "store", "store/record"}},
	"deliver/compare":  {ours: []string{"store/body", "store/record"}},
	"deliver/provider": {ours: []string{"deliver", "store/record"}, others: []string{"github.com/google/uuid"}},
	"deliver/edit":     {ours: []string{"sign/rawjson"}},
	"deliver/fleet":    {ours: []string{"deliver", "store"}},
	"deliver/worker": {ours: []string{"deliver", "deliver/fleet", "deliver/journal", "deliver/signer", "store",
		"store/engine", "store/record", "store/redact"},
		others: []string{"github.com/google/uuid"}},
	"deliver/journal": {ours: []string{"deliver", "store", "store/record"}},
	"listen":          {ours: []string{"store/disk", "store/record"}, others: []string{"golang.org/x/time"}},
	"listen/verifier": {ours: []string{"sign", "sign/catalog", "sign/proof", "store/record"}},
	"listen/dedupe":   {ours: []string{"store/record"}},
	"store/health":    {ours: []string{"store", "store/record"}},
	"store/drift":     {},
	"store/snapshot":  {ours: []string{"store/body", "store/record"}},
	"store/cassette":  {ours: []string{"store/record", "store/redact"}},
	"store/format":    {ours: []string{"store/record", "store/export"}},
	"store/webhooks":  {ours: []string{"store", "store/record", "store/export"}},
	"commands/schema": {ours: []string{"commands/retest", "deliver/compare", "store/drift",
		"store/record", "store/export", "store/senders", "store/health", "store/webhooks",
		"sign", "sign/newkey", "sign/discover", "sign/explain", "deliver/provider", "deliver/fixture",
		"deliver/probe", "deliver/worker", "store"}},
	"listen/command": {ours: []string{"store/record"}, others: []string{"github.com/mattn/go-shellwords"}},
	"listen/script":  {ours: []string{"units", "listen", "listen/route", "store/record"}},
	"listen/route":   {},
	"listen/gateway": {ours: []string{"sign", "sign/catalog", "sign/handshake", "store", "store/record", "store/redact",
		"deliver", "deliver/journal", "deliver/provider", "deliver/worker", "listen", "listen/route", "listen/script",
		"listen/verifier", "listen/dedupe", "listen/command"}},
	"commands/starter": {ours: []string{"commands/project", "sign/catalog"}},
	"store/ahead":      {},
	"store/others":     {},
	"store/gather":     {},
	"store/turn":       {ours: []string{"store/disk"}},
	"store/words":      {},
	"store/migrations": {},
	"store/retain":     {},
	"store/sums":       {ours: []string{"store/record"}},
	"commands/ui": {ours: []string{"commands/plot", "units", "store/drift", "store/record", "store/senders",
		"store/health",
		"store/webhooks", "deliver",
		"deliver/compare", "deliver/provider", "deliver/batch", "deliver/probe",
		"deliver/worker", "listen/gateway", "sign", "sign/catalog", "sign/handshake",
		"sign/discover", "sign/explain",
		"store"}, others: []string{"github.com/HdrHistogram/hdrhistogram-go", "github.com/charmbracelet/lipgloss",
		"github.com/charmbracelet/x/ansi", "github.com/fatih/color", "github.com/muesli/termenv"}},
	"commands/metrics": {ours: []string{"store", "store/record"}},
	"deliver/batch": {ours: []string{"deliver", "deliver/journal", "deliver/payload", "store", "store/record"},
		others: []string{"github.com/HdrHistogram/hdrhistogram-go", "github.com/google/uuid"}},
	"commands/receiver": {ours: []string{"sign"}},
	"commands/complete": {ours: []string{"commands/ui", "deliver/worker", "sign", "store"},
		others: []string{"github.com/spf13"}},
	"commands/keys": {},
	"commands/query": {ours: []string{"commands/fail", "commands/flags", "commands/pick", "store", "store/record"},
		others: []string{"github.com/spf13"}},
	"commands/live": {ours: []string{"commands/keys", "commands/query", "commands/ui", "store/record", "units"},
		others: []string{"github.com/charmbracelet/x/ansi", "golang.org/x/sys"}},
	"commands/fail": {},
	"commands/web": {ours: []string{"commands/act", "commands/advice", "commands/again", "commands/fail",
		"commands/flags", "commands/jq", "commands/keys", "commands/past", "commands/pick", "commands/plot",
		"commands/query", "commands/queued", "commands/schema", "commands/shell", "commands/ui",
		"commands/web/markup", "deliver/compare", "deliver/worker", "sign", "sign/proof", "store", "store/disk",
		"store/export", "store/health", "store/record", "store/redact", "store/senders", "store/webhooks", "units"},
		others: []string{"github.com/spf13"}},
	"commands/web/markup": {ours: []string{"commands/ui", "units"}},
	"commands/project":    {},
	"commands/keyring": {ours: []string{"commands/complete", "commands/fail", "commands/schema", "commands/secret",
		"commands/ui"},
		others: []string{"github.com/spf13"}},
	"commands/secret": {ours: []string{"commands/fail", "commands/infile", "sign", "sign/keytext", "store/disk",
		"store/redact"},
		others: []string{"github.com/zalando/go-keyring"}},
	"commands/jq": {ours: []string{"commands/fail", "store/body", "store/export", "store/record"},
		others: []string{"github.com/itchyny/gojq"}},
	"commands/samples": {ours: []string{"commands/fail", "deliver/fixture", "deliver/payload"}},
	"commands/retest": {ours: []string{"commands/jq", "commands/report", "commands/ui",
		"deliver/compare", "store/record",
		"store/snapshot"}},
	"commands/browser": {others: []string{"github.com/mattn/go-shellwords"}},
	"commands/dark":    {others: []string{"github.com/charmbracelet/lipgloss"}},
	"commands/plot":    {},
	"commands/tui": {ours: []string{"commands/act", "commands/advice", "commands/dark", "commands/fail",
		"commands/keys", "commands/live", "commands/pick", "commands/plot", "commands/query", "commands/queued",
		"commands/shell", "commands/ui", "store", "store/export", "store/record", "store/webhooks", "units"},
		others: []string{"github.com/charmbracelet/bubbletea", "github.com/charmbracelet/x/ansi",
			"github.com/mattn/go-shellwords", "github.com/spf13"}},
	"commands/agent": {ours: []string{"commands/agent/mcp", "commands/fail", "commands/flags", "commands/help",
		"commands/jq", "commands/pick", "commands/secret", "commands/shell", "commands/ui", "deliver", "deliver/provider",
		"docs", "sign", "store/export", "store/record", "store/redact", "store/webhooks", "units"},
		others: []string{"github.com/spf13"}},
	"commands/agent/mcp": {},
	"docs":               {},
	"commands/diff": {ours: []string{"commands/fail", "commands/flags", "commands/pick", "commands/schema",
		"commands/shell", "deliver/compare", "store/record", "store/redact"}, others: []string{"github.com/spf13"}},
	"commands/past": {ours: []string{"commands/config", "commands/diff", "commands/fail", "commands/files",
		"commands/flags", "commands/help",
		"commands/pick", "commands/plot", "commands/schema", "commands/shell", "commands/ui", "deliver/worker",
		"listen/gateway", "sign", "store",
		"store/body", "store/cassette", "store/drift", "store/export",
		"store/health", "store/record", "store/redact", "store/senders", "store/sums", "store/webhooks", "units"},
		others: []string{"github.com/spf13"}},
	"commands/act": {ours: []string{"commands/advice", "commands/again", "commands/fail", "commands/files",
		"commands/flags", "commands/queued", "commands/recheck", "commands/schema", "commands/shell", "commands/ui",
		"deliver/compare",
		"deliver/fixture", "deliver/payload", "deliver/replay", "sign", "sign/explain", "store", "store/export",
		"store/format",
		"store/record", "store/redact", "store/webhooks"}},
	"commands/remark": {ours: []string{"commands/act", "commands/fail", "commands/flags", "commands/infile",
		"commands/shell", "commands/ui", "store", "store/export", "store/webhooks"}, others: []string{"github.com/spf13"}},
	"commands/recheck": {ours: []string{"commands/advice", "commands/fail", "commands/flags", "commands/infile",
		"commands/project", "commands/schema", "commands/secret", "commands/shell", "commands/ui", "listen/gateway",
		"listen/verifier", "sign", "sign/explain", "store", "store/record"}},
	"commands/tell": {ours: []string{"commands/fail", "commands/schema", "commands/shell", "commands/ui", "deliver",
		"deliver/journal", "deliver/provider", "deliver/signer", "store", "store/export", "store/record"}},
	"commands/again": {ours: []string{"commands/advice", "commands/config", "commands/diff", "commands/fail",
		"commands/files", "commands/flags", "commands/infile", "commands/jq", "commands/queued", "commands/report",
		"commands/retest", "commands/schema", "commands/secret", "commands/shell", "commands/tell", "commands/ui",
		"deliver", "deliver/compare", "deliver/journal", "deliver/replay", "deliver/signer", "deliver/worker",
		"listen/route", "store", "store/disk", "store/export", "store/record", "store/snapshot", "store/webhooks"},
		others: []string{"github.com/spf13"}},
	"commands/report": {ours: []string{"commands/fail", "commands/plot", "commands/ui", "store/disk"}},
	"commands/queued": {ours: []string{"commands/flags", "commands/shell", "commands/ui", "deliver", "deliver/signer",
		"deliver/worker", "listen/gateway", "store", "store/record"}},
	"commands/pick": {ours: []string{"commands/fail", "commands/jq", "store", "store/export", "store/record",
		"store/webhooks"}},
	"commands/flags": {ours: []string{"commands/complete",
		"units", "commands/fail", "commands/infile", "commands/jq", "commands/metrics",
		"commands/report", "commands/secret", "store/body",
		"deliver", "deliver/fixture", "deliver/payload", "deliver/provider", "listen", "listen/command", "listen/route",
		"listen/script", "sign/handshake", "store", "store/export", "store/health", "store/record"},
		others: []string{"github.com/spf13", "golang.org/x/time"}},
	"commands/config": {ours: []string{"units", "commands/fail", "commands/flags", "commands/help", "commands/infile",
		"commands/jq", "commands/schema", "commands/secret", "deliver",
		"listen/route", "listen/script", "sign", "sign/catalog", "sign/handshake", "store/disk", "store/export",
		"store/record", "store/redact"}, others: []string{"github.com/spf13", "github.com/pelletier/go-toml/v2"}},
	"commands/advice": {ours: []string{"units", "commands/fail", "commands/ui", "deliver/edit", "deliver/payload",
		"deliver/replay", "deliver/signer", "sign", "store", "store/export", "store/record", "store/redact"}},
	"commands/shell": {ours: []string{"commands/advice", "commands/complete", "commands/config", "commands/fail",
		"commands/flags", "commands/help", "commands/infile", "commands/jq", "commands/pick", "commands/samples",
		"commands/secret", "commands/ui", "deliver/journal", "deliver/payload", "deliver/signer", "listen/command",
		"listen/gateway", "listen/route", "listen/verifier", "sign", "sign/catalog", "sign/handshake",
		"sign/keytext", "store", "store/export", "store/record", "store/redact", "store/webhooks"},
		others: []string{"github.com/spf13"}},
	"commands/expect": {ours: []string{"commands/fail", "commands/jq", "commands/pick", "deliver/fixture",
		"deliver/payload", "sign", "sign/catalog", "store", "store/export", "store/record", "store/webhooks"}},
	"commands/child": {ours: []string{"deliver/worker", "listen/command"}},
	"commands/checks": {ours: []string{"commands/child", "commands/expect", "commands/fail", "commands/files",
		"commands/flags", "commands/help", "commands/jq", "commands/pick", "commands/report", "commands/schema",
		"commands/secret", "commands/shell", "commands/ui", "sign/newkey", "store", "store/record", "store/webhooks",
		"units"},
		others: []string{"github.com/spf13"}},
	"commands/files": {ours: []string{"commands/fail", "commands/flags", "commands/shell", "commands/ui", "sign", "store",
		"store/cassette", "store/disk", "store/format", "store/record", "store/redact", "store/snapshot",
		"store/webhooks"},
		others: []string{"github.com/spf13"}},
	"commands/build":  {},
	"commands/help":   {ours: []string{"commands/fail"}, others: []string{"github.com/spf13"}},
	"commands/infile": {ours: []string{"units", "commands/fail"}, others: []string{"github.com/mattn/go-shellwords"}},
	"commands": {ours: []string{"*"}, others: []string{"github.com/spf13", "github.com/pelletier/go-toml/v2",
		"github.com/google/uuid", "github.com/mattn/go-shellwords",
		"github.com/zalando/go-keyring", "github.com/HdrHistogram/hdrhistogram-go", "golang.org/x/time"}},
	"cmd/barb": {ours: []string{"commands", "commands/live", "commands/shell"}, others: []string{"golang.org/x/term"}},
	"cmd/gendocs": {ours: []string{"commands", "commands/complete", "commands/config", "commands/shell", "commands/ui"},
		others: []string{"github.com/spf13"}},
}

// never is what a package must not use of the standard library: an engine has no clock of its own to judge by, no file,
// no network, and does not print.
var never = map[string][]string{
	"units":             {"os", "net", "log", "os/exec", "syscall"},
	"sign":              {"os", "net", "log", "os/exec", "syscall"},
	"sign/keytext":      {"os", "net", "log", "os/exec", "syscall"},
	"sign/field":        {"os", "net", "log", "os/exec", "syscall"},
	"sign/padding":      {"os", "net", "log", "os/exec", "syscall"},
	"sign/httpsig":      {"os", "net", "log", "os/exec", "syscall"},
	"sign/rawjson":      {"os", "net", "log", "os/exec", "syscall"},
	"sign/proof":        {"os", "net", "log", "os/exec", "syscall"},
	"sign/catalog":      {"os", "net", "log", "os/exec", "syscall"},
	"sign/handshake":    {"os", "net", "log", "os/exec", "syscall"},
	"sign/discover":     {"os", "net", "log", "os/exec", "syscall"},
	"sign/explain":      {"os", "net", "log", "os/exec", "syscall"},
	"store/record":      {"os", "net", "log", "database/sql"},
	"store/snapshot":    {"os", "net", "log", "database/sql"},
	"store/drift":       {"os", "net", "log", "database/sql"},
	"store/export":      {"os", "net", "log", "database/sql"},
	"store/format":      {"os", "net", "log", "database/sql"},
	"store/cassette":    {"os", "net", "log", "database/sql"},
	"store/body":        {"os", "net", "log", "database/sql"},
	"store/senders":     {"os", "net", "log", "database/sql"},
	"store/redact":      {"os", "net", "log", "database/sql"},
	"store":             {"log", "net/http"},
	"store/disk":        {"log", "net", "database/sql"},
	"store/health":      {"os", "net", "log", "database/sql"},
	"store/webhooks":    {"os", "net", "log", "database/sql"},
	"deliver":           {"log", "database/sql"},
	"deliver/signer":    {"os", "net", "log", "os/exec", "syscall", "database/sql"},
	"deliver/payload":   {"net", "log", "os/exec", "syscall", "database/sql"},
	"deliver/compare":   {"os", "net", "log", "os/exec", "syscall", "database/sql"},
	"deliver/replay":    {"os", "net", "log", "os/exec", "syscall"},
	"deliver/probe":     {"os", "net", "log", "os/exec", "syscall", "database/sql"},
	"deliver/provider":  {"os", "net", "log", "os/exec", "syscall", "database/sql"},
	"deliver/worker":    {"net", "log", "database/sql"},
	"deliver/journal":   {"os", "net", "log", "database/sql"},
	"deliver/edit":      {"os", "net", "log", "os/exec", "syscall"},
	"deliver/fixture":   {"os", "net", "log", "os/exec", "syscall", "text/template"},
	"listen":            {"log", "database/sql"},
	"listen/verifier":   {"os", "net", "log", "database/sql"},
	"listen/route":      {"os", "net", "log", "os/exec", "syscall", "time"},
	"listen/script":     {"os", "net", "log", "os/exec", "syscall"},
	"listen/dedupe":     {"os", "net", "log", "database/sql"},
	"listen/command":    {"net", "log", "database/sql"},
	"listen/gateway":    {"os", "log", "database/sql"},
	"commands/ui":       {"os", "log", "net/http"},
	"commands/metrics":  {"os"},
	"commands/jq":       {"os", "net", "log", "net/http", "database/sql"},
	"commands/pick":     {"os", "net", "log", "net/http", "database/sql"},
	"commands/query":    {"os", "net", "log", "net/http", "database/sql"},
	"commands/expect":   {"os", "net", "log", "database/sql"},
	"commands/schema":   {"os", "log", "net/http"},
	"commands/build":    {"os", "net", "log"},
	"commands/help":     {"os", "log", "net/http"},
	"deliver/batch":     {"os", "net", "log", "os/exec", "syscall", "database/sql"},
	"commands/receiver": {"os", "log", "net"},
	"commands/report":   {"log", "net", "net/http", "database/sql"},
}

func TestImportsFollowTheLayout(t *testing.T) {
	seen := map[string]bool{}
	root := "../.."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "conformance" || d.Name() == "bench" ||
			d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") && path != root {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			pkg := filepath.ToSlash(filepath.Dir(rel))
			seen[pkg] = true
			checkFile(t, pkg, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range layout {
		if !seen[pkg] {
			t.Errorf("the layout names %s, which is not there", pkg)
		}
	}
}

const topFloor = 5

// floorOf is the floor that a package is on, by the folder it is in.
func floorOf(pkg string) int {
	root, _, _ := strings.Cut(pkg, "/")
	switch root {
	case "units":
		return 0
	case "sign":
		return 1
	case "store":
		return 2
	case "deliver":
		return 3
	case "listen":
		return 4
	}
	return topFloor
}

// hands are the modules and packages that only the command line uses: flags, hints and printing.
var hands = []string{"github.com/spf13", "github.com/charmbracelet", "github.com/fatih/color",
	"github.com/muesli/termenv", "github.com/pelletier/go-toml"}

// TestTheLayoutKeepsTheLaw looks at the table itself: imports run down, and what needs two engines is a package of its
// own.
func TestTheLayoutKeepsTheLaw(t *testing.T) {
	roots := []string{"sign", "store", "deliver", "listen"}
	for pkg, rule := range layout {
		for _, used := range rule.ours {
			if floorOf(used) > floorOf(pkg) {
				t.Errorf("%s on floor %d may import %s on floor %d: imports run down", pkg, floorOf(pkg), used, floorOf(used))
			}
			isOwnLeaf := strings.HasPrefix(used, pkg+"/") && !slices.Contains(layout[used].ours, pkg)
			if slices.Contains(roots, pkg) && used != "store/record" && used != "units" && used != "store/disk" && !isOwnLeaf {
				t.Errorf("%s may import %s: the engines are strangers; what needs both is a package of its own", pkg, used)
			}
		}
		for _, module := range rule.others {
			if floorOf(pkg) < topFloor && slices.ContainsFunc(hands,
				func(h string) bool { return strings.HasPrefix(module, h) }) {
				t.Errorf("%s may import %s: flags and printing are the command line's", pkg, module)
			}
		}
	}
}

// TestOnlyTheCommandLinePrintsAndExits looks below the command line for what is a person's or a process's.
func TestOnlyTheCommandLinePrintsAndExits(t *testing.T) {
	forbidden := []string{"fmt.Print", "fmt.Printf", "fmt.Println", "os.Stdin", "os.Stdout", "os.Stderr", "os.Exit",
		"os.Args", "print", "println"}
	for _, s := range code(t) {
		if floorOf(s.pkg) == topFloor {
			continue
		}
		for _, name := range s.names() {
			if slices.Contains(forbidden, name.text) {
				t.Errorf("%s:%d: %s is for the command line", s.path, name.line, name.text)
			}
		}
	}
}

func checkFile(t *testing.T, pkg, path string) {
	t.Helper()
	rule, ok := layout[pkg]
	if !ok {
		t.Errorf("%s: package %s is not in the layout; change the picture first", path, pkg)
		return
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if !allowed(rule.ours, rule.others, never[pkg], name) {
			t.Errorf("%s: %s may not import %s", path, pkg, name)
		}
	}
}

func allowed(ours, others, forbidden []string, name string) bool {
	if own, ok := strings.CutPrefix(name, module); ok {
		return slices.Contains(ours, own) || slices.Contains(ours, "*")
	}
	if first, _, _ := strings.Cut(name, "/"); strings.Contains(first, ".") {
		return slices.ContainsFunc(others, func(m string) bool { return name == m || strings.HasPrefix(name, m+"/") })
	}
	return !slices.Contains(forbidden, name)
}

func TestMainIsThin(t *testing.T) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "main.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(file.Decls); n > 6 {
		t.Errorf("main.go has %d declarations; logic belongs in commands", n)
	}
}
