package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/report"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/probe"
)

// unseen is what no request can find out.
const unseen = "barb: not seen from outside: constant-time comparison, where secrets are kept, whether the work " +
	"behind a 2xx is safe (docs/probe.md)"

// effectLimit is how long a command or a URL may take to count.
const effectLimit = 10 * time.Second

func runProbe(ctx context.Context, sh *shell.Shell, o *probeOptions) error {
	ctx, stop := sh.Interruptible(ctx)
	defer stop()
	p, err := o.plan(ctx, sh)
	if err != nil {
		return err
	}
	if o.dryRun {
		return listChecks(sh, p)
	}
	if err := o.agrees(sh, p); err != nil {
		return err
	}
	if p.History, err = sh.WriteHistory(ctx); err != nil {
		return err
	}
	needA1 := 0 // checks that were not made
	p.Tell = func(r probe.Result) {
		switch {
		case sh.JSON:
			sh.Breaks(sh.Emit(schema.NewProbeCheck(&r)))
		case r.NeedsA1():
			needA1++
		case p.Runs(r.Check) || r.Outcome != probe.Skip:
			sh.Stdout.Check(&r)
		}
	}
	began := sh.Now()
	results, err := p.Run(ctx)
	isCut := ctx.Err() != nil
	if err != nil && !isCut {
		return fail.Local("%w", err)
	}
	grade, counts := probe.Grade(results), probe.Count(results)
	if sh.JSON {
		sh.Breaks(sh.Emit(schema.ProbeGrade{Grade: grade, Checks: counts}))
	} else {
		if needA1 > 0 {
			sh.Stdout.Line(ui.Count(needA1, "more check") + " not made: A1 must pass first")
		}
		sh.Stdout.Grade(grade, counts)
		sh.Say(unseen)
	}
	if err := o.publish(sh, results, grade, began, isCut); err != nil {
		return err
	}
	switch {
	case isCut:
		return fail.Silent(fail.ExitInterrupted)
	case !probe.Answered(results):
		return fail.Silent(fail.ExitNoAnswer)
	case !probe.AtLeast(grade, o.failUnder):
		return fail.Silent(fail.ExitFailed)
	}
	return nil
}

// announce says what a probe will send.
func announce(p *probe.Probe) string {
	n, most := 0, 1
	for _, c := range probe.Checks() {
		if !p.Runs(c) && c.ID != "A1" || c.Skips(p) != "" {
			continue
		}
		sends, atOnce := c.Requests(p)
		n, most = n+sends, max(most, atOnce)
	}
	return fmt.Sprintf("sends at most %d requests, at most %d at a time", n, most)
}

// agrees says what is going to be sent, and asks before a public address is probed.
func (o *probeOptions) agrees(sh *shell.Shell, p *probe.Probe) error {
	says := announce(p) + ", to " + flags.WithoutUser(o.url)
	if !p.Public || o.yes {
		sh.Say("barb: %s", says)
		return nil
	}
	if !sh.InTerminal || !sh.ErrTerminal {
		return fail.Usage("%s is a public address; barb probe %s", flags.WithoutUser(o.url),
			announce(p)).Hint("--yes probes it")
	}
	sh.Note("barb: %s, which is a public address", says)
	sh.Stderr.Printf("probe it? [y/N] ")
	answer, err := infile.Answer(sh.In)
	if err == nil && answer != "y" && answer != "yes" {
		return fail.Usage("nothing was sent")
	}
	return err
}

// listChecks prints what --dry-run asks for.
func listChecks(sh *shell.Shell, p *probe.Probe) error {
	var rows [][]string
	for _, c := range probe.Checks() {
		n, atOnce := c.Requests(p)
		why := c.Skips(p)
		if why == "" && !p.Runs(c) && c.ID != "A1" {
			why = "not chosen"
		}
		if why != "" {
			n = 0
		}
		if sh.JSON {
			if err := sh.Emit(schema.NewProbePlan(c, n, atOnce, why)); err != nil {
				return err
			}
			continue
		}
		rows = append(rows, []string{c.ID, string(c.Severity), strconv.Itoa(n), c.Name, why})
	}
	if !sh.JSON {
		sh.Stdout.Table([]string{"id", "severity", "requests", "check", "skipped because"}, rows)
		sh.Say("barb: a probe %s; nothing was sent", announce(p))
	}
	return nil
}

