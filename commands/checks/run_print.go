package checks

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/barbhq/barb/commands/expect"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/files"
	"github.com/barbhq/barb/commands/report"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
)

// maxNamed is how many webhooks a report names one by one.
const maxNamed = 10

// print prints the sum of a run, and says what is missing and what came that should not have.
func (r *runner) print(result *expect.Result, code int) error {
	if r.sh.JSON {
		line := schema.NewChecked("run", result.String())
		line.Exit, line.CommandExit = code, &code
		if code == 0 {
			line.Exit = result.Code()
		}
		fill(&line, result)
		return r.sh.Emit(line)
	}
	if code != 0 && code != fail.ExitInterrupted {
		r.sh.Note("the command ended with exit code %d", code)
	}
	for _, c := range result.Cases {
		if c.State != expect.Met {
			r.sh.Note("%s: %s: %s", c.State, c.Expectation.Text, c.Said())
			sayNear(r.sh, c.Near)
		}
	}
	if !r.allowUnexpected {
		r.name("unexpected: webhook %s", result.Unexpected)
	}
	r.name("bad signature: webhook %s", result.Bad)
	if len(result.Bad) > 0 {
		r.sh.Note("barb verify %d --explain says why", result.Bad[0].ID)
	}
	r.sh.Stdout.Line(result.String())
	return nil
}

// report prints the result, writes the reports and returns the error that barb run ends with, nil for success.
func (r *runner) report(ctx context.Context, code int) error {
	result := r.board.Result()
	if err := r.print(result, code); err != nil {
		return err
	}
	isCut, child := code == fail.ExitInterrupted, code
	if isCut {
		child = 0
	}
	if code == 0 {
		code = result.Code()
	}
	written := r.Publish(&report.Report{Name: "barb run", Began: r.began, Took: r.sh.Now().Sub(r.began),
		Cases: r.cases(result, child), Interrupted: isCut}, r.sh.Getenv, r.sh.Err)
	if r.keep != "" && code != 0 {
		written = errors.Join(written, files.Keep(ctx, r.sh, r.keep, slices.Sorted(maps.Keys(r.ids))))
	}
	switch {
	case written != nil:
		return written
	case isCut:
		return &fail.Error{Code: code, Err: errors.New("interrupted")}
	}
	return fail.Silent(code)
}

// name says of webhooks what they are.
func (r *runner) name(format string, all []expect.Came) {
	for i, c := range all {
		if i == maxNamed {
			r.sh.Note("… and %s more", ui.Count(len(all)-maxNamed, "webhook"))
			return
		}
		r.sh.Note(format, c)
	}
}

// fill fills a line of JSON with the cases of a result.
func fill(line *schema.Checked, result *expect.Result) {
	line.Webhooks = result.Came
	line.Unexpected, line.BadSignatures = ids(result.Unexpected), ids(result.Bad)
	for _, c := range result.Cases {
		one := schema.CheckedCase{Expect: c.Expectation.Text, OK: c.State == expect.Met, State: string(c.State),
			Count: c.Count, Want: c.Expectation.Count.String(), Webhooks: ids(c.Webhooks)}
		for _, m := range c.Near {
			one.Near = append(one.Near, schema.CheckedNear{ID: m.ID, EventType: m.Event, Why: m.Why})
		}
		line.Cases = append(line.Cases, one)
	}
}

func ids(all []expect.Came) []int64 {
	out := make([]int64, 0, len(all))
	for _, c := range all {
		out = append(out, c.ID)
	}
	return out
}
