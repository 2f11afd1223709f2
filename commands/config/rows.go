package config

import (
	"fmt"
	"strings"

	"github.com/barbhq/barb/commands/schema"
)

// Row is one line of barb config.
type Row struct {
	Key      string `json:"key"`
	Value    string `json:"value"`
	Source   string `json:"source"`
	Variable string `json:"variable,omitempty"`

	Route *schema.Route `json:"route,omitempty"`
}

// ByDefault reports whether nobody has said anything of the setting.
func (r Row) ByDefault() bool { return r.Source == "default" }

// RetentionRows returns the limits of the history.
func (c *File) RetentionRows() []Row {
	rows := []Row{{Key: "history.max_size", Source: "default"}, {Key: "history.max_age", Source: "default"}}
	for i, given := range []any{c.History.MaxSize, c.History.MaxAge} {
		if given != nil {
			rows[i].Value, rows[i].Source = fmt.Sprint(given), c.Path
		}
	}
	return rows
}

// TableRows returns what the tables of barb.toml say that hold no settings. Routes are among them for JSON only: for a
// person they are a table of their own.
func (c *File) TableRows(withRoutes bool) (rows []Row) {
	add := func(key, value, from string) { rows = append(rows, Row{Key: key, Value: value, Source: from}) }
	if len(c.Redact) > 0 {
		add("history.redact", strings.Join(c.RedactTexts, ", "), c.Path)
	}
	for _, s := range c.Schemes.Own {
		add("scheme."+s.Name, s.Formula(), c.SourceOf(s.Name))
	}
	if len(c.Allowed) > 0 {
		add("deliver.allow", strings.Join(c.Allowed, ", "), c.Path)
	}
	for i := range c.Routes {
		if r := &c.Routes[i]; withRoutes {
			rows = append(rows, Row{Key: fmt.Sprintf("route.%d", i+1), Value: RouteText(r),
				Source: fmt.Sprintf("%s:%d", c.Path, r.Line), Route: ShownRoute(r)})
		}
	}
	for i, t := range c.Tables {
		add(fmt.Sprintf("respond.%d", i+1), t.String(), fmt.Sprintf("%s:%d", c.Path, t.LineOf("")))
	}
	return rows
}
