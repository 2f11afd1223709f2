package web

import (
	"strings"

	"github.com/barbhq/barb/commands/keys"
)

// keyRow is a line of the sheet of keys. The page's script acts by the same rows.
type keyRow struct {
	Action, Keys, Does string
	Symbols            []string
}

// keyRows are the keys of the page from the table of all views.
func keyRows() (all []keyRow) {
	for _, r := range keys.In(keys.Page) {
		k := keyRow{Action: string(r.Action), Keys: strings.Join(r.Keys, " "), Does: r.Does}
		for _, key := range r.Keys {
			k.Symbols = append(k.Symbols, keys.Symbol(key))
		}
		all = append(all, k)
	}
	return all
}
