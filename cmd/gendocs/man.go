package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/barbhq/barb/commands"
)

// lineWidth is how long a line of running text gets in the source of a page. mandoc complains of more than 80 bytes.
const lineWidth = 76

// manual is what every page says of the environment: the topic that barb help environment prints, in its two halves.
type manual struct{ environment, files string }

// manPages writes a man page for root and each command below it.
func manPages(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	topic, err := printed("help", "environment")
	if err != nil {
		return err
	}
	_, topic, _ = strings.Cut(topic, "\n") // the title
	var m manual
	m.environment, m.files, _ = strings.Cut(topic, "\nFiles:\n")
	for _, cmd := range below(root) {
		path := filepath.Join(dir, dashed(cmd)+".1")
		if err := os.WriteFile(path, []byte(m.page(cmd)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// dashed is the name of a command's page, such as barb-queue-list.
func dashed(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// page returns the man page of a command in roff.
func (m manual) page(cmd *cobra.Command) string {
	cmd.InitDefaultHelpFlag()
	var r roff
	r.line(".TH %s 1 %s barb \"barb manual\"", macroArg(strings.ToUpper(dashed(cmd))), date.Format("2006-01-02"))
	r.line(".nh") // words are not hyphenated
	r.line(".ad l")
	r.section("Name")
	r.flow(dashed(cmd) + " - " + cmd.Short)
	r.section("Synopsis")
	r.line(".B %s", macroArg(cmd.CommandPath()))
	_, operands, _ := strings.Cut(strings.ReplaceAll(cmd.UseLine(), "[flags]", "[FLAGS]"), cmd.CommandPath())
	r.text(operands)
	r.section("Description")
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	r.text(text)
	r.subcommands(cmd)
	r.flags("Options", cmd.NonInheritedFlags())
	r.flags("Options of every command", cmd.InheritedFlags())
	r.section("Exit status")
	_, codes, _ := strings.Cut(commands.ExitCodes, "Exit codes:\n")
	r.list(codes)
	r.section("Environment")
	r.list(m.environment)
	r.section("Files")
	r.list(m.files)
	if cmd.Example != "" {
		r.section("Examples")
		r.verbatim(strings.Split(strings.Trim(cmd.Example, "\n"), "\n"))
	}
	r.seeAlso(cmd)
	return r.String()
}

// roff is the source of a man page.
type roff struct{ strings.Builder }

func (r *roff) line(format string, args ...any) { fmt.Fprintf(r, format+"\n", args...) }

func (r *roff) section(title string) { r.line(".SH %s", macroArg(strings.ToUpper(title))) }

// text writes paragraphs. Lines that are indented stay as they are.
func (r *roff) text(text string) {
	for i, paragraph := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		if i > 0 {
			r.line(".PP")
		}
		lines := strings.Split(strings.Trim(paragraph, "\n"), "\n")
		for len(lines) > 0 {
			isIndented := strings.HasPrefix(lines[0], "  ")
			n := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "  ") != isIndented })
			if n < 0 {
				n = len(lines)
			}
			if isIndented {
				r.verbatim(lines[:n])
			} else {
				r.flow(strings.Join(lines[:n], " "))
			}
			lines = lines[n:]
		}
	}
}

// flow writes running text in lines that mandoc does not find too long.
func (r *roff) flow(text string) {
	line := ""
	for _, word := range strings.Fields(text) {
		word = escaped(word)
		if line != "" && len(line)+1+len(word) > lineWidth {
			r.line("%s", begun(line))
			line = ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	if line != "" {
		r.line("%s", begun(line))
	}
}

func (r *roff) verbatim(lines []string) {
	r.line(".EX")
	for _, l := range lines {
		r.line("%s", begun(escaped(l)))
	}
	r.line(".EE")
}

// list writes a table as help texts have it: running text, then terms that are indented by two columns, their
// explanations behind them or on further lines, deeper.
func (r *roff) list(text string) {
	var before, explanation []string
	term := ""
	end := func() {
		if term != "" {
			r.tagged(term, strings.Join(explanation, " "))
		} else {
			r.text(strings.Join(before, "\n"))
		}
		explanation = nil
	}
	for _, l := range strings.Split(strings.Trim(text, "\n"), "\n") {
		words := strings.TrimLeft(l, " ")
		switch len(l) - len(words) {
		case 0:
			before = append(before, l)
		case 2:
			end()
			var rest string
			term, rest, _ = strings.Cut(words, "  ")
			explanation = append(explanation, rest)
		default:
			explanation = append(explanation, words)
		}
	}
	end()
}

// tagged writes a term in bold and what it means below it.
func (r *roff) tagged(term, explanation string) {
	r.line(".TP")
	r.line(".B %s", macroArg(term))
	r.flow(explanation)
}

func (r *roff) subcommands(cmd *cobra.Command) {
	if len(below(cmd)) == 1 {
		return
	}
	r.section("Commands")
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			r.tagged(sub.CommandPath(), sub.Short)
		}
	}
}

func (r *roff) flags(title string, set *pflag.FlagSet) {
	if !set.HasAvailableFlags() {
		return
	}
	r.section(title)
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Deprecated != "" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "\\fB" + escaped("--"+f.Name) + "\\fR"
		if f.Shorthand != "" {
			name = "\\fB" + escaped("-"+f.Shorthand) + "\\fR, " + name
		}
		if value != "" {
			name += " \\fI" + escaped(strings.ToUpper(value)) + "\\fR"
		}
		r.line(".TP")
		r.line("%s", name)
		if !slices.Contains([]string{"", "0", "0s", "0%", "1x", "[]", "false"}, f.DefValue) &&
			!strings.Contains(usage, "default") {
			usage += " (default " + f.DefValue + ")"
		}
		r.flow(usage)
	})
}

func (r *roff) seeAlso(cmd *cobra.Command) {
	var pages []string
	if cmd.HasParent() {
		pages = append(pages, dashed(cmd.Parent()))
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			pages = append(pages, dashed(sub))
		}
	}
	if len(pages) == 0 {
		return
	}
	r.section("See also")
	for i, page := range pages {
		comma := ","
		if i == len(pages)-1 {
			comma = ""
		}
		r.line(".BR %s (1)%s", escaped(page), comma)
	}
}

// escaped returns a text whose characters roff does not read as its own: hyphens that can be copied as minus signs, and
// names for what is not ASCII.
func escaped(text string) string {
	var b strings.Builder
	for _, c := range text {
		switch {
		case c == '\\':
			b.WriteString(`\e`)
		case c == '-':
			b.WriteString(`\-`)
		case c == '\'':
			b.WriteString(`\(aq`)
		case c == '`':
			b.WriteString(`\(ga`)
		case c == '^':
			b.WriteString(`\(ha`)
		case c == '~':
			b.WriteString(`\(ti`)
		case c > '~':
			fmt.Fprintf(&b, `\[u%04X]`, c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// begun returns a line that roff does not take for a request.
func begun(line string) string {
	if strings.HasPrefix(line, ".") {
		return `\&` + line
	}
	return line
}

// macroArg returns a text as one argument of a macro.
func macroArg(text string) string {
	return `"` + strings.ReplaceAll(escaped(text), `"`, `\(dq`) + `"`
}
