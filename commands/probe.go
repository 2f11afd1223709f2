package commands

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/complete"
	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/deliver/probe"
	"github.com/barbhq/barb/deliver/provider"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

type probeOptions struct {
	flags.Signing
	flags.Headers
	flags.Client
	flags.Reports
	url, data, event, contentType string
	dataGiven                     bool
	only, skip                    []string
	failUnder                     string
	tolerance                     *time.Duration
	timeout                       time.Duration
	effectURL, effectCmd, restart string
	framework                     string
	dryRun, load, yes             bool
}

func newProbe(sh *shell.Shell) *cobra.Command {
	var o probeOptions
	cmd := &cobra.Command{
		Use:  "probe URL",
		Args: args(1, 1, "one URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.url, o.dataGiven = args[0], cmd.Flags().Changed("data")
			warnOfName(sh, o.data)
			return runProbe(cmd.Context(), sh, &o)
		},
	}
	o.Signing.AddFlags(cmd, "sign with this `scheme` (barb schemes lists them)", sh.SchemeNames)
	o.Headers.AddFlags(cmd)
	o.Client.AddFlags(cmd)
	f := cmd.Flags()
	f.VarP(&flags.Once{Text: &o.data}, "data", "d", "the `payload` of a valid webhook: text, @FILE or @- for stdin "+
		"(default: a sample event of the scheme)")
	flags.Complete(cmd, "data", complete.Payloads)
	f.Var(flags.EventType(&o.event), "event", "the event `type`; without -d, a sample event to send: stripe:invoice.paid "+
		"(barb events)")
	flags.Complete(cmd, "event", func(prefix string) []string { return sh.Samples().Complete(prefix) })
	f.StringVar(&o.contentType, "content-type", "", "the Content-Type, a `type` (default: guessed from the payload)")
	f.StringSliceVar(&o.only, "only", nil, "run only these `checks`: ids and letters of groups, B,C1 (A1 always runs)")
	f.StringSliceVar(&o.skip, "skip", nil, "leave these `checks` out: ids and letters of groups, G3,H")
	flags.Complete(cmd, "only", completeChecks)
	flags.Complete(cmd, "skip", completeChecks)
	f.StringVar(&o.failUnder, "fail-under", "B", "exit with code 1 below this `grade`: F, C, B, A or A*")
	flags.Complete(cmd, "fail-under", func(string) []string { return probe.Grades })
	f.Var(flags.OptionalDuration(&o.tolerance), "tolerance",
		"the largest difference between the timestamp and now that the receiver accepts (default: that of the scheme)")
	f.Var(flags.Duration(&o.timeout), "timeout", "the `time` within which the receiver must answer (default: how long "+
		"the provider waits)")
	f.StringVar(&o.effectURL, "effect", "", "a `URL` that answers with the number of webhooks that were handled")
	f.StringVar(&o.effectCmd, "effect-cmd", "", "a `command` that prints the number of webhooks that were handled")
	f.StringVar(&o.restart, "restart", "", "a `command` that restarts the receiver, for check F3")
	f.StringVar(&o.framework, "framework", "", "say what to change in the words of this `framework`: "+
		strings.Join(probe.Frameworks(), ", ")+" (default: the one that the answers name)")
	flags.Complete(cmd, "framework", func(string) []string { return probe.Frameworks() })
	f.BoolVar(&o.load, "load", false, "run the load check (G3, 500 requests) against a public address, too")
	f.BoolVar(&o.dryRun, "dry-run", false, "list the checks and their requests and send nothing")
	f.BoolVarP(&o.yes, "yes", "y", false, "probe a public address without asking")
	o.Reports.AddFlags(cmd)
	cmd.MarkFlagsMutuallyExclusive("effect", "effect-cmd")
	cmd.MarkFlagsMutuallyExclusive("dry-run", "yes")
	config.Mark(f, "", "scheme")
	return cmd
}

// completeChecks offers the ids of the checks with their names.
func completeChecks(prefix string) (names []string) {
	before := prefix[:strings.LastIndexByte(prefix, ',')+1]
	for _, c := range probe.Checks() {
		names = append(names, before+c.ID+"\t"+c.Name)
	}
	return names
}

// chosen returns which checks --only and --skip choose.
func (o *probeOptions) chosen() (func(c *probe.Check) bool, error) {
	ids, groups := probe.IDs()
	known := slices.Concat(ids, groups)
	for flag, names := range map[string][]string{"--only": o.only, "--skip": o.skip} {
		for i, name := range names {
			names[i] = strings.ToUpper(strings.TrimSpace(name))
			if !slices.Contains(known, names[i]) {
				return nil, fail.Usage("%s: there is no check %q", flag, name).Hint(
					fail.DidYouMean(flag+" ", fail.Nearest(names[i], known), flag+" "+strings.Join(known, ",")))
			}
		}
	}
	names := func(list []string, c *probe.Check) bool {
		return slices.Contains(list, c.ID) || slices.Contains(list, c.Group())
	}
	return func(c *probe.Check) bool {
		return (len(o.only) == 0 || names(o.only, c)) && !names(o.skip, c)
	}, nil
}

