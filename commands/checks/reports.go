package checks

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/barbhq/barb/commands/expect"
	"github.com/barbhq/barb/commands/report"
	"github.com/barbhq/barb/commands/ui"
)

// casesOf returns the expectations of a result as the cases of a report.
func casesOf(class string, result *expect.Result) (cases []report.Case) {
	for _, c := range result.Cases {
		one := report.Case{Name: c.Expectation.Text, Class: class, Outcome: report.Pass}
		if len(c.Webhooks) > 0 {
			one.Properties = []report.Property{{Name: "webhooks", Value: listOf(c.Webhooks)}}
		}
		if c.State != expect.Met {
			one.Outcome = report.Fail
			lines := []string{fmt.Sprintf("%s: %s", c.State, c.Said())}
			for _, m := range c.Near {
				lines = append(lines, "nearest: webhook "+m.String())
			}
			one.Detail = strings.Join(lines, "\n")
		}
		cases = append(cases, one)
	}
	return cases
}

// faultCase is a case that fails when any webhook is among all.
func faultCase(class, name string, all []expect.Came, hint string) report.Case {
	c := report.Case{Name: name, Class: class, Outcome: report.Pass}
	if len(all) == 0 {
		return c
	}
	c.Outcome = report.Fail
	lines := []string{ui.Count(len(all), "webhook") + ": " + all[0].String()}
	for _, one := range all[1:] {
		lines = append(lines, one.String())
	}
	if hint != "" {
		lines = append(lines, hint)
	}
	c.Detail = strings.Join(lines, "\n")
	return c
}

func listOf(all []expect.Came) string {
	texts := make([]string, len(all))
	for i, c := range all {
		texts[i] = strconv.FormatInt(c.ID, 10)
	}
	return strings.Join(texts, " ")
}

// cases returns what a run has checked: the command, the expectations, and that nothing else and no bad signature came.
func (r *runner) cases(result *expect.Result, code int) []report.Case {
	const class = "barb run"
	command := report.Case{Name: "the command: " + strings.Join(r.args, " "), Class: class, Outcome: report.Pass}
	if code != 0 {
		command.Outcome, command.Detail = report.Fail, fmt.Sprintf("exit code %d", code)
	}
	cases := append([]report.Case{command}, casesOf(class, result)...)
	if len(result.Cases) > 0 && !r.allowUnexpected {
		cases = append(cases, faultCase(class, "nothing unexpected", result.Unexpected, ""))
	}
	explain := ""
	if len(result.Bad) > 0 {
		explain = fmt.Sprintf("barb verify %d --explain says why", result.Bad[0].ID)
	}
	return append(cases, faultCase(class, "no bad signature", result.Bad, explain))
}

// caseOf is an asserted webhook as a case of a report.
func caseOf(w expect.Webhook, failures []expect.Failure) report.Case {
	name := strings.TrimSpace(fmt.Sprintf("%d %s", w.Exchange.ID, w.Exchange.Event()))
	c := report.Case{Name: name, Class: "barb assert", Outcome: report.Pass}
	var lines []string
	for _, f := range failures {
		lines = append(lines, f.That.Text+": "+join(f.Why))
	}
	if len(lines) > 0 {
		c.Outcome, c.Detail = report.Fail, strings.Join(lines, "\n")
	}
	return c
}
