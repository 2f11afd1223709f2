package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/barbhq/barb/commands/keys"
	"github.com/barbhq/barb/commands/ui"
)

// form is how a body is shown.
type form int

const (
	pretty form = iota
	asItCame
	inHex
	forms
)

var formNames = [forms]string{"pretty", "raw", "hex"}

// detail is the open webhook.
type detail struct {
	id       int64 // 0: none
	asked    Open  // what is being read; zero: nothing
	title    string
	form     form
	section  int
	sections [len(keys.Sections)][]string // escaped
	lines    []string                     // of the section, as wide as its pane
	at       int                          // the first line shown
	third    []string                     // lines of the third pane
	thirdAt  int
	mistake  string
}

// answerSection is the section that the third pane shows when nothing else is there.
const (
	signatureSection = 0
	bodySection      = 1
	answerSection    = 4
	rawSection       = 5
)

// wrap breaks lines to a width.
func wrap(lines []string, width int) (all []string) {
	for _, line := range lines {
		line = strings.ReplaceAll(line, "\t", "    ")
		if len(line) <= width || width <= 0 {
			all = append(all, line)
			continue
		}
		all = append(all, strings.Split(ansi.Hardwrap(line, width, true), "\n")...)
	}
	return all
}

// wrapWords breaks lines to a width between words, where they have any.
func wrapWords(lines []string, width int) (all []string) {
	for _, line := range lines {
		line = strings.ReplaceAll(line, "\t", "    ")
		if len(line) <= width || width <= 0 {
			all = append(all, line)
			continue
		}
		all = append(all, ui.Broken(line, width)...)
	}
	return all
}

// folded returns the lines of a section in a width. Bytes as they came are broken anywhere, so that all of them are
// there; the rest is broken between words.
func (d *detail) folded(section, width int) []string {
	if section == rawSection || section == bodySection && d.form != pretty {
		return wrap(d.sections[section], width)
	}
	return wrapWords(d.sections[section], width)
}

// wrapKeys is the list of the keys in a width. What a key does stays in its column. Where that leaves little room, the
// column is narrow, and what a row of many keys does stands below them.
func wrapKeys(view keys.View, width int) (all []string) {
	const room, narrow = 30, 10
	lines, second := keys.Listed(view)
	column := second
	if width-second < room {
		column = narrow
	}
	for _, line := range lines {
		first := ansi.Truncate(line, second, "")
		line = strings.TrimPrefix(line, first)
		if column < second {
			first = strings.TrimRight(first, " ")
			if ansi.StringWidth(first) >= column {
				all, first = append(all, first), ""
			}
			first += strings.Repeat(" ", column-ansi.StringWidth(first))
		}
		for i, text := range wrapWords([]string{line}, width-column) {
			if i > 0 {
				first = strings.Repeat(" ", column)
			}
			all = append(all, first+strings.TrimLeft(text, " "))
		}
	}
	return all
}

// fold breaks the lines of the section to the pane.
func (s *State) fold() {
	l, d := s.layout(), &s.detail
	d.lines = d.folded(d.section, l.textWidth())
	d.third = d.folded(answerSection, l.third.w)
	s.clamp()
}

// clamp has the texts scrolled no further than to their ends.
func (s *State) clamp() {
	l, d := s.layout(), &s.detail
	d.at = max(min(d.at, len(d.lines)-l.detail.lines()), 0)
	d.thirdAt = max(min(d.thirdAt, len(d.third)-l.third.lines()), 0)
	for _, o := range []*over{s.over, s.result} {
		if o != nil {
			o.at = max(min(o.at, len(o.lines)-s.overHeight(o)), 0)
		}
	}
}

// overHeight returns how many lines of an over are shown.
func (s *State) overHeight(o *over) int {
	l := s.layout()
	switch {
	case o.full:
		return max(s.Height-otherLines-barLines, 1)
	case l.third.h > 0:
		return l.third.lines()
	}
	return l.detail.lines()
}

// toSection shows a section from its beginning.
func (s *State) toSection(n int) {
	s.result = nil
	s.detail.section = (n + len(keys.Sections)) % len(keys.Sections)
	s.detail.at = 0
	s.fold()
}
