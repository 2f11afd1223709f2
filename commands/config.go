package commands

import (
	"cmp"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
)

func newConfig(sh *shell.Shell) *cobra.Command {
	all := false
	cmd := &cobra.Command{
		Use:  "config [trust]",
		Args: args(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return runConfig(sh, cmd.Root(), all) },
	}
	cmd.Flags().BoolVarP(&all, "all", "a", false, "also list the settings that have their default")
	cmd.AddCommand(newConfigTrust(sh))
	return cmd
}

func runConfig(sh *shell.Shell, root *cobra.Command, all bool) error {
	file := sh.File
	rows := []config.Row{{Key: "config", Value: file.Path, Source: configSource(sh), Variable: "BARB_CONFIG"}}
	rows = append(rows, trustRow(sh, file)...)
	for _, s := range sh.SettingsOf(func(string) bool { return true }) {
		row, err := configValue(sh, root, s)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	rows = append(rows, file.RetentionRows()...)
	if sh.Getenv("BARB_SECRET") != "" {
		rows = append(rows, config.Row{Key: "secret", Value: "env:BARB_SECRET", Source: "BARB_SECRET",
			Variable: "BARB_SECRET"})
	}
	rows = append(rows, file.TableRows(sh.JSON)...)
	if !sh.JSON {
		printConfig(sh, rows, all)
		return nil
	}
	for _, row := range rows {
		if err := sh.Emit(row); err != nil {
			return err
		}
	}
	return nil
}

// printConfig prints what somebody has set, the routes, and with all the settings that have their defaults.
func printConfig(sh *shell.Shell, rows []config.Row, all bool) {
	var set, defaults [][]string
	for _, row := range rows {
		cells := []string{ui.EscapeLine(row.Key), ui.EscapeLine(row.Value), ui.EscapeLine(row.Source), row.Variable}
		if row.ByDefault() && row.Key != "config" && row.Key != "db" && row.Key != "trusted" {
			defaults = append(defaults, cells)
		} else {
			set = append(set, cells)
		}
	}
	heads := []string{"KEY", "VALUE", "SOURCE", "VARIABLE"}
	sh.Stdout.Table(heads, set)
	if head, routes := sh.File.RouteTable(); len(routes) > 0 {
		for _, row := range routes {
			for col := range row {
				row[col] = ui.EscapeLine(row[col])
			}
		}
		sh.Stdout.Line("")
		sh.Stdout.Records(head, routes)
	}
	if !all {
		sh.Say("barb: %d settings have their default; barb config --all lists them", len(defaults))
		return
	}
	sh.Stdout.Line("")
	sh.Stdout.Table(heads, defaults)
}

func configSource(sh *shell.Shell) string {
	switch {
	case sh.Config != "":
		return "flag"
	case sh.Getenv("BARB_CONFIG") != "":
		return "BARB_CONFIG"
	}
	return "default"
}

func configValue(sh *shell.Shell, root *cobra.Command, s config.Setting) (row config.Row, err error) {
	cmd := root
	if s.Table != "" || s.Flag == "scheme" {
		if cmd, _, err = root.Find([]string{cmp.Or(s.Table, "send")}); err != nil {
			return row, err
		}
	}
	from, err := sh.Fill(s, cmd)
	if err != nil {
		return row, err
	}
	value := cmd.Flag(s.Flag).Value.String()
	if s.Flag == "db" && value == "" {
		value = sh.HistoryPath()
	}
	if s.Flag == "db" {
		value = store.NameOf(value)
	}
	return config.Row{Key: s.Key(), Value: flags.WithoutUser(value), Source: string(from), Variable: s.Variable()}, nil
}
