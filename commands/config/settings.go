package config

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// Setting is one value that a flag, a BARB_ variable and barb.toml can give.
type Setting struct {
	Table string // of barb.toml, and the command whose flag it is; "" for a key above all tables
	Flag  string
}

// mark is the annotation of a flag that is a setting: its table, and its place among the settings of that table.
const mark = "barb_setting"

// Mark makes flags of a set settings of a table of barb.toml, "" for keys above all tables. barb config lists them in
// this order. A file that was found may set them without being asked about, unless wishes.setting knows better.
func Mark(set *pflag.FlagSet, table string, flags ...string) {
	for i, flag := range flags {
		// The error is for a flag that does not exist, which the test of all settings would show.
		_ = set.SetAnnotation(flag, mark, []string{table, strconv.Itoa(i)})
	}
}

// Marked returns the settings among flags: those above all tables first, then in the order of their marks.
func Marked(set *pflag.FlagSet) []Setting {
	var settings []Setting
	place := map[Setting]int{}
	set.VisitAll(func(f *pflag.Flag) {
		if m := f.Annotations[mark]; m != nil {
			s := Setting{Table: m[0], Flag: f.Name}
			settings = append(settings, s)
			place[s], _ = strconv.Atoi(m[1]) // as Mark has written it
		}
	})
	slices.SortFunc(settings, func(a, b Setting) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(place[a], place[b]))
	})
	return settings
}

// Key returns the key in barb.toml, such as "send.max_delay".
func (s Setting) Key() string {
	key := strings.ReplaceAll(s.Flag, "-", "_")
	if s.Table != "" {
		key = s.Table + "." + key
	}
	return key
}

// Variable returns the name of the variable, such as "BARB_MAX_DELAY".
func (s Setting) Variable() string {
	return "BARB_" + strings.ToUpper(strings.ReplaceAll(s.Flag, "-", "_"))
}

// IsPath reports whether the value is the path of a file, which barb.toml names from its own folder.
func (s Setting) IsPath() bool {
	return slices.Contains([]string{"db", "cacert", "cert", "key", "tls-cert", "tls-key", "unix-socket"}, s.Flag)
}
