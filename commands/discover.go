package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/discover"
	"github.com/barbhq/barb/sign/keytext"
)

// discover searches for the scheme of a message and prints it as a table for barb.toml.
func (sh *shell) discover(ctx context.Context, o verifyOptions, m sign.Message, now time.Time) error {
	if o.scheme != "" && sh.settings["scheme"] == "flag" && o.scheme != "auto" {
		return fail.Usage("--discover finds the scheme; -s %s says it already", o.scheme).Hint("leave one of them out")
	}
	secrets, params, err := sh.discoverKeys(ctx, &o.schemeFlags, urlPath(m.URL))
	if err != nil {
		return err
	}
	m.Params = params
	if m.Stream != nil {
		if m.Body, err = readBounded(m.Stream, maxPayload, "the payload"); err != nil {
			return err
		}
		m.Stream = nil
	}
	ctx, stop := sh.Interruptible(ctx)
	defer stop()
	result, err := discover.Search(ctx, discover.Query{Message: m, Secrets: secrets, Known: sh.file.catalog().All()})
	if err != nil {
		return err
	}
	f := discovery{Result: result, message: m, now: now, url: o.url}
	if result.Found {
		f.secret = secrets[result.Secret]
		if f.secret.Kind() == keytext.Unknown {
			sh.warn("if secret %s is a public key, anybody can have signed this: use the scheme only when the provider calls it a secret", f.secret.Name)
		}
	}
	if sh.json {
		err = f.emit(sh)
	} else {
		err = f.print(sh)
	}
	if err == nil && !result.Found {
		err = fail.Silent(fail.ExitFailed)
	}
	return err
}

// discoverKeys are the secrets and parameters of the flags, else of the route.
func (sh *shell) discoverKeys(ctx context.Context, f *schemeFlags, path string) ([]sign.Secret, map[string]string, error) {
	file, err := sh.configuration()
	if err != nil {
		return nil, nil, err
	}
	row := file.routes.ForScheme("", path)
	refs := sh.secretRefs(f.secrets, row)
	if len(refs) == 0 {
		return nil, nil, fail.Usage("--discover needs the secret").Hint(referenceHelp)
	}
	params, err := f.paramMap(row)
	if err != nil {
		return nil, nil, err
	}
	secrets, err := sh.secrets(ctx, refs)
	for _, secret := range secrets {
		if secret.Kind() == keytext.Asymmetric {
			return nil, nil, fail.Usage("secret %s is a public or private key or a certificate; --discover searches for schemes with a shared secret", secret.Name).
				Hint("barb schemes  lists those that take public keys: barb verify -s discord …")
		}
	}
	return secrets, params, err
}

// discovery is what a search came to, ready to be shown.
type discovery struct {
	discover.Result
	message sign.Message
	now     time.Time
	url     string // as the caller says the sender knows it
	secret  sign.Secret
}

func (d *discovery) emit(sh *shell) error {
	out := schema.NewDiscovery(&d.Result)
	out.Secret = d.secret.Name
	if d.Found {
		block, err := schemeTOML(d.Scheme)
		if err != nil {
			return err
		}
		out.TOML = block
	} else {
		out.Next = d.next()
	}
	return sh.emit(out)
}

func (d *discovery) print(sh *shell) error {
	tried := grouped(d.Tried) + " tried"
	if !d.Found {
		if d.Cut {
			tried += ", more than a search may take"
		}
		sh.out.Line(fmt.Sprintf("not found  %s, %s, %s  (%s)", ui.Count(d.Signatures, "signature"), ui.Count(d.Times, "timestamp"),
			ui.Count(d.IDs, "id"), tried))
		for _, next := range d.next() {
			sh.say("hint: %s", next)
		}
		return nil
	}
	parts := []string{"found  " + ui.EscapeLine(d.Scheme.Formula()), carrierText(d.Scheme.Header), "secret " + ui.EscapeLine(d.secret.Name)}
	if age := d.age(); age != "" {
		parts = append(parts, age)
	}
	sh.out.Line(strings.Join(parts, "  ") + "  (" + tried + ")")
	if like := d.likeness(); like != "" {
		sh.out.Line(like)
	}
	block, err := schemeTOML(d.Scheme)
	if err != nil {
		return err
	}
	sh.out.Printf("\n%s", ui.Escape(block))
	sh.say("barb: with this in barb.toml: barb verify -s %s", d.Scheme.Name)
	return nil
}

