package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

var updateDocs = flag.Bool("update-docs", false, "write what the commands print into the console blocks of the pages")

// TestThePagesSayWhatHappens runs README.md and docs/*.md as a reader would who pastes every block in order. Only the
// ports are others, so that two runs do not meet. Behind port 3000 is an app that answers 200.
func TestThePagesSayWhatHappens(t *testing.T) {
	t.Parallel()
	dir, pages := t.TempDir(), map[string]*document{}
	ports := map[string]string{} // of the pages, by the ports of the run
	for _, p := range readPages(t) {
		if len(p.steps) == 0 {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(p.path), ".md")
		pages[name] = p
		replace := otherPorts(t, ports)
		txtar := fmt.Sprintf("env BARB_ADDR=%s\nexec bash page.sh\n! stderr 'hint:'\ncompare %s\n-- page.sh --\n%s",
			replace("127.0.0.1:4242"), name, replace(p.script()))
		if err := os.WriteFile(filepath.Join(dir, name+".txtar"), []byte(txtar), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if len(pages) < 8 {
		t.Fatalf("found blocks in %d pages", len(pages))
	}
	compare := func(ts *testscript.TestScript, _ bool, args []string) {
		ts.Check(pages[args[0]].compare(ts.MkAbs("."), ports))
	}
	t.Run("Pages", func(t *testing.T) {
		testscript.Run(t, testscript.Params{Dir: dir, Setup: setupPage, ContinueOnError: true,
			Cmds: map[string]func(*testscript.TestScript, bool, []string){"compare": compare}})
	})
}

// setupPage is setup with the history where it is by default.
func setupPage(env *testscript.Env) error {
	if err := setup(env); err != nil {
		return err
	}
	for _, name := range []string{"BARB_DB", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "WHSEC", "SECRET", "OTHER"} {
		env.Vars = slices.DeleteFunc(env.Vars, func(kv string) bool { return strings.HasPrefix(kv, name+"=") })
	}
	return nil
}

// otherPorts returns what replaces the ports that pages use by free ones, starts the app of port 3000 on its one, and
// notes which port stands for which.
func otherPorts(t *testing.T, back map[string]string) func(string) string {
	t.Helper()
	free := map[string]string{}
	for _, port := range []string{"4242", "3001", "3002", "9242", "9243"} {
		free[port] = freePort(t)
		back[free[port]] = port
	}
	ln := freeListener(t)
	_, free["3000"], _ = net.SplitHostPort(ln.Addr().String())
	back[free["3000"]] = "3000"
	app := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go func() { _ = app.Serve(ln) }()
	t.Cleanup(func() { _ = app.Close() })
	return func(text string) string {
		return pagePorts.ReplaceAllStringFunc(text, func(port string) string { return ":" + free[port[1:]] })
	}
}

// compare returns an error for every console block of the page that is not what the run in the folder printed. With
// -update-docs it writes the page anew instead.
func (p *document) compare(dir string, ports map[string]string) (err error) {
	lines := p.lines
	for n := len(p.steps) - 1; n >= 0; n-- {
		for i := len(p.steps[n].commands) - 1; i >= 0; i-- {
			data, readErr := os.ReadFile(filepath.Join(dir, outFile(n, i)))
			if readErr != nil {
				return readErr
			}
			text := strings.ReplaceAll(string(data), dir, "/home/you")
			text = regexp.MustCompile(`:[23]\d{4}\b`).ReplaceAllStringFunc(text, func(port string) string {
				if shown, ok := ports[port[1:]]; ok {
					return ":" + shown
				}
				return port
			})
			got := strings.Split(strings.TrimRight(text, "\n"), "\n")
			c := p.steps[n].commands[i]
			if len(c.want) == 0 || alike(c.want, got, p.steps[n].background && i == 0) {
				continue
			}
			lines = slices.Concat(lines[:c.from], got, lines[c.to:])
			err = errors.Join(fmt.Errorf("%s:%d: $ %s\n%s", strings.TrimPrefix(p.path, "../../"), c.from, c.line,
				cmp.Diff(c.want, got)), err)
		}
	}
	if *updateDocs && err != nil {
		return os.WriteFile(p.path, []byte(strings.Join(lines, "\n")), 0o644)
	}
	return err
}

// alike reports whether lines match those of a page. A "…" on the page matches any text. With more, further lines may
// follow, since the command had not ended.
func alike(want, got []string, more bool) bool {
	var pattern strings.Builder
	for _, line := range want {
		if strings.TrimSpace(line) == "…" {
			pattern.WriteString(`(.*\n)*?`)
			continue
		}
		pattern.WriteString(strings.ReplaceAll(regexp.QuoteMeta(normal(line)), "…", ".*") + `\n`)
	}
	if more {
		pattern.WriteString(`(.*\n)*`)
	}
	for i := range got {
		got[i] = strings.TrimRight(got[i], " ")
	}
	return regexp.MustCompile(`^` + pattern.String() + `$`).MatchString(normal(strings.Join(got, "\n")) + "\n")
}

var (
	pagePorts = regexp.MustCompile(`:(4242|300[0-2]|924[23])\b`)
	// differ is what is another in each run.
	differ = []struct {
		is *regexp.Regexp
		as string
	}{
		{regexp.MustCompile(`\b\d{4}-\d\d-\d\d\b`), "DATE"},
		{regexp.MustCompile(`\b[A-Z][a-z]{2} \d\d \d\d:\d\d\b`), "TIME"}, // in the history, of before midnight
		{regexp.MustCompile(`\b\d\d:\d\d:\d\d(\.\d+)?\b`), "TIME"},
		{regexp.MustCompile(`\b(\d+(\.\d+)?(µs|ms|s|m|h|d))+(?:\b|$)`), "TOOK"},
		{regexp.MustCompile(`\b\d+(\.\d+)?[kM]?B\b`), "SIZE"},
		{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "ID"},
		{regexp.MustCompile(`\b(msg|evt|in|cus)_(test_)?[0-9A-Za-z]{12,}\b`), "ID"},
		{regexp.MustCompile(`\b[0-9a-f]{32,}\b`), "HEX"},
		{regexp.MustCompile(`\b1[789]\d{8}\b`), "UNIX"},
		{regexp.MustCompile(`\bat byte \d+`), "at byte N"},
		{regexp.MustCompile(` +`), " "},
	}
)

func normal(text string) string {
	for _, d := range differ {
		text = d.is.ReplaceAllString(text, d.as)
	}
	return text
}

// freePort is a port of 127.0.0.1 that nothing listens on.
func freePort(t *testing.T) string {
	t.Helper()
	ln := freeListener(t)
	_ = ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return port
}

// freeListener listens on a port of 127.0.0.1 that no listener on port 0 will be given: those get one from 32768
// (Linux) or 49152 (macOS, Windows) on. A port that was only tried and closed may be another test's a moment later.
func freeListener(t *testing.T) net.Listener {
	t.Helper()
	for range 1000 {
		ln, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(20_000+int(portsTaken.Add(1))%12_000))
		if err == nil {
			return ln
		}
	}
	t.Fatal("no port is free")
	return nil
}

// portsTaken begins at the process's number, so that two runs of the tests seldom try the same ports.
var portsTaken = func() *atomic.Int64 { n := new(atomic.Int64); n.Store(int64(os.Getpid()) * 100); return n }()