// publish writes the reports.
func (o *probeOptions) publish(sh *shell.Shell, results []probe.Result, grade string, began time.Time,
	isCut bool) error {
	words := map[probe.Outcome]report.Outcome{probe.Pass: report.Pass, probe.Warn: report.Pass, probe.Fail: report.Fail,
		probe.Skip: report.Skip, probe.Unknown: report.Error}
	r := &report.Report{Name: "barb probe", Began: began, Took: sh.Now().Sub(began), Interrupted: isCut,
		Badge: report.Badge{Label: "receiver", Message: grade, Color: report.Yellow}}
	switch {
	case probe.AtLeast(grade, "A"):
		r.Badge.Color = report.Green
	case !probe.AtLeast(grade, o.failUnder):
		r.Badge.Color = report.Red
	}
	for _, found := range results {
		c := report.Case{Name: found.ID + " " + found.Name, Class: "probe." + found.Group(), Outcome: words[found.Outcome],
			Detail: found.Detail, Properties: []report.Property{{Name: "severity", Value: string(found.Severity)}}}
		if found.Outcome == probe.Fail {
			c.Detail += "\n" + found.Fix
		}
		if found.Exchange > 0 {
			c.Properties = append(c.Properties, report.Property{Name: "exchange",
				Value: strconv.FormatInt(found.Exchange, 10)})
		}
		r.Cases = append(r.Cases, c)
	}
	return o.Publish(r, sh.Getenv, sh.Err)
}

// effect returns what counts effects, nil without a flag for it.
func (o *probeOptions) effect(sh *shell.Shell) (func(context.Context) (int64, error), error) {
	switch {
	case o.effectURL != "":
		target, err := flags.Target(o.effectURL)
		if err != nil {
			return nil, fail.Usage("--effect %q: %w", flags.WithoutUser(o.effectURL), err).Hint("--effect :3000/handled")
		}
		return func(ctx context.Context) (int64, error) {
			text, err := fetch(ctx, target)
			return count("--effect "+flags.WithoutUser(o.effectURL), text, err)
		}, nil
	case o.effectCmd != "":
		return func(ctx context.Context) (int64, error) {
			text, err := output(ctx, sh, o.effectCmd)
			return count("--effect-cmd", text, err)
		}, nil
	}
	return nil, nil
}

func count(flag string, text []byte, err error) (int64, error) {
	if err != nil {
		return 0, fmt.Errorf("%s: %w", flag, err)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %.40q is not one whole number", flag, text)
	}
	return n, nil
}

// fetch returns the first bytes of what a URL answers.
func fetch(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, effectLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, 1<<10))
}

// output runs a command line in the user's shell and returns its stdout. Its stderr is shown.
func output(ctx context.Context, sh *shell.Shell, line string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", line)
	if runtime.GOOS == "windows" {
		cmd = exec.CommandContext(ctx, "cmd", "/c", line)
	}
	var out strings.Builder
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = sh.Inherited(), sh.Dir, &out, sh.Err
	cmd.WaitDelay = time.Second // a server that was started in the background may hold its stdout
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	return []byte(out.String()), err
}

// restarter returns what restarts the receiver, nil without --restart.
func (o *probeOptions) restarter(sh *shell.Shell) func(context.Context) error {
	if o.restart == "" {
		return nil
	}
	return func(ctx context.Context) error {
		if _, err := output(ctx, sh, o.restart); err != nil {
			return fmt.Errorf("--restart: %w", err)
		}
		return nil
	}
}