// grouped is a number with its thousands apart: 1,284.
func grouped(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}

func carrierText(header string) string {
	if strings.Contains(header, ":") {
		return "in " + header
	}
	return "header " + header
}

// age says how old the message is, and when that is more than the scheme will take.
func (d *discovery) age() string {
	match, err := d.Scheme.Verify(d.message, d.now, d.secret)
	switch {
	case !match.HasAge:
		return ""
	case err != nil:
		return "age " + ui.Age(match.Age) + ", beyond the tolerance"
	}
	return "age " + ui.Age(match.Age)
}

// likeness says which schemes of barb are the found one, or nearly.
func (d *discovery) likeness() string {
	switch {
	case len(d.Same) > 0:
		return "this is " + some(d.Same) + ", which barb knows: -s " + d.Same[0]
	case len(d.Like) > 0:
		return "same as " + some(d.Like) + " but for the headers"
	}
	return ""
}

// some names the first three of several.
func some(names []string) string {
	const shown = 3
	if len(names) > shown {
		return strings.Join(names[:shown], ", ") + fmt.Sprintf(" and %d more", len(names)-shown)
	}
	return strings.Join(names, ", ")
}

// next is what could still be given, the likeliest remedy first.
func (d *discovery) next() (next []string) {
	if d.Signatures == 0 {
		return []string{"nothing looks like a signature: give every header the webhook came with, --http FILE or the id of a received one"}
	}
	next = append(next, "is it the right secret, and the body byte for byte? Several can be given: --secret env:OLD --secret env:NEW")
	if d.url == "" {
		next = append(next, "it may sign the URL: --url https://example.com/webhooks, exactly as the sender knows it")
	}
	if d.IDs == 0 {
		next = append(next, "it may sign an id that is not in the request: --param id=VALUE")
	}
	return append(next, "public keys and JWTs are not searched for; barb schemes lists those that use them")
}

// tomlScheme is a [scheme.NAME] as it is written; schemeKeys says how it is read.
type tomlScheme struct {
	Auth      sign.Auth      `toml:"auth"`
	Hash      sign.Hash      `toml:"hash,omitempty"`
	Enc       sign.Encoding  `toml:"enc,omitempty"`
	Key       sign.KeyForm   `toml:"key"`
	Content   string         `toml:"content,omitempty"`
	Header    string         `toml:"header"`
	Split     string         `toml:"split,omitempty"`
	Prefix    string         `toml:"prefix,omitempty"`
	Format    string         `toml:"format,omitempty"`
	Time      *tomlTimestamp `toml:"time,inline,omitempty"`
	Tolerance string         `toml:"tolerance,omitempty"`
	IDIn      sign.Place     `toml:"id_in,omitempty"`

	UnsignedTime bool `toml:"unsigned_time,omitempty"`
	NoSeparator  bool `toml:"no_separator,omitempty"`
}

type tomlTimestamp struct {
	In   sign.Place `toml:"in,omitempty"`
	Key  string     `toml:"key,omitempty"`
	Unit sign.Unit  `toml:"unit"`
}

// schemeTOML writes a found scheme as a table for barb.toml.
func schemeTOML(s sign.Scheme) (string, error) {
	t := tomlScheme{Auth: s.Auth, Hash: s.Hash, Enc: s.Enc, Key: s.Key, Content: s.Content, Header: s.Header, Split: s.Split,
		Prefix: s.Prefix, Format: s.Format, IDIn: s.IDIn, UnsignedTime: s.UnsignedTime, NoSeparator: s.NoSeparator}
	if s.Time.Unit != "" {
		past := ageValue(s.Tolerance.Past)
		t.Time, t.Tolerance = &tomlTimestamp{s.Time.In, s.Time.Key, s.Time.Unit}, past.String()
	}
	data, err := toml.Marshal(t)
	if err != nil {
		return "", fail.Local("toml: %w", err)
	}
	return "[scheme." + s.Name + "]\n" + string(data), nil
}
