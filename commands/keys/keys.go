// Package keys is the table of the keys of all views. These are the page, the view that fills a terminal, and barb
// listen. What a view says of its keys, in its footer and its list of keys, and what a key does, all come from the
// table.
package keys

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// In returns the rows of a view in the order of the table.
func In(view View) []Row {
	return slices.DeleteFunc(slices.Clone(Table), func(r Row) bool { return r.Views&view == 0 })
}

// Find returns the action of a key in a view; false when the key does nothing there.
func Find(view View, key string) (Row, bool) {
	for _, r := range In(view) {
		if slices.Contains(r.Keys, key) {
			return r, true
		}
	}
	return Row{}, false
}

// gap is between two entries of a footer and between the columns of a list.
const gap = "  "

// Works reports whether the action of a row does something in a view that has something.
func (r *Row) Works(has On) bool { return r.On&^has == 0 }

// Footer returns the line of the keys that do something in a view that has something, in a width of columns. What has
// no room is left out, the least important first.
func Footer(view View, width int, has On) string {
	var rows []Row
	for _, r := range In(view) {
		if r.Word != "" && r.Works(has) {
			rows = append(rows, r)
		}
	}
	for {
		line := footer(rows)
		if len(rows) == 0 || utf8.RuneCountInString(line) <= width {
			return line
		}
		last := slices.MaxFunc(rows, func(a, b Row) int { return a.Rank - b.Rank }).Rank
		rows = slices.DeleteFunc(rows, func(r Row) bool { return r.Rank == last })
	}
}

// footer joins the first keys of rows with their words. Rows after each other with the same word are one entry.
func footer(rows []Row) string {
	var entries []string
	for i := 0; i < len(rows); i++ {
		key := Symbol(rows[i].Keys[0])
		for i+1 < len(rows) && rows[i+1].Word == rows[i].Word {
			i++
			key += Symbol(rows[i].Keys[0])
		}
		entries = append(entries, key+" "+rows[i].Word)
	}
	return strings.Join(entries, gap)
}

// LetterLines lists the keys after y with what they copy, in lines of a width of columns.
func LetterLines(view View, width int) []string {
	line := "copy"
	var lines []string
	for _, l := range LettersIn(view) {
		entry := gap + l.Key + " " + l.What
		if len(line)+len(entry) > width && line != "" {
			lines, line = append(lines, line), "    "
		}
		line += entry
	}
	return append(lines, line)
}

// List returns the keys of a view and what they do, a line each.
func List(view View) []string {
	lines, _ := Listed(view)
	return lines
}

// Listed is List with the column at which the second column begins.
func Listed(view View) (lines []string, second int) {
	rows, width := In(view), 0
	names := make([]string, len(rows))
	for i, r := range rows {
		symbols := make([]string, len(r.Keys))
		for j, key := range r.Keys {
			symbols[j] = Symbol(key)
		}
		names[i] = strings.Join(symbols, " ")
		width = max(width, utf8.RuneCountInString(names[i]))
	}
	for i, r := range rows {
		names[i] += strings.Repeat(" ", width-utf8.RuneCountInString(names[i])) + gap + r.Does
	}
	return names, width + len(gap)
}

// Symbol returns a key as it is shown: an arrow for the arrow keys.
func Symbol(key string) string {
	switch key {
	case "up":
		return "↑"
	case "down":
		return "↓"
	}
	return key
}
