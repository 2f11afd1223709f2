package commands

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/redact"
)

// configFile is barb.toml. The tables hold flags of the commands of their name under the same names, so that whoever
// knows the command line knows the file. Their values are text, number or boolean and are parsed as the flag is.
type configFile struct {
	DB     any         `toml:"db"`
	Color  any         `toml:"color"`
	Scheme any         `toml:"scheme"`
	Rows   []routeKeys `toml:"route"`
	Tables []table     `toml:"respond"`

	Send struct {
		retryKeys
		Proxy  any `toml:"proxy"`
		Cacert any `toml:"cacert"`
		As     any `toml:"as"`
		Seed   any `toml:"seed"`
	} `toml:"send"`
	Listen struct {
		retryKeys
		Addr        any `toml:"addr"`
		Tolerance   any `toml:"tolerance"`
		ForwardTo   any `toml:"forward_to"`
		Respond     any `toml:"respond"`
		MaxBody     any `toml:"max_body"`
		MaxInflight any `toml:"max_inflight"`
		KeepInvalid any `toml:"keep_invalid"`
		PublicURL   any `toml:"public_url"`
		Handshake   any `toml:"handshake"`
		Metrics     any `toml:"metrics"`
		TLS         any `toml:"tls"`
		TLSCert     any `toml:"tls_cert"`
		TLSKey      any `toml:"tls_key"`
		UnixSocket  any `toml:"unix_socket"`
		AllowIP     any `toml:"allow_ip"`
		RateLimit   any `toml:"rate_limit"`
		FailRate    any `toml:"fail_rate"`
		FailWith    any `toml:"fail_with"`
		Seed        any `toml:"seed"`
		Latency     any `toml:"latency"`
		As          any `toml:"as"`
		Platform    any `toml:"platform"`
		Event       any `toml:"event"`
		Where       any `toml:"where"`
		Dedupe      any `toml:"dedupe"`
		Mode        any `toml:"mode"`
		Queue       any `toml:"queue"`
		Concurrency any `toml:"concurrency"`
		Ordered     any `toml:"ordered"`
		Breaker     any `toml:"breaker"`
	} `toml:"listen"`
	Deliver struct {
		Allow       any `toml:"allow"` // see takeAllowed
		Concurrency any `toml:"concurrency"`
		PerEndpoint any `toml:"per_endpoint"`
		Metrics     any `toml:"metrics"`
		Rate        any `toml:"rate"`
		Breaker     any `toml:"breaker"`
	} `toml:"deliver"`
	Verify struct {
		Tolerance any `toml:"tolerance"`
	} `toml:"verify"`
	Stats struct {
		Over                 any `toml:"over"`
		MinSamples           any `toml:"min_samples"`
		MinSuccess           any `toml:"min_success"`
		MaxP99               any `toml:"max_p99"`
		MaxQueue             any `toml:"max_queue"`
		MaxSignatureFailures any `toml:"max_signature_failures"`
		MaxRetryRate         any `toml:"max_retry_rate"`
		MaxDeadLetters       any `toml:"max_dead_letters"`
	} `toml:"stats"`

	History struct {
		MaxSize any `toml:"max_size"`
		MaxAge  any `toml:"max_age"`
		Redact  any `toml:"redact"`
	} `toml:"history"`

	routes      route.Table    // of Rows
	allowed     []string       // the commands whose output may sign queued messages, as references: "cmd:op read x"
	schemes     catalog.Set    // the tables [scheme.NAME] before the catalogue
	schemeLines map[string]int // where those tables stand, by the names of their schemes
	redact      []redact.Place // [history] redact
	redactTexts []string
	retention   retention
	path        string
	named       bool // by --config or BARB_CONFIG
	found       bool // from the working folder upward
	weak        *weakness
	wants       []want
	text        []byte
	values      map[string]string // "send.retries" → "4"
}

