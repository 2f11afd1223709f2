package postgres

import (
	"strings"

	"github.com/barbhq/barb/store/engine"
)

// This file stands in for the reading half, and goes with it.

func (s *Engine) selected(f *engine.QueueFilter) (where string, args []any) {
	if len(f.IDs) > 0 {
		return "id BETWEEN $1 AND $2", []any{f.IDs[0].From, f.IDs[0].To}
	}
	return "true", nil
}

func likeOf(glob string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "*", "%").Replace(escape(glob))
}
