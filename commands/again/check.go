package again

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/diff"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/commands/report"
	"github.com/barbhq/barb/commands/retest"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver/compare"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/store/record"
)

// checks are the flags by which a replay is a test.
type checks struct {
	flags.Reports
	asserts, ignores []string
	compares         bool
	failFast         bool
	allowEmpty       bool
	asked            retest.Checks // of the flags
	snapshot         string        // a file
	updateSnapshot   bool
	answers          *answers // of the file; nil: none is asked for
}

func (o *checks) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.asserts, "assert", nil, "fail unless this jq `expression` holds of each answer, such as "+
		"'.answer.status == .recorded.status' (repeatable)")
	f.BoolVar(&o.compares, "compare-recorded", false, "compare each answer with the recorded one, and fail when it got "+
		"worse or changed")
	f.StringArrayVar(&o.ignores, "ignore", nil, "do not compare this `path`, such as .meta.request_id, or header:NAME "+
		"(repeatable)")
	f.StringVar(&o.snapshot, "snapshot", "", "compare each answer with that in this `file`, which the first run writes")
	f.BoolVar(&o.updateSnapshot, "update-snapshot", false, "write the answers of this run to the file of --snapshot")
	f.BoolVar(&o.failFast, "fail-fast", false, "send nothing more after the first failure")
	f.BoolVar(&o.allowEmpty, "allow-empty", false, "succeed when nothing is selected")
	o.AddFlags(cmd)
}

// read compiles the expressions and paths, and looks at the files of the reports.
func (o *checks) read() (err error) {
	o.asked.Compare = o.compares || o.snapshot != ""
	for _, text := range o.asserts {
		expr, err := jq.Compile(text)
		if err != nil {
			return fail.Usage("--assert: %v", err).Hint(jq.Hint(err, "barb replay @ --assert '.answer.status == 202'"))
		}
		o.asked.Assert = append(o.asked.Assert, expr)
	}
	if len(o.ignores) > 0 && !o.asked.Compare {
		return fail.Usage("--ignore is for --compare-recorded and --snapshot").
			Hint("barb replay @ --compare-recorded --ignore " + o.ignores[0])
	}
	if o.asked.Ignore, err = diff.Ignored(o.ignores); err != nil {
		return err
	}
	return o.Check()
}

// wanted reports whether anything of a replay is judged beyond its exit code.
func (o *checks) wanted() bool { return o.asked.Any() || o.Given() || o.failFast }

// judge judges the replays of a run, prints what it finds and keeps it for the reports.
type judge struct {
	sh       *shell.Shell
	options  *checks
	whole    func(ctx context.Context, id int64) (*record.Exchange, error)
	begun    func(*replay.Replay) // says which webhook it is about; nil where that was said
	stop     func()               // sends nothing more
	mu       sync.Mutex           // held for what follows
	report   report.Report
	words    map[retest.Word]int
	err      error // the first of reading the history or printing
	unsent   int   // replays that had no answer
	failures int
}

// end judges a replay whose last attempt has ended.
func (j *judge) end(ctx context.Context, r *replay.Replay, o *journal.Outcome) {
	if o.Interrupted || o.Last == nil {
		return
	}
	attempt := j.sh.History.Redacted(o.Last.Exchange)
	v, err := j.verdict(ctx, r, attempt)
	j.mu.Lock()
	defer j.mu.Unlock()
	if err == nil {
		err = j.tell(r, attempt, &v)
	}
	if err != nil && j.err == nil {
		j.err = err
	}
	j.report.Cases = append(j.report.Cases, v.Case(r.Exchange, attempt, o.Attempts))
	j.words[v.Word]++
	switch v.Outcome {
	case report.Error:
		j.unsent++
	case report.Fail:
		j.failures++
	}
	if v.Outcome != report.Pass && j.options.failFast || err != nil {
		j.stop()
	}
}

