package commands

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/complete"
	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

type signOptions struct {
	flags.Signing
	flags.Headers
	data                 string
	timestamp, id, event string
	url, method          string
	output               string
	positional           []string
	dataGiven            bool
}

var signOutputs = []string{"headers", "curl", "http", "env", "json", "value"}

func newSign(sh *shell.Shell) *cobra.Command {
	var o signOptions
	cmd := &cobra.Command{
		Use:  "sign [FILE]",
		Args: args(0, 1, "at most one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.positional, o.dataGiven = args, cmd.Flags().Changed("data")
			return runSign(cmd.Context(), sh, o)
		},
	}
	o.Signing.AddFlags(cmd, "the `scheme` to sign with (barb schemes lists them)", sh.SchemeNames)
	o.Headers.AddFlags(cmd)
	f := cmd.Flags()
	f.VarP(&flags.Once{Text: &o.data}, "data", "d", "the `payload`: text, @FILE or @- for stdin")
	flags.Complete(cmd, "data", complete.Payloads)
	f.StringVar(&o.timestamp, "timestamp", "now", "sign with this `time`: RFC 3339, Unix seconds or now")
	f.StringVar(&o.id, "id", "", "the webhook `id` (default: a new one, when the scheme signs it)")
	f.Var(flags.EventType(&o.event), "event", "the event `type`, for schemes that have a header for it")
	f.StringVar(&o.url, "url", "", "the `URL` of the receiver, for schemes that sign it and for -o curl and http")
	f.StringVar(&o.method, "method", "POST", "the request `method`, for schemes that sign it and for -o curl and http")
	f.StringVarP(&o.output, "output", "o", "headers", "the `format`: headers, curl, http, env, json or value")
	flags.Complete(cmd, "output", func(string) []string { return signOutputs })
	config.Mark(f, "", "scheme")
	return cmd
}

func runSign(ctx context.Context, sh *shell.Shell, o signOptions) error {
	printer, err := o.printer(sh)
	if err != nil {
		return err
	}
	at, err := flags.ParseTime(o.timestamp, sh.Now())
	if err != nil {
		return fail.Usage("--timestamp %w", err)
	}
	if o.Scheme == "" {
		return fail.Usage("sign needs a scheme").Hint("barb sign payload.json -s github --secret env:SECRET; barb " +
			"schemes lists them")
	}
	s, err := sh.Signer(ctx, &o.Signing, &record.Request{URL: o.url})
	if err != nil {
		return err
	}
	header, err := o.Header(sh.In)
	if err != nil {
		return err
	}
	p, err := signPayload(sh, o)
	if err != nil {
		return err
	}
	defer p.Close()
	m := sign.Message{ID: o.id, Event: o.event, Time: at, Method: o.method, URL: o.url, Header: header.HTTP(),
		Params: s.Params}
	if err := o.body(&m, s.Scheme, p); err != nil {
		return err
	}
	if m.ID == "" && strings.Contains(s.Scheme.Content, "{id}") {
		if m.ID = s.Scheme.ID(m); m.ID == "" {
			m.ID = signer.NewID()
		}
	}
	signed, err := s.Scheme.Sign(m, s.Secrets...)
	if err != nil {
		return &signer.Error{Scheme: s.Scheme, Err: err}
	}
	if signed.Body != nil && (o.output == "headers" || o.output == "env") && !sh.JSON {
		sh.Warn("the signature of %s is in the body: -o http, curl or json prints the signed body", s.Scheme.Name)
	}
	return printer(sh, signedPayload{o, s.Scheme, p, m, signed, header})
}

func signPayload(sh *shell.Shell, o signOptions) (*infile.Input, error) {
	warnOfName(sh, o.data)
	p, err := infile.Payload(sh.In, sh.InTerminal, o.data, o.dataGiven, o.positional, o.Secrets)
	if err == nil && p == nil {
		err = fail.Usage("sign needs a payload").Hint("barb sign FILE, -d '{}' or a pipe into stdin")
	}
	return p, err
}

// body gives the message its body: streamed where the scheme allows it and nothing prints it, else read whole.
func (o signOptions) body(m *sign.Message, scheme sign.Scheme, p *infile.Input) (err error) {
	if p.In != nil && scheme.Streams() && o.output != "http" && (o.output != "curl" || p.Name != "-") {
		m.Stream = p.In
		return nil
	}
	m.Body, err = p.Bytes()
	return err
}

