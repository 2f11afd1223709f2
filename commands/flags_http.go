package commands

import (
	"cmp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/deliver"
)

// retryFlags are the policy of a delivery, the same in send, replay and the queue of listen.
type retryFlags struct {
	retries   int
	backoff   string
	base      time.Duration
	maxDelay  time.Duration
	jitter    string
	retryOn   string
	timeout   time.Duration
	deadline  time.Duration
	connectIn time.Duration
	scheduleFlags
}

func (f *retryFlags) addFlags(cmd *cobra.Command) {
	d := deliver.DefaultPolicy()
	set := cmd.Flags()
	f.retries = d.Retries
	set.Var((*flags.Retries)(&f.retries), "retries", "attempts after the first one, or unlimited")
	set.StringVar(&f.backoff, "backoff", "exponential", "exponential, linear, constant or a `list` of waits: "+
		"1s,5s,30s,2m,10m")
	f.base, f.maxDelay, f.timeout, f.connectIn, f.deadline = d.Base, d.MaxDelay, d.Timeout, 5*time.Second, d.Deadline
	set.Var((*flags.Duration)(&f.base), "base", "the unit of the waits")
	set.Var((*flags.Duration)(&f.maxDelay), "max-delay", "the longest wait between two attempts")
	set.StringVar(&f.jitter, "jitter", "full", "full (a random part of the wait) or none")
	set.StringVar(&f.retryOn, "retry-on", d.RetryOn.String(), "answers and `failures` that are tried again")
	set.Var((*flags.Duration)(&f.timeout), "timeout", "for one attempt")
	set.Var((*flags.Duration)(&f.connectIn), "connect-timeout", "for connecting, with TLS")
	set.Var((*flags.Duration)(&f.deadline), "deadline", "for all attempts and waits")
	flags.Complete(cmd, "backoff", func(string) []string { return []string{"exponential", "linear", "constant"} })
	f.scheduleFlags.addFlags(cmd)
	flags.Complete(cmd, "jitter", func(string) []string { return []string{"full", "none"} })
}

// policy checks the flags. A list of waits says how many retries there are, unless --retries does.
func (f *retryFlags) policy(sh *shell) (p deliver.Policy, err error) {
	p = deliver.Policy{Retries: f.retries, Base: f.base, MaxDelay: f.maxDelay, Timeout: f.timeout, Deadline: f.deadline}
	if p.Backoff, p.Schedule, err = deliver.ParseBackoff(f.backoff); err != nil {
		return p, fail.Usage("--backoff %q: %w", f.backoff, err).Hint("--backoff exponential, or a list of waits: " +
			"--backoff 1s,5s,30s")
	}
	if p.Backoff == deliver.Schedule && cmp.Or(sh.settings["send.retries"], sh.settings["listen.retries"]) == "default" {
		p.Retries = len(p.Schedule)
	}
	if p.RetryOn, err = deliver.ParseRetryOn(f.retryOn); err != nil {
		return p, fail.Usage("--retry-on %q: %w", f.retryOn, err).Hint("--retry-on 408,425,429,5xx,network")
	}
	switch f.jitter {
	case "full":
	case "none":
		p.NoJitter = true
	default:
		return p, fail.Usage("--jitter %q is neither full nor none", f.jitter)
	}
	for _, limit := range []struct {
		flag string
		d    time.Duration
	}{{"timeout", f.timeout}, {"deadline", f.deadline}, {"connect-timeout", f.connectIn}} {
		if limit.d <= 0 {
			return p, fail.Usage("--%s %s is not more than 0", limit.flag, limit.d).Hintf("--%s 15s", limit.flag)
		}
	}
	if p, err = f.schedulePolicy(sh, p); err != nil {
		return p, err
	}
	if err := p.Validate(); err != nil {
		return p, fail.Usage("%w", err)
	}
	return p, nil
}

// clientFlags are curl's, for how a connection is made.
type clientFlags struct {
	insecure          bool
	cacert, cert, key string
	resolve           []string
	unixSocket, proxy string
	http11, http2     bool
}

func (f *clientFlags) addFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.BoolVarP(&f.insecure, "insecure", "k", false, "do not check the endpoint's certificate")
	set.StringVar(&f.cacert, "cacert", "", "trust the certificates in this `file`")
	set.StringVarP(&f.cert, "cert", "E", "", "client certificate `file` (PEM)")
	set.StringVar(&f.key, "key", "", "private key `file` of --cert (PEM), where it is not in the same file")
	set.StringArrayVar(&f.resolve, "resolve", nil, "connect to `HOST:PORT:ADDR` instead of looking HOST up (repeatable)")
	set.StringVar(&f.unixSocket, "unix-socket", "", "connect through this Unix `socket`")
	set.StringVarP(&f.proxy, "proxy", "x", "", "go through this proxy `URL` (http, https or socks5)")
	set.BoolVar(&f.http11, "http1.1", false, "speak HTTP/1.1 (the default: it keeps the headers' case and order)")
	set.BoolVar(&f.http2, "http2", false, "speak HTTP/2")
	cmd.MarkFlagsMutuallyExclusive("http1.1", "http2")
	cmd.MarkFlagsMutuallyExclusive("unix-socket", "proxy")
}

// client makes the HTTP client. Everything that can be wrong with the flags is found here, before anything is sent.
func (f *clientFlags) client(sh *shell, connectIn time.Duration) (*deliver.Client, error) {
	// as listen prints it
	o := deliver.Options{UserAgent: "barb/" + sh.version, ConnectTimeout: connectIn,
		UnixSocket: strings.TrimPrefix(f.unixSocket, "unix:"),

		Proxy: f.proxy, HTTP2: f.http2, Env: sh.Getenv, Resolve: map[string]string{}}
	var err error
	if o.TLS, err = (deliver.TLSFiles{Insecure: f.insecure, CACert: f.cacert, Cert: f.cert,
		Key: f.key}).Config(); err != nil {
		return nil, fail.Usage("%w", err)
	}
	for _, text := range f.resolve {
		from, to, err := deliver.ParseResolve(text)
		if err != nil {
			return nil, fail.Usage("--resolve: %w", err).Hint("--resolve example.com:443:127.0.0.1")
		}
		o.Resolve[from] = to
	}
	client, err := deliver.NewClient(o)
	if err != nil {
		return nil, fail.Usage("%w", err)
	}
	return client, nil
}

// endpointURL reads the URL of an endpoint: http or https, a scheme left out is http as in curl, :PORT is this machine.
func endpointURL(s string) (string, error) {
	target, err := expandTarget(s)
	if err != nil {
		return "", fail.Usage("URL %q: %w", withoutUser(s), err).Hint("barb send http://localhost:4242/webhooks -d '{}'")
	}
	target, _, _ = strings.Cut(target, "#")
	return target, nil
}
