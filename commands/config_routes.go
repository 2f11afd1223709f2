package commands

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/listen/route"
)

// routeOf returns a route as it may be shown.
func routeOf(r *route.Route) *schema.Route {
	shown := &schema.Route{Path: r.Path, Methods: r.Methods, Event: r.Event, Where: r.Where, Scheme: r.Scheme,
		Secrets:   r.Secrets,
		PublicURL: r.PublicURL, Insecure: r.Way.Insecure, CACert: r.Way.CACert, Cert: r.Way.Cert, Key: r.Way.Key,
		Proxy: flags.WithoutUser(r.Way.Proxy), Line: r.Line}
	for _, t := range r.Targets {
		shown.Targets = append(shown.Targets, schema.RouteTarget{URL: flags.WithoutUser(t.URL), Mirror: t.Mirror})
	}
	for _, line := range r.Way.Headers {
		if field, err := flags.OwnHeader(line); err == nil { // it was checked when the file was read
			shown.Headers = append(shown.Headers, field.Name)
		}
	}
	return shown
}

// reachedBy describes how the apps of a route are reached, "" where nothing is said of it.
func reachedBy(r *schema.Route) string {
	var words []string
	if r.Insecure {
		words = append(words, "insecure")
	}
	for _, key := range [][2]string{{"cacert", r.CACert}, {"cert", r.Cert}, {"key", r.Key}, {"proxy", r.Proxy},
		{"headers", strings.Join(r.Headers, ", ")}} {
		if key[1] != "" {
			words = append(words, key[0]+" "+key[1])
		}
	}
	return strings.Join(words, ", ")
}

// routeRows returns the routes of barb.toml for --json.
func routeRows(file *config.File) (rows []configRow) {
	for i := range file.Routes {
		r := &file.Routes[i]
		shown := routeOf(r)
		value := strings.Join(slices.DeleteFunc([]string{r.Path, strings.Join(r.Methods, ","), r.Event, r.Where, r.Scheme,
			strings.Join(r.Secrets, ","), config.WrittenTargets(r.Targets), reachedBy(shown)},
			func(s string) bool { return s == "" }), "  ")
		rows = append(rows, configRow{Key: fmt.Sprintf("route.%d", i+1), Value: value,
			Source: source(fmt.Sprintf("%s:%d", file.Path, r.Line)), Route: shown})
	}
	return rows
}

// printRoutes prints the routes of barb.toml as a table of their own, without the columns that no route fills.
func (sh *shell) printRoutes(file *config.File) {
	head := []string{"ROUTE", "PATH", "METHOD", "EVENT", "WHERE", "SCHEME", "SECRET", "FORWARDS TO", "CONNECTION",
		"SOURCE"}
	var rows [][]string
	for i := range file.Routes {
		r := &file.Routes[i]
		rows = append(rows, []string{fmt.Sprintf("route.%d", i+1), r.Path, strings.Join(r.Methods, ", "), r.Event, r.Where,
			r.Scheme,
			strings.Join(r.Secrets, ", "), config.WrittenTargets(r.Targets), reachedBy(routeOf(r)),
			fmt.Sprintf("%s:%d", filepath.Base(file.Path), r.Line)})
	}
	for col := len(head) - 1; col >= 0; col-- {
		if slices.ContainsFunc(rows, func(row []string) bool { return row[col] != "" }) {
			continue
		}
		head = slices.Delete(head, col, col+1)
		for i := range rows {
			rows[i] = slices.Delete(rows[i], col, col+1)
		}
	}
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