// signedPayload is a payload with its signature, as the printers take it.
type signedPayload struct {
	signOptions
	scheme  sign.Scheme
	payload *infile.Input
	message sign.Message
	signed  sign.Signed
	header  record.Header
}

func (o signOptions) printer(sh *shell.Shell) (func(*shell.Shell, signedPayload) error, error) {
	output := o.output
	if sh.JSON {
		output = "json"
	}
	print, ok := map[string]func(*shell.Shell, signedPayload) error{
		"headers": printHeaders, "curl": printCurl, "http": printHTTP, "env": printEnv, "json": printSignJSON,
		"value": printValue,
	}[output]
	if !ok {
		return nil, fail.Usage("invalid -o %q: choose %s", o.output, strings.Join(signOutputs, ", ")).Hint(
			fail.DidYouMean("-o ", fail.Nearest(o.output, signOutputs), ""))
	}
	if (output == "curl" || output == "http") && o.url == "" {
		return nil, fail.Usage("-o %s needs --url", output).Hint("--url http://localhost:4242/webhooks")
	}
	return print, nil
}

func printHeaders(sh *shell.Shell, s signedPayload) error {
	for _, f := range s.signed.Fields {
		sh.Stdout.Line(f.Name + ": " + f.Value)
	}
	if s.signed.URL != "" {
		sh.Say("barb: the URL to call is %s", s.signed.URL)
	}
	return nil
}

// printValue prints the value of the signature alone: of the header that the scheme names first, or of its place in the
// body.
func printValue(sh *shell.Shell, s signedPayload) error {
	m := sign.Message{Header: http.Header{}, Body: s.signed.Body, URL: s.signed.URL}
	for _, f := range s.signed.Fields {
		m.Header[f.Name] = []string{f.Value}
	}
	sh.Stdout.Line(s.scheme.Signature(m))
	return nil
}

// printEnv prints shell assignments: WEBHOOK_SIGNATURE='v1,…'.
func printEnv(sh *shell.Shell, s signedPayload) error {
	for _, f := range s.signed.Fields {
		name := strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		sh.Stdout.Line(name + "=" + export.Quote(f.Value))
	}
	return nil
}

func printSignJSON(sh *shell.Shell, s signedPayload) error {
	return sh.Emit(schema.NewSigned(s.Scheme, &s.signed, s.message.ID, s.message.Time))
}

// request is the whole signed request.
func (s signedPayload) request() (record.Request, error) {
	target, err := flags.EndpointURL(s.url)
	if err != nil {
		return record.Request{}, err
	}
	if s.signed.URL != "" {
		target = s.signed.URL
	}
	r := record.Request{Method: s.method, URL: target, Proto: "HTTP/1.1", Header: s.header, Body: s.message.Body}
	if s.signed.Body != nil {
		r.Body = s.signed.Body
	}
	if !r.Header.Has("Content-Type") && len(r.Body) > 0 {
		r.Header = append(r.Header, record.Field{Name: "Content-Type", Value: payload.GuessType(r.Body)})
	}
	for _, f := range s.signed.Fields {
		r.Header = r.Header.Set(f.Name, f.Value)
	}
	return r, nil
}

func printCurl(sh *shell.Shell, s signedPayload) error {
	r, err := s.request()
	if err != nil {
		return err
	}
	file := s.payload.Name
	if file == "" || file == "-" || s.signed.Body != nil {
		sh.Stdout.Line(export.Curl(&r))
		return nil
	}
	if !r.Header.Has("Content-Type") {
		r.Header = append(r.Header, record.Field{Name: "Content-Type", Value: "application/json"})
	}
	r.Body = nil // curl would send what is in the command as well as the file
	sh.Stdout.Line(export.Curl(&r) + " \\\n  --data-binary @" + export.Quote(file))
	return nil
}

// printHTTP prints the request as `barb verify --http` and any raw tool takes it.
func printHTTP(sh *shell.Shell, s signedPayload) error {
	r, err := s.request()
	if err != nil {
		return err
	}
	host := flags.HostOf(r.URL)
	rest := r.Header.Without("Host", "Content-Length")
	r.Header = slices.Concat(record.Header{{Name: "Host", Value: host}}, rest,
		record.Header{{Name: "Content-Length", Value: strconv.Itoa(len(r.Body))}})
	sh.Stdout.Printf("%s", export.Raw(&r))
	return nil
}
