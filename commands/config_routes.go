package commands

import (
	"fmt"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/ui"
)

// routeRows returns the routes of barb.toml for --json.
func routeRows(file *config.File) (rows []configRow) {
	for i := range file.Routes {
		r := &file.Routes[i]
		rows = append(rows, configRow{Key: fmt.Sprintf("route.%d", i+1), Value: config.RouteText(r),
			Source: source(fmt.Sprintf("%s:%d", file.Path, r.Line)), Route: config.ShownRoute(r)})
	}
	return rows
}

// printRoutes prints the routes of barb.toml as a table of their own.
func (sh *shell) printRoutes(file *config.File) {
	head, rows := file.RouteTable()
	if len(rows) == 0 {
		return
	}
	for _, row := range rows {
		for col := range row {
			row[col] = ui.EscapeLine(row[col])
		}
	}
	sh.out.Line("")
	sh.out.Records(head, rows)
}