// retryKeys are the keys of retryFlags.
type retryKeys struct {
	Retries        any `toml:"retries"`
	Backoff        any `toml:"backoff"`
	Base           any `toml:"base"`
	MaxDelay       any `toml:"max_delay"`
	Jitter         any `toml:"jitter"`
	RetryOn        any `toml:"retry_on"`
	Timeout        any `toml:"timeout"`
	ConnectTimeout any `toml:"connect_timeout"`
	Deadline       any `toml:"deadline"`
	Schedule       any `toml:"schedule"`
	Speed          any `toml:"speed"`
	Until2xx       any `toml:"until_2xx"`
}

// setting is one value that a flag, a BARB_ variable and barb.toml can give.
type setting struct {
	table string // of barb.toml, and the command whose flag it is; "" for global ones
	flag  string
}

var settings = []setting{
	{"", "db"}, {"", "color"}, {"", "scheme"},
	{"send", "retries"}, {"send", "backoff"}, {"send", "base"}, {"send", "max-delay"}, {"send", "jitter"},
	{"send", "retry-on"}, {"send", "timeout"}, {"send", "connect-timeout"}, {"send", "deadline"}, {"send", "proxy"},
	{"send", "cacert"},
	{"send", "seed"}, {"send", "as"}, {"send", "schedule"}, {"send", "speed"}, {"send", "until-2xx"},
	{"listen", "addr"}, {"listen", "tolerance"}, {"listen", "forward-to"}, {"listen", "respond"}, {"listen", "max-body"},
	{"listen", "max-inflight"}, {"listen", "keep-invalid"}, {"listen", "public-url"}, {"listen", "handshake"},
	{"listen", "metrics"},
	{"listen", "tls"}, {"listen", "tls-cert"}, {"listen", "tls-key"}, {"listen", "unix-socket"}, {"listen", "allow-ip"},
	{"listen", "rate-limit"},
	{"listen", "fail-rate"}, {"listen", "fail-with"}, {"listen", "seed"}, {"listen", "latency"}, {"listen", "as"},
	{"listen", "platform"},
	{"listen", "event"}, {"listen", "where"}, {"listen", "dedupe"},
	{"listen", "mode"}, {"listen", "queue"}, {"listen", "concurrency"}, {"listen", "ordered"}, {"listen", "breaker"},
	{"listen", "retries"}, {"listen", "backoff"}, {"listen", "base"}, {"listen", "max-delay"}, {"listen", "jitter"},
	{"listen", "retry-on"}, {"listen", "timeout"}, {"listen", "connect-timeout"}, {"listen", "deadline"},
	{"listen", "schedule"}, {"listen", "speed"}, {"listen", "until-2xx"},
	{"deliver", "concurrency"}, {"deliver", "per-endpoint"}, {"deliver", "rate"}, {"deliver", "breaker"},
	{"deliver", "metrics"},
	{"verify", "tolerance"},
	{"stats", "over"}, {"stats", "min-samples"}, {"stats", "min-success"}, {"stats", "max-p99"}, {"stats", "max-queue"},
	{"stats", "max-signature-failures"}, {"stats", "max-retry-rate"}, {"stats", "max-dead-letters"},
}

func (s setting) key() string {
	key := strings.ReplaceAll(s.flag, "-", "_")
	if s.table != "" {
		key = s.table + "." + key
	}
	return key
}

func (s setting) variable() string {
	return "BARB_" + strings.ToUpper(strings.ReplaceAll(s.flag, "-", "_"))
}

// isPath is true for files.
func (s setting) isPath() bool {
	return slices.Contains([]string{"db", "cacert", "tls-cert", "tls-key", "unix-socket"}, s.flag)
}

// applies reports whether the setting fills a flag of the command: replay retries as send does.
func (s setting) applies(cmd *cobra.Command) bool {
	if cmd.Flag(s.flag) == nil || s.flag == "scheme" && !slices.Contains([]string{"sign", "verify", "send", "listen"},
		cmd.Name()) {
		return false // elsewhere --scheme is a filter
	}
	return s.table == "" || s.table == cmd.Name() || s.table == "send" && cmd.Name() == "replay"
}
