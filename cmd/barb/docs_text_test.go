package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"
)

// trigger sends the webhook that the recipes expect.
const trigger = `barb send $BARB_URL -d @invoice.json --event invoice -s github --secret env:BARB_SECRET`

// The recipes for CI are pasted into pipelines. They have to fail, in time, when no webhook comes, when another one
// comes, and when the program fails.
func TestTheRecipesForCIFail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, page := range []string{"../../README.md", "../../docs/ci.md"} {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		recipe := ""
		for _, block := range shellBlocks(string(data)) {
			if strings.Contains(block, "barb run") {
				recipe = block
			}
		}
		program := regexp.MustCompile(`-- sh trigger\b`)
		if !program.MatchString(recipe) || !strings.Contains(recipe, "--within 30s") {
			t.Fatalf("%s has no recipe for CI", page)
		}
		recipe = strings.ReplaceAll(recipe, "--within 30s", "--within 1s")
		with := func(command string) string { return program.ReplaceAllString(recipe, "-- "+command) }
		for variant, script := range map[string]string{
			"nothing-comes":       with("true"),
			"another-one-comes":   with(`sh -c 'barb send $BARB_URL -d {} --event x -s github --secret env:BARB_SECRET'`),
			"the-program-fails":   with(`sh -c 'sh trigger; exit 7'`),
			"a-wrong-secret":      with(`sh -c 'BARB_SECRET=wrong_secret_0123456789 sh trigger; true'`),
			"the-payload-differs": "echo '{\"amount\":4100}' > invoice.json\n" + recipe,
		} {
			if variant == "the-payload-differs" && name == "README" {
				continue // its recipe asks for none
			}
			txtar := "! exec bash recipe.sh\nstdout 'expected'\n-- body.json --\n{}\n-- invoice.json --\n{\"amount\":4200}\n" +
				"-- trigger --\n" + trigger + "\n-- recipe.sh --\n" + script
			if err := os.WriteFile(filepath.Join(dir, name+"-"+variant+".txtar"), []byte(txtar), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	testscript.Run(t, testscript.Params{Dir: dir, Setup: setup})
}

// The toml blocks of the pages are configurations that barb reads.
func TestTheConfigurationsOfPagesAreRead(t *testing.T) {
	t.Parallel()
	var script, files strings.Builder
	for path, text := range written(t) {
		for i, part := range strings.Split(text, "```toml\n")[1:] {
			block, _, _ := strings.Cut(part, "```")
			name := fmt.Sprintf("%s-%d.toml", filepath.Base(path), i+1)
			fmt.Fprintf(&script, "exec barb config --config %s\n", name)
			fmt.Fprintf(&files, "-- %s --\n%s", name, block)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "toml.txtar"), []byte(script.String()+files.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Dir: dir, Setup: setup, ContinueOnError: true})
}

// written returns the pages that people write. Generated pages have no limit on their width.
func written(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, pattern := range []string{"../../*.md", "../../docs/*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			pages[path] = string(data)
		}
	}
	return pages
}

func TestTheREADMEIsShort(t *testing.T) {
	if n := strings.Count(written(t)["../../README.md"], "\n"); n > 200 {
		t.Errorf("README.md has %d lines, 200 are allowed", n)
	}
}

func TestTheTextOfPagesIsNarrow(t *testing.T) {
	for path, text := range written(t) {
		if base := filepath.Base(path); base == "providers.md" || base == "CHANGELOG.md" {
			continue // generated, or added to line by line
		}
		text = regexp.MustCompile(`(?s)<!--.*?-->`).ReplaceAllStringFunc(text, func(comment string) string {
			return strings.Repeat("\n", strings.Count(comment, "\n"))
		})
		inBlock := false
		for i, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(line, "```") {
				inBlock = !inBlock
			}
			if n := utf8.RuneCountInString(line); n > 100 && !inBlock && !strings.HasPrefix(line, "|") &&
				strings.Contains(strings.TrimSpace(line), " ") {
				t.Errorf("%s:%d is %d columns wide, 100 are allowed", path[len("../../"):], i+1, n)
			}
		}
	}
}

// A link names a file that is there, and a heading that is in it.
func TestTheLinksOfPagesLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)
	for path, text := range written(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target := path
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(path), m[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s: %v", path, m[0], err)
				continue
			}
			if m[2] == "" {
				continue
			}
			data, err := os.ReadFile(target)
			if err != nil {
				t.Fatal(err)
			}
			if !hasHeading(string(data), strings.TrimPrefix(m[2], "#")) {
				t.Errorf("%s: %s: there is no such heading", path, m[0])
			}
		}
	}
}

// hasHeading says whether a heading of the page gets this anchor on GitHub.
func hasHeading(page, anchor string) bool {
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "#") {
			continue
		}
		slug := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(strings.TrimLeft(line, "#")))
		if slug == anchor {
			return true
		}
	}
	return false
}

func shellBlocks(markdown string) (blocks []string) {
	for i, part := range strings.Split(markdown, "```sh\n") {
		if block, _, ok := strings.Cut(part, "```"); ok && i > 0 {
			blocks = append(blocks, block)
		}
	}
	return blocks
}
