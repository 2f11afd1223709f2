package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/listen/route"
)

// ShownRoute returns a route as it may be shown.
func ShownRoute(r *route.Route) *schema.Route {
	shown := &schema.Route{Path: r.Path, Methods: r.Methods, Event: r.Event, Where: r.Where, Scheme: r.Scheme,
		Secrets:   r.Secrets,
		PublicURL: r.PublicURL, Insecure: r.Way.Insecure != nil && *r.Way.Insecure, CACert: r.Way.CACert, Cert: r.Way.Cert,
		Key:   r.Way.Key,
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

// RouteText returns the value of a route in one line.
func RouteText(r *route.Route) string {
	return strings.Join(slices.DeleteFunc([]string{r.Path, strings.Join(r.Methods, ","), r.Event, r.Where, r.Scheme,
		strings.Join(r.Secrets, ","), WrittenTargets(r.Targets), reachedBy(ShownRoute(r))},
		func(s string) bool { return s == "" }), "  ")
}

// RouteTable returns the routes as a table, without the columns that no route fills. Its cells are not escaped.
func (c *File) RouteTable() (head []string, rows [][]string) {
	head = []string{"ROUTE", "PATH", "METHOD", "EVENT", "WHERE", "SCHEME", "SECRET", "FORWARDS TO", "CONNECTION",
		"SOURCE"}
	for i := range c.Routes {
		r := &c.Routes[i]
		rows = append(rows, []string{fmt.Sprintf("route.%d", i+1), r.Path, strings.Join(r.Methods, ", "), r.Event, r.Where,
			r.Scheme,
			strings.Join(r.Secrets, ", "), WrittenTargets(r.Targets), reachedBy(ShownRoute(r)),
			fmt.Sprintf("%s:%d", filepath.Base(c.Path), r.Line)})
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
	return head, rows
}
