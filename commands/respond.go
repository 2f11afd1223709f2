package commands

import (
	"fmt"
	"slices"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/listen/script"
)

// takeTables reads the scripts of the tables. Flags and variables that say how to answer go before all of them.
func (g *listener) takeTables() error {
	file, err := g.sh.configuration()
	if err != nil {
		return err
	}
	for _, setting := range []string{"respond", "forward-to"} {
		if g.sh.settings[setting].weight() > 1 {
			return nil
		}
	}
	g.tables = slices.Clone(file.Tables)
	for i := range g.tables {
		t := &g.tables[i]
		read := g.sh.answerBody(file.Path)
		key, what := "answer", ": answer"
		rule := script.Rule{Path: t.Path, Event: t.Event, Scheme: t.Scheme}
		if t.Answer != "" {
			rule.Script, err = script.Parse(t.Answer, read)
		} else {
			rule.Script, key, err = t.FromKeys(read)
			what = "" // the error names the key
		}
		if err != nil {
			return flags.ScriptError(fmt.Sprintf("%s:%d: respond%s", file.Path, t.LineOf(key), what), err)
		}
		g.gate.Answers.Rules = append(g.gate.Answers.Rules, rule)
	}
	return nil
}