// plan returns the probe of the flags. Everything wrong with them ends here.
func (o *probeOptions) plan(ctx context.Context, sh *shell.Shell) (*probe.Probe, error) {
	if o.failUnder = strings.ToUpper(o.failUnder); !slices.Contains(probe.Grades, o.failUnder) {
		return nil, fail.Usage("--fail-under %q is no grade", o.failUnder).Hint("--fail-under F, C, B, A or 'A*'")
	}
	if known := probe.Frameworks(); o.framework != "" && !slices.Contains(known, o.framework) {
		return nil, fail.Usage("unknown --framework %q", o.framework).Hint(fail.DidYouMean("--framework ",
			fail.Nearest(o.framework, known), "--framework "+strings.Join(known, ", ")))
	}
	if err := o.Check(); err != nil {
		return nil, err
	}
	p := &probe.Probe{Load: o.load, Framework: o.framework}
	var err error
	if p.Runs, err = o.chosen(); err != nil {
		return nil, err
	}
	if err := o.content(ctx, sh, p); err != nil {
		return nil, err
	}
	if p.Effect, err = o.effect(sh); err != nil {
		return nil, err
	}
	if p.Options, err = o.Options(sh.Version, sh.Getenv, 0); err != nil {
		return nil, err
	}
	client, err := deliver.NewClient(p.Options)
	if err != nil {
		return nil, fail.Usage("%w", err)
	}
	defer client.Close()
	x, err := p.Fresh(1)
	if err != nil {
		return nil, err
	}
	if err := p.Signer.Try(&x, sh.Now()); err != nil {
		return nil, err
	}
	if err := sendable(client, x.Request); err != nil {
		return nil, err
	}
	host, err := client.Public(ctx, x.Request.URL)
	p.Public = host != ""
	o.limits(p)
	p.Restart = o.restarter(sh)
	return p, err
}

// limits sets how long the provider waits, and how old its webhooks may be.
func (o *probeOptions) limits(p *probe.Probe) {
	scheme := p.Signer.Scheme
	p.Tolerance, p.Deadline, p.Waits = scheme.Tolerance, 15*time.Second, "Standard Webhooks"
	if o.tolerance != nil {
		p.Tolerance.Past = *o.tolerance
		if p.Tolerance.Future != sign.NoLimit {
			p.Tolerance.Future = *o.tolerance
		}
	}
	for _, row := range provider.All() {
		if row.Scheme == scheme.Name && row.Timeout > 0 {
			p.Deadline, p.Waits = row.Timeout, row.Title
		}
	}
	if o.timeout > 0 {
		p.Deadline, p.Waits = o.timeout, "--timeout"
	}
}

// content sets what is sent and how it is signed.
func (o *probeOptions) content(ctx context.Context, sh *shell.Shell, p *probe.Probe) error {
	target, err := flags.EndpointURL(o.url)
	if err != nil {
		return err
	}
	send := &sendOptions{Signing: o.Signing, Headers: o.Headers, data: o.data, event: o.event, contentType: o.contentType}
	send.dataGiven = o.dataGiven
	if !o.dataGiven {
		o.defaultContent(sh, send)
	}
	c, err := content(ctx, sh, send)
	if err != nil {
		return err
	}
	defaultScheme(sh, c, &send.Signing, target)
	base := record.Request{Method: "POST", URL: target, Proto: "HTTP/1.1", Header: c.Given}
	if c.Type != "" && !base.Header.Has("Content-Type") {
		base.Header = base.Header.Set("Content-Type", c.Type)
	}
	s, err := sh.Signer(ctx, &send.Signing, &base)
	if err != nil {
		return err
	}
	if !s.Signs() {
		return fail.Usage("probe needs a scheme and its secret").Hint("barb probe URL -s stripe --secret env:WHSEC")
	}
	p.Signer = &s.Signer
	p.Fresh = func(n int) (record.Exchange, error) { return fresh(c, p, base, send.event, n) }
	return nil
}

// fresh returns event n.
func fresh(c *payload.Content, p *probe.Probe, base record.Request, event string, n int) (record.Exchange, error) {
	x := record.Exchange{Kind: record.Sent, Request: base, EventType: event}
	x.Request.Header = slices.Clone(base.Header)
	return x, c.Fill(&x, p.Signer, n)
}

// defaultContent takes a sample event of the scheme where there is one, else an event that suits no provider.
func (o *probeOptions) defaultContent(sh *shell.Shell, send *sendOptions) {
	scheme := sh.File.Catalog().Name(o.Scheme)
	name := sh.Samples().Provider(scheme)
	isSample := strings.Contains(o.event, ":") || slices.Contains(fixture.Providers(), sh.Samples().Provider(o.event))
	switch row, ok := fixture.Lookup(name); {
	case isSample:
	case ok && o.event == "":
		types := slices.DeleteFunc(row.Types(), func(t string) bool { return t == "ping" })
		send.event = name + ":" + types[0]
	default:
		if send.event == "" {
			send.event = "barb.probe"
		}
		send.data, send.dataGiven = `{"type":"`+send.event+`","data":{"amount":1200}}`, true
	}
}
