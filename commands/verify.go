package commands

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/complete"
	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/recheck"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

type verifyOptions struct {
	recheck.Question
	flags.Headers
	headersFile, httpFile string
	data                  string
	dataGiven             bool
	now, url, method      string
	positional            []string
	emit                  string
	discover              bool
}

func newVerify(sh *shell.Shell) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:               "verify [FILE|ID]",
		Args:              args(0, 1, "at most one FILE or history id"),
		ValidArgsFunction: sh.CompleteIDsAndFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.positional, o.dataGiven = args, cmd.Flags().Changed("data")
			if o.emit != "" {
				return runEmit(cmd.Context(), sh, o)
			}
			return runVerify(cmd.Context(), sh, o)
		},
	}
	o.Signing.AddFlags(cmd, "the `scheme`, or auto to find it from the headers", sh.SchemeNames)
	o.AddFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.headersFile, "headers", "", "read the headers from this `file`, one 'Name: value' a line")
	f.StringVar(&o.httpFile, "http", "", "read a raw HTTP request from this `file`; - is stdin")
	f.VarP(&flags.Once{Text: &o.data}, "data", "d", "the `payload`: text, @FILE or @- for stdin")
	flags.Complete(cmd, "data", complete.Payloads)
	f.Var(flags.OptionalDuration(&o.Tolerance), "tolerance",
		"the largest difference between the timestamp and now (default: that of the scheme)")
	f.BoolVar(&o.Strict, "strict", false, "reject signatures in a form that the provider's own SDK rejects")
	f.StringVar(&o.now, "now", "", "take this `time` for now: RFC 3339 or Unix seconds")
	f.StringVar(&o.url, "url", "", "the `URL` that the sender used, for schemes that sign it")
	f.StringVar(&o.method, "method", "", "the request `method`, for schemes that sign it")
	o.addEmitFlag(cmd)
	f.BoolVar(&o.discover, "discover", false, "find the scheme of the signature and print it for barb.toml")
	f.BoolVar(&o.Explain, "explain", false, "find what would have made a bad signature match")
	cmd.MarkFlagsMutuallyExclusive("http", "headers")
	cmd.MarkFlagsMutuallyExclusive("discover", "explain", "emit")
	config.Mark(f, "", "scheme")
	config.Mark(f, "verify", "tolerance")
	return cmd
}

func runVerify(ctx context.Context, sh *shell.Shell, o verifyOptions) error {
	m, now, err := o.message(ctx, sh)
	if err != nil {
		return err
	}
	if c, ok := m.Stream.(io.Closer); ok {
		defer c.Close()
	}
	if o.discover {
		return discoverScheme(ctx, sh, o, m, now)
	}
	f, err := o.Ask(ctx, sh, m, now)
	if err != nil {
		return err
	}
	return printVerdict(sh, f)
}

