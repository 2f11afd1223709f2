package receiver

import (
	"bufio"
	"encoding/hex"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// hostile are texts that end a string, begin an interpolation or hide in one, in some language.
func hostile() []string {
	return []string{
		"", "plain", "v1=", "'", `"`, "`", `\`, `\'`, `\"`, "\\\\'", "${process.exit()}", "#{exit}", "#$0", "#@x", "$x",
		"{$x}", "${x}", "<?php", "?>", "*/", "/*", "//", "#",
		"\n", "\r", "\r\n", "\t", "\x00", "\x7f", "\u2028", "\u2029", "\u202e", "\ufeff", "caf\u00e9", "\U0001f980", "\ufffd",
		"</script>", "<!--", "%s%d", "{{.}}", `\u0027`, `\x27`, `\N{DIGIT ONE}`, `"""`, "'''", "'); import('fs'); ('",
	}
}

func TestLiteralsAreOnePrintableLine(t *testing.T) {
	for _, l := range []*language{&javascript, &python, &golang, &ruby, &php} {
		for _, s := range append(hostile(), "\xff\xfe", "a\xffb") {
			got := l.literal(s)
			if len(got) < 2 || got[0] != got[len(got)-1] || !strings.ContainsRune(`'"`, rune(got[0])) {
				t.Errorf("%s: %q becomes %s, no quoted text", l.name, s, got)
			}
			if strings.IndexFunc(got, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
				t.Errorf("%s: %q becomes %q, not printable ASCII", l.name, s, got)
			}
			if endsEarly(got) {
				t.Errorf("%s: %q becomes %s, which ends before its end", l.name, s, got)
			}
			if l == &php && strings.Contains(got, "?>") {
				t.Errorf("%s: %q becomes %s, which ends PHP", l.name, s, got)
			}
		}
	}
}

// endsEarly reports whether the quote that opens a literal stands in it without a backslash.
func endsEarly(literal string) bool {
	for i := 1; i < len(literal)-1; i++ {
		switch literal[i] {
		case '\\':
			i++
		case literal[0]:
			return true
		}
	}
	return false
}

func TestInterpolationsAreEscaped(t *testing.T) {
	for s, want := range map[string][2]string{
		"#{exit}":   {`"\#{exit}"`, `'#{exit}'`},
		"${exit()}": {`"${exit()}"`, `'${exit()}'`},
		"'$x":       {`"'$x"`, `"'\$x"`},
		"\n#@x":     {`"\x0a\#@x"`, `"\x0a#@x"`},
		"?>":        {`"\x3f>"`, `"\x3f>"`},
	} {
		if got := [2]string{rubyLiteral(s), phpLiteral(s)}; got != want {
			t.Errorf("%q becomes %q in Ruby and PHP, want %q", s, got, want)
		}
	}
}

func TestCommentsStayOnTheirLine(t *testing.T) {
	for _, s := range append(hostile(), "\xff", strings.Repeat("x", 5000)) {
		got := comment(s)
		if strings.ContainsAny(got, "\n\r\u2028\u2029\u0085\x00") || strings.Contains(got, "?>") ||
			strings.Contains(got, "*/") || len(got) > 4*maxComment {
			t.Errorf("%q becomes the comment %q", s, got)
		}
	}
}

// evaluators are programs that read a literal a line and answer with the hex of the text it stands for. Go's own is
// below.
func evaluators() map[*language][]string {
	return map[*language][]string{
		&javascript: {"node", "-e",
			`require('readline').createInterface({input: process.stdin}).` +
				`on('line', (l) => console.log(Buffer.from((0, eval)(l)).toString('hex')))`},
		&python: {"python3", "-uc",
			"import ast, sys\nfor line in sys.stdin: print(ast.literal_eval(line.strip()).encode().hex(), flush=True)"},
		&ruby: {"ruby", "-e", "$stdout.sync = true; while l = gets; puts eval(l).unpack1('H*'); end"},
		&php:  {"php", "-r", "while (($l = fgets(STDIN)) !== false) { echo bin2hex(eval('return ' . $l . ';')), \"\\n\"; }"},
	}
}

// evaluator is a running one.
type evaluator struct {
	language *language
	in       io.Writer
	out      *bufio.Reader
}

// startEvaluators runs those whose program is on this machine; conformance has them all.
func startEvaluators(t testing.TB) []evaluator {
	t.Helper()
	var all []evaluator
	for l, args := range evaluators() {
		if exec.Command(args[0], "--version").Run() != nil {
			continue
		}
		cmd := exec.Command(args[0], args[1:]...)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = in.Close()
			_ = cmd.Wait()
		})
		all = append(all, evaluator{l, in, bufio.NewReader(out)})
	}
	return all
}

func (e evaluator) eval(t *testing.T, literal string) string {
	t.Helper()
	if _, err := io.WriteString(e.in, literal+"\n"); err != nil {
		t.Fatal(err)
	}
	line, err := e.out.ReadString('\n')
	if err != nil {
		t.Fatalf("%s does not take %s: %v", e.language.name, literal, err)
	}
	text, err := hex.DecodeString(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("%s says %q to %s", e.language.name, line, literal)
	}
	return string(text)
}

func FuzzLiteralsStandForTheirText(f *testing.F) {
	for _, s := range hostile() {
		f.Add(s)
	}
	running := startEvaluators(f)
	f.Fuzz(func(t *testing.T, s string) {
		if back, err := strconv.Unquote(goLiteral(s)); err != nil || back != s {
			t.Errorf("Go: %q becomes %s", s, goLiteral(s))
		}
		for _, e := range running {
			want := s
			if e.language == &javascript || e.language == &python {
				want = inUnicode(s)
			}
			if back := e.eval(t, e.language.literal(s)); back != want {
				t.Errorf("%s: %q becomes %s, which is %q", e.language.name, s, e.language.literal(s), back)
			}
		}
	})
}

// inUnicode is what a language of Unicode strings makes of bytes that are no UTF-8: the characters of the same numbers.
func inUnicode(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r == '\ufffd' && !strings.HasPrefix(s[i:], "\ufffd") {
			r = rune(s[i])
		}
		b.WriteRune(r)
	}
	return b.String()
}
