package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A document is README.md or a page of docs/. Some of its parts run, in their order, in one shell and one empty home:
//
//   - a ```sh block, as it would when pasted
//   - a ```console block: what each command after "$ " prints is compared with the lines below it. A line of "…"
//     stands for any lines, a "…" inside a line for any text. Times, durations, sizes, ids and digests only have to
//     look alike.
//   - <!-- run: COMMANDS -->: what the page needs and a reader does not see
//
// A comment just before a block says more of it:
//
//   - <!-- meanwhile: COMMANDS -->: the first command of the console block stays in the background while these run. It
//     gets SIGTERM at the end of the block, unless it has ended. $OUT is the file of its output. With "the next block"
//     in place of commands it stays there while the next block runs.
//   - <!-- file: NAME -->: the block is written to this file
//   - <!-- not run: REASON -->: the console block is only shown
type document struct {
	path  string
	lines []string
	steps []step
}

// step is a part of a page that runs.
type step struct {
	kind       string // "sh", "run", "file" or "console"
	text       string // the commands, or the content of the file
	name       string // of the file
	meanwhile  string
	background bool // the first command of a console block stays there
	commands   []shown
}

// shown is a command of a console block, with the output that the page says it has.
type shown struct {
	line     string
	want     []string
	from, to int // the lines of the page that want is
}

var (
	comment = regexp.MustCompile(`(?s)^<!-- (run|meanwhile|file|not run): (.*?) ?-->$`)
	endless = regexp.MustCompile(`^barb (listen|history -f|deliver)\b`)
	remark  = regexp.MustCompile(`\s+# .*$`) // behind a command
	bounded = regexp.MustCompile(`--(count|for|once|drain|dry-run|help)\b`)
)

func readPages(t *testing.T) (pages []*document) {
	t.Helper()
	paths, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(paths, "../../README.md") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		p := &document{path: path, lines: strings.Split(string(data), "\n")}
		if err := p.parse(); err != nil {
			t.Fatal(err)
		}
		pages = append(pages, p)
	}
	return pages
}

func (p *document) parse() error {
	said := map[string]string{} // by the comments before the next block
	for i := 0; i < len(p.lines); i++ {
		switch line := p.lines[i]; {
		case strings.HasPrefix(line, "<!-- "):
			from := i
			for i < len(p.lines)-1 && !strings.HasSuffix(p.lines[i], "-->") {
				i++
			}
			m := comment.FindStringSubmatch(strings.Join(p.lines[from:i+1], "\n"))
			if m == nil {
				return fmt.Errorf("%s:%d: a comment that is none of run, meanwhile, file and not run", p.path, from+1)
			}
			if said[m[1]] = m[2]; m[1] == "run" {
				p.steps = append(p.steps, step{kind: "run", text: m[2] + "\n"})
			}
		case strings.HasPrefix(line, "```"):
			from := i + 1
			for i++; i < len(p.lines) && p.lines[i] != "```"; i++ {
			}
			if i == len(p.lines) {
				return fmt.Errorf("%s:%d: the block has no end", p.path, from)
			}
			if err := p.block(strings.TrimPrefix(line, "```"), from, i, said); err != nil {
				return err
			}
			clear(said)
		}
	}
	return nil
}

