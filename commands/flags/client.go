package flags

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver"
)

// Client says how a connection is made, with the flags of curl.
type Client struct {
	deliver.Connection
	HTTP11 bool
}

// AddFlags adds the flags to a command.
func (f *Client) AddFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.BoolVarP(&f.Insecure, "insecure", "k", false, "do not verify the certificate of the endpoint")
	set.StringVar(&f.CACert, "cacert", "", "also trust the certificates in this `file` (PEM)")
	set.StringVarP(&f.Cert, "cert", "E", "", "the client certificate `file` (PEM)")
	set.StringVar(&f.Key, "key", "", "the private key `file` of --cert (PEM), when it is a file of its own")
	set.StringArrayVar(&f.Resolve, "resolve", nil, "connect to `HOST:PORT:ADDR` instead of looking up HOST (repeatable)")
	set.StringVar(&f.UnixSocket, "unix-socket", "", "connect through this Unix `socket`")
	set.StringVarP(&f.Proxy, "proxy", "x", "", "connect through this proxy `URL` (http, https or socks5)")
	set.BoolVar(&f.HTTP11, "http1.1", false, "use HTTP/1.1 (the default: it keeps the case and order of the headers)")
	set.BoolVar(&f.HTTP2, "http2", false, "use HTTP/2")
	cmd.MarkFlagsMutuallyExclusive("http1.1", "http2")
	cmd.MarkFlagsMutuallyExclusive("unix-socket", "proxy")
}

// NewClient makes the HTTP client, which calls itself barb of that version. Everything that can be wrong with the flags
// is found here, before anything is sent.
func (f *Client) NewClient(version string, env func(string) string, connectIn time.Duration) (*deliver.Client, error) {
	o, err := f.Options(version, env, connectIn)
	if err != nil {
		return nil, err
	}
	client, err := deliver.NewClient(o)
	if err != nil {
		return nil, fail.Usage("%w", err)
	}
	return client, nil
}

// Options returns the options of that client.
func (f *Client) Options(version string, env func(string) string, connectIn time.Duration) (o deliver.Options,
	err error) {
	o = deliver.Options{UserAgent: "barb/" + version, ConnectTimeout: connectIn, Proxy: f.Proxy, HTTP2: f.HTTP2, Env: env,
		UnixSocket: strings.TrimPrefix(f.UnixSocket, "unix:"), // as listen prints it
		Resolve:    map[string]string{}}
	if o.TLS, err = f.TLS(); err != nil {
		return o, fail.Usage("%w", err)
	}
	for _, text := range f.Resolve {
		from, to, err := deliver.ParseResolve(text)
		if err != nil {
			return o, fail.Usage("--resolve: %w", err).Hint("--resolve example.com:443:127.0.0.1")
		}
		o.Resolve[from] = to
	}
	return o, nil
}

// Given reports whether any flag says how a connection is made.
func (f *Client) Given() bool {
	return f.Insecure || f.HTTP11 || f.HTTP2 || len(f.Resolve) > 0 ||
		strings.Join([]string{f.CACert, f.Cert, f.Key, f.UnixSocket, f.Proxy}, "") != ""
}