// verdict judges an answer. It reads the recorded one where it is asked for.
func (j *judge) verdict(ctx context.Context, r *replay.Replay, attempt *record.Exchange) (v retest.Verdict, err error) {
	if a := j.options.answers; a != nil {
		return a.verdict(ctx, j, r, attempt)
	}
	var then *record.Exchange
	if r.Then != nil && j.options.asked.Any() {
		if then, err = j.whole(context.WithoutCancel(ctx), r.Then.ID); err != nil {
			return v, err
		}
	}
	return j.options.asked.Judge(attempt, then), nil
}

// tell prints a verdict.
func (j *judge) tell(r *replay.Replay, attempt *record.Exchange, v *retest.Verdict) error {
	sh := j.sh
	sh.Printing.Lock()
	defer sh.Printing.Unlock()
	if sh.JSON {
		return sh.Emit(schema.NewRetested(r.Exchange, attempt, v))
	}
	if j.begun != nil {
		j.begun(r)
	}
	word, good := string(v.Word), v.Outcome == report.Pass
	if word == "" {
		word = map[bool]string{true: "passed", false: "failed"}[good]
	}
	facts := v.Facts()
	if v.Note != "" {
		facts += "  " + v.Note
	}
	sh.Stdout.Compared(word, good, facts)
	for _, expr := range v.Failed {
		sh.Stdout.NotTrue(expr)
	}
	var differences []compare.Difference
	for _, d := range v.Differences {
		if d.Part != compare.Status { // in the line above
			differences = append(differences, d)
		}
	}
	sh.Stdout.Differences(diff.WithoutCredentials(differences), "", "")
	return nil
}

// skip notes a webhook without an answer to compare with.
func (j *judge) skip(item replay.Item) error {
	const why = "no recorded answer to compare with"
	j.report.Cases = append(j.report.Cases, report.Case{Name: strings.TrimSpace(fmt.Sprintf("%d %s", item.First(),
		item.Event())), Class: item.Scheme, Outcome: report.Skip, Detail: why})
	if j.sh.JSON {
		return j.sh.Emit(schema.Retested{Schema: 1, Event: "checked", ID: item.First(), WebhookID: item.WebhookID,
			EventType: item.Event(), Outcome: string(report.Skip), Differences: schema.NewDifferences(nil), Note: why})
	}
	j.sh.Say("barb: skipped webhook %d: %s", item.First(), why)
	return nil
}

// finish writes the reports, says the counts and returns the exit code as an error.
func (j *judge) finish(interrupted bool, begun time.Time) error {
	sh, r := j.sh, &j.report
	r.Name, r.Interrupted, r.Began, r.Took = "barb replay", interrupted, sh.Now(), time.Since(begun)
	if !sh.JSON {
		sh.Stdout.Line(j.counts())
	}
	if a := j.options.answers; a != nil && !interrupted && j.err == nil {
		complete := j.unsent == 0 && (!j.options.failFast || j.failures == 0)
		if err := a.save(sh, complete); err != nil {
			return err
		}
	}
	getenv := sh.Getenv
	if !j.options.asked.Any() && !j.options.Given() {
		getenv = func(string) string { return "" } // nothing was asked of the answers
	}
	if err := j.options.Publish(r, getenv, sh.Err); err != nil {
		return err
	}
	if j.err != nil {
		return j.err
	}
	switch {
	case interrupted:
		return fail.Silent(fail.ExitInterrupted)
	case j.unsent > 0:
		return fail.Silent(fail.ExitNoAnswer)
	case j.failures > 0:
		return fail.Silent(fail.ExitFailed)
	}
	return nil
}

// counts says how many webhooks fared how.
func (j *judge) counts() string {
	if !j.options.asked.Compare {
		return j.report.Count().String()
	}
	var parts []string
	for _, w := range []retest.Word{retest.Regressed, retest.StillFailing, retest.Fixed, retest.StillPassing} {
		if n := j.words[w]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, w))
		}
	}
	if n := j.report.Count().Skipped; n > 0 {
		parts = append(parts, fmt.Sprintf("%d skipped", n))
	}
	if len(parts) == 0 {
		return j.report.Count().String()
	}
	return strings.Join(parts, ", ") + " — " + j.report.Count().String()
}
