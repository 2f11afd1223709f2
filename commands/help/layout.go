package help

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Layout says how help looks.
type Layout struct {
	Width int                 // columns; 0: 80
	All   bool                // every flag, example and detail
	Bold  func(string) string // marks titles; nil leaves them as they are
}

// The widths of the columns.
const (
	defaultWidth = 80
	leastWidth   = 40
	mostWidth    = 100
	mostName     = 26 // of the flags; the text of a longer one begins on the next line
)

// Command returns the help of a command.
func (l Layout) Command(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return l.root(cmd)
	}
	p, ok := pageOf(cmd)
	if !ok {
		p = page{short: cmd.Short, examples: cmd.Example}
		p.what, p.details, _ = strings.Cut(cmd.Long, "\n\n")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", l.flow(orShort(p)))
	if l.All && p.details != "" {
		fmt.Fprintf(&b, "\n%s\n", l.flow(p.details))
	}
	l.section(&b, "Usage", "  "+useLine(cmd)+"\n")
	examples := p.examples
	if l.All && p.more != "" {
		examples += "\n" + p.more
	}
	l.section(&b, "Examples", examples+"\n")
	l.commands(&b, cmd)
	shown := p.grouped(cmd)
	whole := count(shown)
	if !l.All && len(p.flags) > 0 {
		shown = p.flags
	}
	l.flags(&b, cmd, shown)
	if l.All {
		l.title(&b, EveryCommand)
		b.WriteString(l.Global(cmd.Root()))
	}
	l.further(&b, cmd, whole-count(shown), p)
	return b.String()
}

func orShort(p page) string {
	if p.what == "" {
		return p.short + "."
	}
	return p.what
}

// useLine is how the command is called.
func useLine(cmd *cobra.Command) string {
	line := strings.TrimSuffix(cmd.UseLine(), " [flags]")
	if cmd.HasAvailableSubCommands() && !strings.Contains(line, "|") {
		return line + "\n  " + cmd.CommandPath() + " COMMAND"
	}
	return line + " [FLAGS]"
}

// further says where to read on.
func (l Layout) further(b *strings.Builder, cmd *cobra.Command, hidden int, p page) {
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	more := ""
	switch {
	case l.All:
		return
	case hidden > 0:
		more = fmt.Sprintf("%d more flags and the details: barb help %s advanced (or --help-all)", hidden, path)
	case p.details != "" || p.more != "":
		more = fmt.Sprintf("Details: barb help %s advanced (or --help-all)", path)
	}
	fmt.Fprintf(b, "\n%s\n", strings.TrimPrefix(l.flow(more)+"\n"+
		l.flow("Everywhere: --json --jq --db --config --color -q -v (barb help flags)"), "\n"))
}

// root returns the help of barb itself: the commands by group, or with All one line each.
func (l Layout) root(cmd *cobra.Command) string {
	p, _ := pageOf(cmd)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", l.flow(p.what))
	l.section(&b, "Examples", p.examples+"\n")
	groups := commandGroups(cmd, p)
	if !l.All {
		l.title(&b, "Commands")
		for _, g := range groups {
			fmt.Fprintf(&b, "  %-14s %s\n", g.title, strings.Join(g.flags, ", "))
		}
		fmt.Fprintf(&b, "\n%s\n", l.flow(p.details))
		return b.String()
	}
	for _, g := range groups {
		l.title(&b, g.title)
		l.rows(&b, commandRows(cmd, g.flags), 0)
	}
	l.title(&b, "Topics")
	var topics [][2]string
	for _, name := range Topics() {
		title, _ := l.Topic(name)
		topics = append(topics, [2]string{"help " + name, title})
	}
	l.rows(&b, topics, 0)
	l.title(&b, EveryCommand)
	return b.String() + l.Global(cmd)
}

// EveryCommand is the title of Global.
const EveryCommand = "Flags of every command"

// Global returns the flags that every command has.
func (l Layout) Global(root *cobra.Command) string {
	var b strings.Builder
	l.rows(&b, flagRows(root.PersistentFlags(), flagNames(root.PersistentFlags())), 0)
	return b.String()
}

// commandGroups returns the commands that there are, in the groups of the page. A command without a place is in the
// last group.
func commandGroups(root *cobra.Command, p page) (groups []group) {
	var left []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" {
			left = append(left, c.Name())
		}
	}
	for _, g := range p.flags {
		var there []string
		for _, name := range g.flags {
			if i := slices.Index(left, name); i >= 0 {
				there = append(there, name)
				left = slices.Delete(left, i, i+1)
			}
		}
		if len(there) > 0 {
			groups = append(groups, group{g.title, there})
		}
	}
	last := &groups[len(groups)-1]
	last.flags = append(last.flags, left...)
	return groups
}

