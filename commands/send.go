package commands

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/complete"
	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/tell"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

type sendOptions struct {
	flags.Signing
	flags.Headers
	user flags.Credentials
	flags.JSON
	flags.Retry
	flags.Client
	providerFlags
	sendQueueFlags
	contentFlags
	flags.Many
	kept                runPlan    // what a run remembers of the command line
	resumed             *store.Run // nil for a new run
	content             *payload.Content
	url                 string
	data                string
	method, id, event   string
	contentType, output string
	dryRun              bool
	policy              deliver.Policy
}

func newSend(sh *shell.Shell) *cobra.Command {
	var o sendOptions
	cmd := &cobra.Command{
		Use: "send URL",
		Args: func(cmd *cobra.Command, given []string) error {
			if cmd.Flag("resume").Changed {
				return args(0, 0, "no URL with --resume: the run knows it")(cmd, given)
			}
			return args(1, 1, "one URL")(cmd, given)
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err = o.given(cmd.Context(), sh, cmd, args); err != nil {
				return err
			}
			o.dataGiven = cmd.Flags().Changed("data")
			warnOfName(sh, o.data)
			if err = o.apply(sh, &o.Retry, o.url); err != nil {
				return err
			}
			if o.policy, err = o.Policy(sh.Weight); err != nil {
				return err
			}
			return runSend(cmd.Context(), sh, o)
		},
	}
	o.Signing.AddFlags(cmd, "sign with this `scheme` (barb schemes lists them)", sh.SchemeNames)
	o.Headers.AddFlags(cmd)
	f := cmd.Flags()
	f.VarP(&flags.Once{Text: &o.data}, "data", "d", "the `payload`: text, @FILE or @- for stdin; its bytes are "+
		"not changed")
	f.StringVarP(&o.method, "request", "X", "POST", "the request `method`")
	f.StringVar(&o.id, "id", "", "the webhook `id` (default: the one in the payload, or a new one)")
	f.Var(flags.EventType(&o.event), "event", "the event `type`; without -d, a sample event to send: stripe:invoice.paid "+
		"(barb events)")
	flags.Complete(cmd, "event", func(prefix string) []string { return sh.Samples().Complete(prefix) })
	flags.Complete(cmd, "data", complete.Payloads)
	f.StringVar(&o.contentType, "content-type", "", "the Content-Type, a `type` (default: guessed from the payload)")
	f.BoolVar(&o.dryRun, "dry-run", false, "print the signed request and send nothing")
	f.StringVarP(&o.output, "output", "o", "text", "the `format`: text or json")
	flags.AddHabits(f, &o.user)
	o.contentFlags.addFlags(cmd)
	o.Retry.AddFlags(cmd)
	o.Client.AddFlags(cmd)
	o.providerFlags.addFlags(cmd)
	o.sendQueueFlags.addFlags(cmd)
	o.Many.AddFlags(cmd)
	flags.Complete(cmd, "resume", sh.CompleteRuns)
	o.JSON.AddFlags(cmd)
	config.Mark(f, "", "scheme")
	config.Mark(f, "send", "retries", "backoff", "base", "max-delay", "jitter", "retry-on", "timeout", "connect-timeout",
		"deadline", "proxy", "cacert", "seed", "as", "schedule", "speed", "until-2xx")
	return cmd
}

func runSend(ctx context.Context, sh *shell.Shell, o sendOptions) error {
	ctx, stop := sh.Interruptible(ctx)
	defer stop()
	switch o.output {
	case "text":
	case "json":
		sh.JSON = true
	default:
		return fail.Usage("invalid -o %q: choose text or json", o.output)
	}
	if err := o.checkQueue(sh); err != nil {
		return err
	}
	if o.isMany() {
		return sendMany(ctx, sh, &o)
	}
	x, s, err := planSend(ctx, sh, &o)
	if err != nil {
		return err
	}
	client, err := o.NewClient(sh.Version, sh.Getenv, o.ConnectIn)
	if err != nil {
		return err
	}
	defer client.Close()
	p := &tell.Attempts{Shell: sh, With: o.With, Policy: o.policy}
	if o.dryRun {
		return p.DryRun(&s.Signer, client, x)
	}
	if err := sendable(client, x.Request); err != nil {
		return err
	}
	enqueue, err := o.enqueues(p, s)
	if err != nil {
		return err
	}
	if _, err := sh.WriteHistory(ctx); err != nil {
		return err
	}
	if enqueue != nil {
		_, err := enqueue(ctx, x)
		return err
	}
	return p.Deliver(ctx, &s.Signer, deliver.Sender{Client: client, Policy: o.policy, Rand: sh.Rand}, x)
}

// sendable finds what can never be sent while nothing has been written yet.
func sendable(client *deliver.Client, r record.Request) error {
	r.Header = slices.Clone(r.Header)
	if err := client.Prepare(&r); err != nil {
		return fail.Usage("%w", err)
	}
	return nil
}

// planSend turns the options into the exchange of the first attempt. Everything wrong with them ends here.
func planSend(ctx context.Context, sh *shell.Shell, o *sendOptions) (record.Exchange, *shell.Signing, error) {
	x, s, err := planRequest(ctx, sh, o)
	if err != nil {
		return x, nil, err
	}
	if sh.Verbose && !o.content.IsConstant() {
		sh.Say("barb: --seed %d repeats these random values", o.content.Values.Seed)
	}
	if err := o.content.Fill(&x, &s.Signer, 1); err != nil {
		return x, nil, err
	}
	o.applyProvider(&x, sh.Now())
	return x, s, s.Try(&x, sh.Now())
}

// planRequest is planSend without the payload in the exchange. It finds the content and opens the editor last.
func planRequest(ctx context.Context, sh *shell.Shell, o *sendOptions) (x record.Exchange, s *shell.Signing,
	err error) {
	if o.content, err = content(ctx, sh, o); err != nil {
		return x, nil, err
	}
	target, err := flags.EndpointURL(o.url)
	if err != nil {
		return x, nil, err
	}
	request := record.Request{Method: o.method, URL: target, Proto: "HTTP/1.1"}
	if record.CheckField(record.Field{Name: o.method}) != nil {
		return x, nil, fail.Usage("-X %q is not a method", o.method).Hint("-X POST")
	}
	defaultScheme(sh, o.content, &o.Signing, target)
	if s, err = providerSigner(ctx, sh, o, &request); err != nil {
		return x, nil, err
	}
	request.Header = o.content.Given
	if contentType := o.content.Type; o.contentType != "" || contentType != "" && !request.Header.Has("Content-Type") {
		request.Header = request.Header.Set("Content-Type", contentType)
	}
	x = record.Exchange{Kind: record.Sent, Request: request, WebhookID: o.id, EventType: o.event}
	if o.Edit {
		err = editOnce(sh, o.content)
	}
	return x, s, err
}

func sendBody(sh *shell.Shell, o *sendOptions) ([]byte, error) {
	if o.data == "" {
		return nil, nil
	}
	p, err := infile.Payload(sh.In, sh.InTerminal, o.data, true, nil, o.Secrets)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	return p.Bytes()
}