// message puts the message together from where it was given, and says by what time it is judged.
func (o *verifyOptions) message(ctx context.Context, sh *shell.Shell) (m sign.Message, now time.Time, err error) {
	now = sh.Now()
	switch {
	case o.httpFile != "":
		m, err = o.fromHTTP(sh)
	case len(o.positional) == 1 && flags.IsSelector(o.positional[0]):
		m, now, err = o.fromHistory(ctx, sh)
	case len(o.positional) == 1 && o.positional[0] != "-" && !exists(o.positional[0]):
		err = fail.Usage("%s: no such file, and not a history id", o.positional[0]).Hint("barb history lists the ids")
	default:
		m, err = o.fromPayload(sh)
	}
	if err != nil {
		return m, now, err
	}
	if o.now != "" {
		if now, err = flags.ParseTime(o.now, sh.Now()); err != nil {
			return m, now, fail.Usage("--now %w", err)
		}
	}
	if o.url != "" {
		m.URL = o.url
	}
	if o.method != "" {
		m.Method = o.method
	}
	return m, now, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// fromPayload takes the payload as it is and the headers from the flags.
func (o verifyOptions) fromPayload(sh *shell.Shell) (m sign.Message, err error) {
	lines := o.Lines
	stdin := o.headersFile == "-" || slices.Contains(lines, "@-")
	if o.headersFile != "" {
		lines = append([]string{"@" + o.headersFile}, lines...)
	}
	header, err := (&flags.Headers{Lines: lines}).Header(sh.In)
	if err != nil {
		return m, err
	}
	if len(header) == 0 && !inBody(sh, o.Scheme) {
		return m, fail.Usage("verify needs the headers the webhook came with").Hint("-H 'Name: value', --headers FILE " +
			"(- is stdin), --http FILE, or the id of a received webhook")
	}
	warnOfName(sh, o.data)
	p, err := infile.Payload(sh.In, sh.InTerminal, o.data, o.dataGiven, o.positional, o.Secrets)
	if err != nil {
		return m, err
	}
	if stdin && p != nil && p.Name == "-" {
		p = nil // read already
	}
	if p == nil {
		return m, fail.Usage("verify needs a payload").Hint("barb verify FILE, -d '{}', a pipe into stdin, or a history id")
	}
	m = sign.Message{Method: "POST", Header: header.HTTP()}
	if p.In != nil {
		m.Stream = p.In
	} else {
		m.Body = []byte(p.Text)
	}
	return m, nil
}

// inBody reports whether the signature of a scheme travels in the body, so that the payload is enough.
func inBody(sh *shell.Shell, name string) bool {
	s, err := sh.File.LookupScheme(name)
	return err == nil && s.InBody()
}

// fromHTTP returns the message of --http, a file with a raw HTTP request.
func (o verifyOptions) fromHTTP(sh *shell.Shell) (m sign.Message, err error) {
	if len(o.positional) > 0 || o.dataGiven {
		return m, fail.Usage("the file of --http contains the payload already").Hintf("barb verify --http %s", o.httpFile)
	}
	data, err := infile.ReadArgument(sh.In, o.httpFile, infile.MaxPayload)
	if err != nil {
		return m, err
	}
	if data, err = infile.PlainText(data, o.httpFile); err != nil {
		return m, err
	}
	r, err := record.ReadRequest(data, "https")
	if at, ok := errors.AsType[*record.TextError](err); ok {
		switch at.Part {
		case record.NoHead:
			return m, fail.Usage("%s is not a raw HTTP request: %w", o.httpFile, err).
				Hint("it needs a request line, headers, an empty line and the body")
		case record.InHead:
			return m, fail.Usage("%s is not a raw HTTP request: %w", o.httpFile, err)
		default:
			return m, fail.Usage("%s: %w", o.httpFile, err)
		}
	}
	extra, err := o.Header(sh.In)
	return sign.Message{Method: r.Method, URL: r.URL, Header: append(r.Header, extra...).HTTP(), Body: r.Body}, err
}

// fromHistory takes the exchange of a selector.
func (o *verifyOptions) fromHistory(ctx context.Context, sh *shell.Shell) (m sign.Message, now time.Time, err error) {
	history, err := sh.ReadHistory(ctx)
	if err != nil {
		return m, now, err
	}
	ids, err := flags.SelectIDs(ctx, history, o.positional, sh.Newest)
	if err != nil {
		return m, now, err
	}
	if ids[0].From != ids[0].To {
		return m, now, fail.Usage("verify takes one exchange, not the range %s", o.positional[0]).Hintf("barb verify %d",
			ids[0].From)
	}
	m, now, err = o.Recorded(ctx, sh, ids[0].From)
	if !errors.Is(err, store.ErrNotFound) && exists(o.positional[0]) {
		sh.Warn("%s is taken as a history id; the file is ./%s", o.positional[0], o.positional[0])
	}
	return m, now, err
}

// printVerdict prints the result of a check, with why it is so where that was asked and what to do next, and ends in 0
// or 1. A wrong secret or parameter ends in its own code.
func printVerdict(sh *shell.Shell, f *recheck.Finding) error {
	c := f.Result
	if c.Fault != nil {
		return c.Fault
	}
	v := c.Verdict
	if sh.JSON {
		if err := sh.Emit(f.JSON()); err != nil {
			return err
		}
	} else {
		sh.Stdout.VerdictLine(ui.VerdictLine{Verdict: v, Scheme: c.Scheme, Detail: c.Detail, SenderOnly: !c.CoversBody,
			Spelling: c.Spelling.Words()})
		if f.Why != nil {
			sh.Stdout.Explanation(f.Why)
		}
		for _, hint := range f.Hints {
			sh.Say("hint: %s", hint)
		}
	}
	if v.Status != record.Valid {
		return fail.Silent(fail.ExitFailed)
	}
	return nil
}
