package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/advice"
	"github.com/barbhq/barb/commands/complete"
	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/explain"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

type verifyOptions struct {
	flags.Signing
	flags.Headers
	headersFile, httpFile string
	data                  string
	dataGiven             bool
	now, url, method      string
	tolerance             *time.Duration
	strict                bool
	positional            []string
	emit                  string
	discover              bool
	explain               bool
	id                    int64  // of the exchange in the history; 0 for any other message
	recorded              string // scheme of the exchange in the history; "" for none
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
	o.Headers.AddFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.headersFile, "headers", "", "read the headers from this `file`, one 'Name: value' a line")
	f.StringVar(&o.httpFile, "http", "", "read a raw HTTP request from this `file`; - is stdin")
	f.VarP(&flags.Once{Text: &o.data}, "data", "d", "the `payload`: text, @FILE or @- for stdin")
	flags.Complete(cmd, "data", complete.Payloads)
	f.Var(flags.OptionalDuration(&o.tolerance), "tolerance",
		"the largest difference between the timestamp and now (default: that of the scheme)")
	f.BoolVar(&o.strict, "strict", false, "reject signatures in a form that the provider's own SDK rejects")
	f.StringVar(&o.now, "now", "", "take this `time` for now: RFC 3339 or Unix seconds")
	f.StringVar(&o.url, "url", "", "the `URL` that the sender used, for schemes that sign it")
	f.StringVar(&o.method, "method", "", "the request `method`, for schemes that sign it")
	o.addEmitFlag(cmd)
	f.BoolVar(&o.discover, "discover", false, "find the scheme of the signature and print it for barb.toml")
	f.BoolVar(&o.explain, "explain", false, "find what would have made a bad signature match")
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
	v, err := o.verifier(ctx, sh, &m)
	if err != nil {
		return err
	}
	if o.explain || v.Auto || !v.Scheme.Streams() {
		if err := readStream(&m); err != nil {
			return err
		}
	}
	c := v.Check(m, now)
	if v.Auto && c.Scheme == "" && o.recorded != "" { // it came without a signature: say which header it lacks
		o.Scheme = o.recorded
		if v, err = o.verifier(ctx, sh, &m); err != nil {
			return err
		}
		c = v.Check(m, now)
	}
	var why *explain.Answer
	if o.explain {
		if why, err = explanation(ctx, sh, v, c, m, now); err != nil {
			return err
		}
	}
	return printVerdict(sh, c, why, o.nextStep(c, why))
}

// nextStep returns the hints about a refused signature: what to do about its reason, and how to find out more.
func (o *verifyOptions) nextStep(c verifier.Result, why *explain.Answer) (hints []string) {
	if c.Verdict.Status == record.Valid {
		return nil
	}
	if fix := ui.Remedy(c.Verdict.Reason); fix != "" {
		hints = append(hints, fix)
	}
	switch {
	case o.explain && c.Verdict.Reason == string(sign.SignatureMismatch) && len(why.Causes)+len(why.Hints) == 0:
		return append(hints, "the sender may have signed with another secret: compare yours with its settings for "+
			"this endpoint")
	case o.explain:
		return hints
	case o.id != 0:
		return append(hints, fmt.Sprintf("barb verify %d --explain", o.id))
	}
	return append(hints, "add --explain to see what would have made it match")
}

// verifier returns what checks a message.
func (o *verifyOptions) verifier(ctx context.Context, sh *shell.Shell, m *sign.Message) (*verifier.Verifier, error) {
	v, err := sh.Verifier(ctx, shell.VerifierOptions{Signing: o.Signing, Path: shell.URLPath(m.URL), Message: m,
		Tolerance: o.tolerance, Strict: o.strict})
	if err == nil && v == nil {
		err = fail.Usage("verify needs a secret").Hint(secret.Help)
	}
	return v, err
}

// readStream reads a payload that was to be checked as a stream into memory.
func readStream(m *sign.Message) (err error) {
	if m.Stream != nil {
		m.Body, err = infile.ReadAll(m.Stream, infile.MaxPayload, "the payload")
		m.Stream = nil
	}
	return err
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

// fromHistory takes an exchange; its age is judged by when it was received, since later it is always old.
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
	x, err := history.Get(ctx, ids[0].From)
	if err != nil {
		return m, now, err
	}
	if exists(o.positional[0]) {
		sh.Warn("%s is taken as a history id; the file is ./%s", o.positional[0], o.positional[0])
	}
	if err := advice.Whole(x); err != nil {
		return m, now, err
	}
	if err := advice.Judgeable(sh.Redactor, x, o.Scheme); err != nil {
		return m, now, err
	}
	o.id, o.recorded = x.ID, x.Scheme
	signed, err := signedAs(ctx, history, x)
	if err != nil {
		return m, now, err
	}
	if len(o.Secrets) == 0 {
		if o.Secrets, err = sh.RecordedSecrets(ctx, signed); err != nil {
			return m, now, err
		}
		if o.Scheme == "" && sh.HaveOneUnknown(ctx, o.Secrets) { // a listener takes such a secret only with a scheme
			o.Scheme = x.Scheme
		}
	}
	// So that the secret of its route is found. The scheme of what was not valid is what its sender's headers show, and
	// names nothing.
	if o.Scheme == "" && signed.Verdict.Status == record.Valid {
		o.Scheme = signed.Scheme
	}
	if m = gateway.MessageOf(&x.Request); x.Kind == record.Received {
		m.URL, err = sh.PublicURLOf(&x.Request)
	}
	return m, x.Start, err
}

// signedAs returns the exchange that says how another was signed: itself, or for a forward, which has no verdict of its
// own, the webhook that it forwards.
func signedAs(ctx context.Context, history *store.Store, x *record.Exchange) (*record.Exchange, error) {
	if x.Kind == record.Received || x.Verdict.Status == record.Valid || x.Thread == 0 {
		return x, nil
	}
	captured, err := history.Get(ctx, x.Thread)
	if errors.Is(err, store.ErrNotFound) || err == nil && captured.Scheme != x.Scheme {
		return x, nil
	}
	return captured, err
}

// printVerdict prints the result of a check, with why it is so where that was asked and what to do next, and ends in 0
// or 1. A wrong secret or parameter ends in its own code.
func printVerdict(sh *shell.Shell, c verifier.Result, why *explain.Answer, hints []string) error {
	if c.Fault != nil {
		return c.Fault
	}
	v := c.Verdict
	if sh.JSON {
		out := schema.NewVerdict(c.Scheme, &v)
		out.Detail, out.CoversBody, out.Spelling = c.Detail, c.CoversBody, string(c.Spelling)
		out.Explain = schema.NewExplanation(why)
		if err := sh.Emit(out); err != nil {
			return err
		}
	} else {
		sh.Stdout.VerdictLine(ui.VerdictLine{Verdict: v, Scheme: c.Scheme, Detail: c.Detail, SenderOnly: !c.CoversBody,
			Spelling: c.Spelling.Words()})
		if why != nil {
			sh.Stdout.Explanation(why)
		}
		for _, hint := range hints {
			sh.Say("hint: %s", hint)
		}
	}
	if v.Status != record.Valid {
		return fail.Silent(fail.ExitFailed)
	}
	return nil
}
