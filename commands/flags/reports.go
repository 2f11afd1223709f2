package flags

import (
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/report"
)

// Reports are the files that a check is reported in.
type Reports struct{ report.Files }

// AddFlags adds the flags to a command.
func (f *Reports) AddFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.JUnit, "junit", "", "write a JUnit XML report to this `file`")
	set.StringVar(&f.TAP, "tap", "", "write a TAP 14 report to this `file`")
	set.StringVar(&f.HTML, "html", "", "write a report as one HTML page to this `file`")
	set.StringVar(&f.Badge, "badge", "", "write a badge (SVG) to this `file`")
}
