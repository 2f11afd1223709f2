package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// ReplayWith returns the command that replays a webhook with the parts that the history does not store.
func ReplayWith(which string, missing []string) string {
	var given strings.Builder
	for _, name := range missing {
		kind, what, _ := strings.Cut(name, " ")
		switch {
		case kind == "header":
			given.WriteString(" -H '" + what + ": …'")
		case kind == "query":
			given.WriteString(" --to 'http://localhost:3000?" + what + "=…'")
		case kind == "body" && strings.HasPrefix(what, "/"):
			given.WriteString(" --set " + strings.ReplaceAll(what[1:], "/", ".") + "=…")
		}
	}
	return "barb replay " + which + Clip(given.String(), 300)
}

// ReplayWithSecret returns the command that replays a webhook which contains the secret itself.
func ReplayWithSecret(id int64) string { return fmt.Sprintf("barb replay %d --secret env:NAME", id) }

// replayOfMasked returns the command that replays a webhook which is not stored whole; "" when it is. What the secret
// puts back is not asked for.
func replayOfMasked(x *record.Exchange) string {
	var missing []string
	for _, m := range x.Masks {
		if m.Proof == "" && !slices.Contains(missing, m.Name) {
			missing = append(missing, m.Name)
		}
	}
	switch {
	case len(x.Masks) == 0:
		return ""
	case len(missing) == 0:
		return ReplayWithSecret(x.ID)
	}
	return ReplayWith(strconv.FormatInt(x.ID, 10), missing)
}