func commandRows(cmd *cobra.Command, names []string) (rows [][2]string) {
	for _, name := range names {
		for _, c := range cmd.Commands() {
			if c.Name() == name {
				rows = append(rows, [2]string{name, c.Short})
			}
		}
	}
	return rows
}

// commands lists what is below a command.
func (l Layout) commands(b *strings.Builder, cmd *cobra.Command) {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	if len(names) > 0 {
		l.title(b, "Commands")
		l.rows(b, commandRows(cmd, names), 0)
	}
}

// flags writes groups of flags with their texts in one column.
func (l Layout) flags(b *strings.Builder, cmd *cobra.Command, groups []group) {
	var names []string
	for _, g := range groups {
		names = append(names, g.flags...)
	}
	column := columnOf(flagRows(cmd.Flags(), names))
	for _, g := range groups {
		if rows := flagRows(cmd.Flags(), g.flags); len(rows) > 0 {
			l.title(b, g.title)
			l.rows(b, rows, column)
		}
	}
}

func flagRows(set *pflag.FlagSet, names []string) (rows [][2]string) {
	for _, name := range names {
		if f := set.Lookup(name); f != nil {
			rows = append(rows, flagRow(f))
		}
	}
	return rows
}

// flagRow is a flag as it is typed, and what it does.
func flagRow(f *pflag.Flag) [2]string {
	value, usage := pflag.UnquoteUsage(f)
	name := "    --" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", --" + f.Name
	}
	if strings.Trim(value, "abcdefghijklmnopqrstuvwxyz") == "" { // a word for it, not how it is written
		value = strings.ToUpper(value)
	}
	switch {
	case value == "" || f.Value.Type() == "bool":
	case f.NoOptDefVal != "":
		name += "[=" + value + "]"
	default:
		name += " " + value
	}
	if !slices.Contains([]string{"", "0", "0s", "0%", "1x", "[]", "false"}, f.DefValue) &&
		!strings.Contains(usage, "(default") {
		usage += " (default " + f.DefValue + ")"
	}
	return [2]string{name, usage}
}

func flagNames(set *pflag.FlagSet) (names []string) {
	visible(set, func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

func count(groups []group) (n int) {
	for _, g := range groups {
		n += len(g.flags)
	}
	return n
}

func (l Layout) section(b *strings.Builder, title, text string) {
	if strings.TrimSpace(text) != "" {
		l.title(b, title)
		b.WriteString(text)
	}
}

func (l Layout) title(b *strings.Builder, title string) {
	title += ":"
	if l.Bold != nil {
		title = l.Bold(title)
	}
	fmt.Fprintf(b, "\n%s\n", title)
}

// columnOf returns the width of the names of rows.
func columnOf(rows [][2]string) (column int) {
	for _, row := range rows {
		if n := utf8.RuneCountInString(row[0]); n <= mostName {
			column = max(column, n)
		}
	}
	return column
}

// rows writes names with their texts beside them, in the given column or, for 0, one of their own.
func (l Layout) rows(b *strings.Builder, rows [][2]string, column int) {
	if column == 0 {
		column = columnOf(rows)
	}
	indent := column + 4
	for _, row := range rows {
		lines := wrap(row[1], l.width()-indent)
		name := fmt.Sprintf("  %-*s  ", column, row[0])
		if utf8.RuneCountInString(row[0]) > column {
			name = "  " + row[0] + "\n" + strings.Repeat(" ", indent)
		}
		fmt.Fprintf(b, "%s%s\n", name, strings.Join(lines, "\n"+strings.Repeat(" ", indent)))
	}
}

// flow fits paragraphs to the width. Lines that begin with a blank stay as they are.
func (l Layout) flow(text string) string {
	var out []string
	for paragraph := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		var words string
		for line := range strings.SplitSeq(paragraph, "\n") {
			if !strings.HasPrefix(line, " ") {
				words += " " + line
				continue
			}
			out = append(out, wrap(words, l.width())...)
			out, words = append(out, line), ""
		}
		out = append(append(out, wrap(words, l.width())...), "")
	}
	return strings.Join(out[:len(out)-1], "\n")
}

func (l Layout) width() int {
	if l.Width == 0 {
		return defaultWidth
	}
	return min(max(l.Width, leastWidth), mostWidth)
}

// wrap breaks text between words.
func wrap(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > max(width, leastWidth/2) {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