// block adds the step of the lines from up to to, which are a block of this language.
func (p *document) block(language string, from, to int, said map[string]string) error {
	s := step{kind: language, text: strings.Join(p.lines[from:to], "\n") + "\n", name: said["file"],
		meanwhile: said["meanwhile"]}
	_, skip := said["not run"]
	switch {
	case s.name != "":
		s.kind = "file"
	case skip || language != "sh" && language != "console":
		return nil
	case language == "console" && !strings.HasPrefix(s.text, "$ "):
		return fmt.Errorf("%s:%d: a console block begins with the command that prints it", p.path, from)
	}
	if s.kind == "console" {
		for i := from; i < to; i++ {
			if line, ok := strings.CutPrefix(p.lines[i], "$ "); ok {
				line = remark.ReplaceAllString(line, "")
				if len(s.commands) > 0 && isEndless(line) {
					return fmt.Errorf("%s:%d: a command that does not end is the first of its block", p.path, i+1)
				}
				for strings.HasSuffix(line, `\`) && i+1 < to {
					i++
					line += "\n" + p.lines[i]
				}
				s.commands = append(s.commands, shown{line: line, from: i + 1, to: i + 1})
			} else if n := len(s.commands); n > 0 {
				s.commands[n-1].want, s.commands[n-1].to = append(s.commands[n-1].want, p.lines[i]), i+1
			}
		}
		if len(s.commands) > 0 {
			s.background = s.meanwhile != "" || isEndless(s.commands[0].line)
		}
	}
	p.steps = append(p.steps, s)
	return nil
}

func isEndless(command string) bool {
	return endless.MatchString(command) && !bounded.MatchString(command)
}

// script returns the page as a shell script that leaves what the commands print in files, see outFile.
func (p *document) script() string {
	var b strings.Builder
	b.WriteString("set -e -o pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n" + waitForPort)
	var open []int // the steps whose first command runs during the next block
	for n, s := range p.steps {
		switch s.kind {
		case "sh":
			b.WriteString(onceItListens(s.text) + "wait\n")
		case "run":
			b.WriteString(onceItListens(s.text))
		case "file":
			fmt.Fprintf(&b, "cat > '%s' <<'END OF FILE'\n%sEND OF FILE\n", s.name, s.text)
		case "console":
			b.WriteString("set +e; status=0\n")
			p.run(&b, n)
			if s.background {
				open = append(open, n)
			}
			for ; s.meanwhile != nextBlock && len(open) > 0; open = open[:len(open)-1] {
				p.finish(&b, open[len(open)-1])
			}
			b.WriteString("set -e\n")
		}
	}
	return b.String()
}

// onceItListens returns the commands with a wait for each listener in the background in place of the pause behind it,
// which is too short on a busy machine.
func onceItListens(commands string) string {
	return pause.ReplaceAllStringFunc(commands, func(found string) string {
		listener := pause.FindStringSubmatch(found)[1]
		port := ":4242"
		if m := ownPort.FindStringSubmatch(listener); m != nil {
			port = m[1]
		}
		return listener + "& listening " + port
	})
}

// run writes the commands of a console block. A first command in the background goes on.
func (p *document) run(b *strings.Builder, n int) {
	s := p.steps[n]
	for i, c := range s.commands {
		out := outFile(n, i)
		if i > 0 || !s.background {
			fmt.Fprintf(b, "(exit $status); { %s\n} > %s 2>&1; status=$?\n", c.line, out)
			continue
		}
		fmt.Fprintf(b, "%s > %s 2>&1 & shown%d=$!; OUT=%s\n", c.line, out, n, out)
		if strings.HasPrefix(c.line, "barb listen") {
			fmt.Fprintf(b, waitUntil, "grep -q 'listening on' "+out, n)
		}
		if s.meanwhile != nextBlock {
			b.WriteString(s.meanwhile + "\n")
		}
	}
}

// finish writes the end of the first command of a block, once it has printed what the page shows.
func (p *document) finish(b *strings.Builder, n int) {
	out, want := outFile(n, 0), len(p.steps[n].commands[0].want)
	fmt.Fprintf(b, waitUntil, fmt.Sprintf("[ $(wc -l < %s) -ge %d ]", out, want), n)
	fmt.Fprintf(b, "cp %s %s.whole; kill $shown%d 2>/dev/null; wait $shown%d; mv %s.whole %s\n", out, out, n, n, out, out)
}

var (
	pause   = regexp.MustCompile(`(barb listen [^\n]*)&\s+sleep [0-9.]+`)
	ownPort = regexp.MustCompile(`--addr (:\d+)`)
)

const (
	nextBlock   = "the next block"
	waitForPort = `listening() {
	for _ in $(seq 1200); do (: > /dev/tcp/127.0.0.1/${1#:}) 2>/dev/null && break; sleep 0.05; done
}
`
	waitUntil = "for _ in $(seq 1200); do %s && break; kill -0 $shown%d 2>/dev/null || break; sleep 0.05; done\n"
)

func outFile(step, command int) string { return fmt.Sprintf("console.%d.%d", step, command) }
