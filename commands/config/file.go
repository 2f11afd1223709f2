// Package config reads barb.toml. It finds the file, checks every key and says what a file that was found needs consent
// for; which values win over flags and variables is for the commands.
package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/redact"
)

// File is barb.toml. The tables hold flags of the commands of their name under the same names, so that whoever
// knows the command line knows the file. Their values are text, number or boolean and are parsed as the flag is.
type File struct {
	DB     any         `toml:"db"`
	Color  any         `toml:"color"`
	Scheme any         `toml:"scheme"`
	Rows   []routeKeys `toml:"route"`
	Tables []Respond   `toml:"respond"`

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

	Routes      route.Table    // of Rows
	Allowed     []string       // the commands whose output may sign queued messages, as references: "cmd:op read x"
	Schemes     catalog.Set    // the tables [scheme.NAME] before the catalogue
	schemeLines map[string]int // where those tables stand, by the names of their schemes
	Redact      []redact.Place // [history] redact
	RedactTexts []string
	Retention   Retention
	Path        string
	named       bool // by --config or BARB_CONFIG
	Found       bool // from the working folder upward
	Weak        *weakness
	Wants       []want
	text        []byte
	Values      map[string]string // "send.retries" → "4"
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

// Setting is one value that a flag, a BARB_ variable and barb.toml can give.
type Setting struct {
	Table string // of barb.toml, and the command whose flag it is; "" for global ones
	Flag  string
}

var Settings = []Setting{
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

func (s Setting) Key() string {
	key := strings.ReplaceAll(s.Flag, "-", "_")
	if s.Table != "" {
		key = s.Table + "." + key
	}
	return key
}

func (s Setting) Variable() string {
	return "BARB_" + strings.ToUpper(strings.ReplaceAll(s.Flag, "-", "_"))
}

// IsPath is true for files.
func (s Setting) IsPath() bool {
	return slices.Contains([]string{"db", "cacert", "tls-cert", "tls-key", "unix-socket"}, s.Flag)
}

// Applies reports whether the setting fills a flag of the command: replay retries as send does.
func (s Setting) Applies(cmd *cobra.Command) bool {
	if cmd.Flag(s.Flag) == nil || s.Flag == "scheme" && !slices.Contains([]string{"sign", "verify", "send", "listen"},
		cmd.Name()) {
		return false // elsewhere --scheme is a filter
	}
	return s.Table == "" || s.Table == cmd.Name() || s.Table == "send" && cmd.Name() == "replay"
}

// Find returns the file that the user named, "" for none, else the nearest barb.toml from a folder upward, else the
// user's own. The file is not read yet, and its path is empty where there is none.
func Find(named, folder, own string) (*File, error) {
	if named != "" {
		if _, err := os.Stat(named); err != nil {
			return nil, fail.Usage("configuration %s: %w", named, errors.Unwrap(err))
		}
		return &File{Path: named, named: true}, nil
	}
	for dir := folder; dir != ""; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "barb.toml")
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return &File{Path: path, Found: true}, nil
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if _, err := os.Stat(own); err == nil {
		return &File{Path: own}, nil
	}
	return &File{}, nil
}

// Read reads the file, which it opens once: what was checked is what is read. cwd is the working folder.
func (c *File) Read(cwd string) error {
	data, err := c.take()
	if err != nil {
		return err
	}
	decoder := toml.NewDecoder(strings.NewReader(string(data)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(c); err != nil {
		return tomlError(c.Path, err)
	}
	var plain map[string]any
	if err := toml.Unmarshal(data, &plain); err != nil {
		return tomlError(c.Path, err)
	}
	c.text, c.Values = data, map[string]string{}
	for _, s := range Settings {
		if err := c.value(plain, s); err != nil {
			return err
		}
	}
	if err := c.takeRetention(); err != nil {
		return err
	}
	if err := c.takeSchemes(plain, data); err != nil {
		return err
	}
	if err := c.takeRedact(); err != nil {
		return err
	}
	if err := c.checkTables(data); err != nil {
		return err
	}
	if err := c.takeAllowed(); err != nil {
		return err
	}
	if err := c.takeRoutes(); err != nil {
		return err
	}
	if c.Found {
		c.Wants = wantsOf(c, plain, cwd)
	}
	return nil
}

// take opens the file and returns what is in it. One that the user did not name is also asked who may write it.
func (c *File) take() ([]byte, error) {
	open := openFound
	if c.named {
		open = infile.Open
	}
	f, err := open(c.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if !c.named {
		if err := c.guard(f); err != nil {
			return nil, err
		}
	}
	data, err := infile.ReadAll(f, 1<<20, c.Path)
	if err != nil {
		return nil, err
	}
	return infile.PlainText(data, c.Path)
}

// value takes one setting out of the decoded file, as the text its flag parses.
func (c *File) value(plain map[string]any, s Setting) error {
	if s.Table != "" {
		plain, _ = plain[s.Table].(map[string]any)
	}
	switch v := plain[strings.ReplaceAll(s.Flag, "-", "_")].(type) {
	case nil:
	case map[string]any:
		if s.Key() != "scheme" { // that one is the table of one's own schemes
			return fail.Usage("%s:%d: %s is a table, not a value", c.Path, c.Line(s), s.Key())
		}
	case string, int64, bool, float64:
		c.Values[s.Key()] = fmt.Sprint(v)
	default:
		return fail.Usage("%s:%d: %s is neither text nor number", c.Path, c.Line(s), s.Key())
	}
	return nil
}

// Line is where a setting stands in the file.
func (c *File) Line(s Setting) int {
	return findKeys(c.text).line(strings.Split(s.Key(), ".")...)
}

// tomlError names the file, the line and the key.
func tomlError(path string, err error) error {
	if missing, ok := errors.AsType[*toml.StrictMissingError](err); ok && len(missing.Errors) > 0 {
		first := missing.Errors[0]
		line, _ := first.Position()
		return fail.Usage("%s:%d: unknown key %s", path, line, strings.Join(first.Key(), ".")).Hint(
			"barb config lists the keys there are")
	}
	if decode, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, column := decode.Position()
		f := fail.Usage("%s:%d:%d: %s", path, line, column, strings.TrimPrefix(decode.Error(), "toml: "))
		if strings.Contains(decode.Error(), "key scheme already exists") {
			f = f.Hint("scheme = \"NAME\" cannot stand beside [scheme.NAME]; give the default with BARB_SCHEME, or in " +
				"a [[route]]")
		}
		return f
	}
	return fail.Usage("%s: %w", path, err)
}
