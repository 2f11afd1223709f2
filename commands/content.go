package commands

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/deliver/edit"
	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// changeFlags change a payload before it is signed and sent; they mean the same in send and replay.
type changeFlags struct {
	sets []string
	edit bool
	seed flags.Seed
}

func (f *changeFlags) addFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringArrayVar(&f.sets, "set", nil, "set a field of the payload, `PATH=VALUE`: data.amount=1200, items[0].sku=x; {{…}} in the value is filled in (repeatable)")
	set.BoolVar(&f.edit, "edit", false, "open the payload in $VISUAL or $EDITOR before it is sent")
	set.Var(&f.seed, "seed", "fill in {{…}} as another run did (default: a new one, said with -v)")
}

// changed reports whether the payload does not stay what it is.
func (f *changeFlags) changed() bool { return len(f.sets) > 0 || f.edit }

// values are what templates are filled with, but for the number of the message.
func (f *changeFlags) values(sh *shell) fixture.Values {
	v := fixture.Values{Number: 1, Now: sh.Now()}
	if f.seed.Seed != nil {
		v.Seed = *f.seed.Seed
		return v
	}
	v.Seed = uint64(sh.Rand() * (1 << 53))
	return v
}

// templateEnv is what {{env NAME}} looks up. What is known to be a secret is refused: payloads are kept in the history.
func (sh *shell) templateEnv(name string) (string, error) {
	text := sh.Getenv(name)
	switch {
	case sh.isSecretVariable(name + "=" + text):
		return "", errors.New("it holds a secret, and payloads are kept in the history")
	case text == "":
		return "", errors.New("the variable is not set, or empty")
	}
	return text, nil
}

// change is one --set.
type change struct {
	text  string
	path  string
	value *fixture.Template
}

// changes parses the --set flags.
func (f *changeFlags) changes() ([]change, error) {
	all := make([]change, len(f.sets))
	for i, text := range f.sets {
		field, err := edit.Parse(text)
		if err != nil {
			return nil, fail.Usage("--set %w", err).Hint("--set data.amount=1200")
		}
		value, err := fixture.Parse([]byte(field.Value), fixture.Text)
		if err != nil {
			return nil, fail.Usage("--set %s: %w", field.Path, err).Hint("--set 'id={{uuid}}'; {{\"{{\"}} stands for the braces themselves")
		}
		all[i] = change{text, field.Path, value}
	}
	return all, nil
}

// apply makes the changes to a body.
func (sh *shell) apply(changes []change, body []byte, contentType string, v fixture.Values) ([]byte, error) {
	v.Env = sh.templateEnv
	for _, c := range changes {
		value, err := c.value.Render(v)
		if err == nil {
			body, err = edit.Field{Path: c.path, Value: string(value)}.Apply(body, contentType)
		}
		if errors.Is(err, edit.ErrUnstructured) {
			return nil, fail.Usage("--set %s: %w", c.text, err).Hint("--edit changes any payload")
		}
		if err != nil {
			return nil, fail.Usage("--set %s: %w", c.text, err)
		}
	}
	return body, nil
}

// contentFlags say what is sent, besides -d.
type contentFlags struct {
	changeFlags
	template  bool
	dataGiven bool // by -d, also when it is empty
}

func (f *contentFlags) addFlags(cmd *cobra.Command) {
	f.changeFlags.addFlags(cmd)
	cmd.Flags().BoolVar(&f.template, "template", false, "fill in {{…}} in the payload of -d, as in sample events: {{uuid}}, {{seq}}, {{env NAME}}")
}

// content makes the payloads of a command, one for each message of a batch: what -d says or a sample event, with the
// changes of --set and --edit.
type content struct {
	*shell
	sample      *fixture.Event // nil with -d
	draft       *fixture.Draft
	mayEnv      bool // its template may read the environment
	changes     []change
	values      fixture.Values
	contentType string
	given       record.Header // what -H says goes before what a sample has
	keepID      bool          // --id was given
	edited      []byte        // by --edit, for all messages
}

// content finds out what is sent; a sample event also says what it is signed with, unless that was said.
func (sh *shell) content(o *sendOptions) (*content, error) {
	c := &content{shell: sh, values: o.values(sh), keepID: o.id != "", contentType: o.contentType}
	var err error
	if c.changes, err = o.changes(); err != nil {
		return nil, err
	}
	if c.given, err = o.header(sh); err != nil {
		return nil, err
	}
	c.contentType = cmp.Or(c.contentType, c.given.Get("Content-Type"))
	if o.listed() {
		return c, o.checkList()
	}
	if !o.dataGiven && strings.Contains(o.event, ":") {
		return c, c.takeSample(o)
	}
	return c, c.takeData(o)
}

// takeSample makes the named sample event the content.
func (c *content) takeSample(o *sendOptions) error {
	if o.template {
		return fail.Usage("--template fills in the payload of -d; a sample event is filled in by itself").Hintf("barb send URL --event %s", o.event)
	}
	own, err := c.findEvent(o.event)
	if err != nil {
		return err
	}
	c.sample, c.mayEnv = &own.Event, own.MayReadEnv()
	c.contentType = cmp.Or(c.contentType, c.sample.ContentType)
	c.draft, err = c.sample.Draft()
	if err != nil {
		return fail.Usage("%s: %w", own.Origin(), err)
	}
	o.event = ""
	return nil
}

// takeData makes the payload of -d the content.
func (c *content) takeData(o *sendOptions) error {
	body, err := c.sendBody(*o)
	if err != nil {
		return err
	}
	if c.contentType == "" && len(body) > 0 {
		c.contentType = guessType(body)
	} else if c.contentType == "" && len(o.sets) > 0 {
		c.contentType = "application/json"
	}
	e := fixture.Event{Source: body, Plain: !o.template, Kind: fixture.KindOf(c.contentType)}
	c.mayEnv = o.template
	if c.draft, err = e.Draft(); err != nil {
		return fail.Usage("-d: %w", err).Hint("without --template the payload is sent as it is")
	}
	return nil
}

// checkList refuses what a list of events cannot have.
func (o *sendOptions) checkList() error {
	switch {
	case o.template:
		return fail.Usage("--template is for one payload, not for a list of events").Hint("--set 'id={{uuid}}' fills in a field of each")
	case o.edit:
		return fail.Usage("--edit is for one payload, not for a list of events").Hint("--set PATH=VALUE changes each")
	}
	return nil
}

// constant reports whether every message has the same payload.
func (c *content) constant() bool {
	varies := slices.ContainsFunc(c.changes, func(one change) bool { return !one.value.Constant() })
	return c.edited != nil || c.draft.Constant() && !varies
}

// message makes the payload of message n of a batch, the first being 1. It may be called by several goroutines, and gives
// the same for the same n.
func (c *content) message(n int) (fixture.Payload, error) {
	v := c.values
	v.Number = n
	if c.mayEnv {
		v.Env = c.templateEnv
	}
	p, err := c.draft.Render(v)
	if err != nil {
		return p, fail.Usage("the payload: %w", err)
	}
	if p.Body, err = c.apply(c.changes, p.Body, c.contentType, v); err != nil {
		return p, err
	}
	if c.edited != nil {
		p.Body = c.edited
	}
	return p, nil
}

// print tells whether the payload is the one of another time, whatever the time is.
func (c *content) print() (string, error) {
	fixed := *c
	fixed.values.Now = time.Unix(0, 0).UTC()
	p, err := fixed.message(1)
	return sha256Of(p.Body), err
}

// first makes x the first message, after whoever asked for it has edited it.
func (c *content) first(x *record.Exchange, s *signing, edit bool) error {
	if edit {
		if err := c.editOnce(); err != nil {
			return err
		}
	}
	if c.verbose && !c.constant() {
		c.say("barb: --seed %d fills in the same again", c.values.Seed)
	}
	return c.fill(x, s, 1)
}

// editOnce opens the payload of the first message in the editor. What it becomes is sent as it then is, in every message.
func (c *content) editOnce() error {
	p, err := c.message(1)
	if err != nil {
		return err
	}
	c.edited, err = c.openEditor(p.Body, c.contentType)
	return err
}

// fill makes x message n: its body, the headers that a sample event has, and the names it goes by.
func (c *content) fill(x *record.Exchange, s *signing, n int) error {
	p, err := c.message(n)
	if err != nil {
		return err
	}
	x.Request.Body = p.Body
	for _, f := range p.Header {
		if c.given.Has(f.Name) {
			continue
		}
		if err := record.CheckField(record.Field(f)); err != nil {
			return fail.Usage("%s:%s: header %s: %w", c.sample.Provider, c.sample.Type, f.Name, err)
		}
		x.Request.Header = x.Request.Header.Set(f.Name, f.Value)
	}
	c.name(x, s, p.ID)
	return nil
}

// take makes x message n of a list of events, of which body is one.
func (c *content) take(x *record.Exchange, s *signing, body []byte, n int) error {
	contentType := c.contentType
	if contentType == "" && len(body) > 0 {
		contentType = guessType(body)
	}
	v := c.values
	v.Number = n
	body, err := c.apply(c.changes, body, contentType, v)
	if err != nil {
		return err
	}
	x.Request.Body = body
	if contentType != "" && !x.Request.Header.Has("Content-Type") {
		x.Request.Header = x.Request.Header.Set("Content-Type", contentType)
	}
	c.name(x, s, "")
	return nil
}

// name gives x the id and event type that its payload holds where the scheme says they stand, or that come with a sample
// event. What signing would add is also there when nothing is signed.
func (c *content) name(x *record.Exchange, s *signing, id string) {
	scheme := s.Scheme
	if !s.Signs() && c.sample != nil {
		scheme, _ = c.file.catalog().Lookup(c.sample.Scheme)
	}
	m := sign.Message{Header: x.Request.Header.HTTP(), URL: x.Request.URL, Body: x.Request.Body}
	if !c.keepID {
		x.WebhookID = cmp.Or(idInBody(scheme, m), id, x.WebhookID)
	}
	if c.sample == nil {
		s.Describe(x)
		return
	}
	x.EventType = ""
	s.Describe(x)
	x.EventType = cmp.Or(x.EventType, scheme.Event(m), c.sample.EventName())
	if !s.Signs() {
		x.Request.Header = c.announce(x.Request.Header, scheme.IDIn, x.WebhookID)
		x.Request.Header = c.announce(x.Request.Header, scheme.EventIn, x.EventType)
	}
}

// idInBody is the webhook id where the scheme has it in the payload.
func idInBody(scheme sign.Scheme, m sign.Message) string {
	if strings.HasPrefix(string(scheme.IDIn), "header:") {
		return ""
	}
	return scheme.ID(m)
}

// announce puts a value into the header that a scheme has for it.
func (c *content) announce(h record.Header, place sign.Place, value string) record.Header {
	name, inHeader := strings.CutPrefix(string(place), "header:")
	if !inHeader || c.given.Has(name) {
		return h
	}
	return h.Set(name, value)
}

// defaultScheme is what a sample event is signed with when nothing says otherwise and there is a secret.
func (c *content) defaultScheme(f *schemeFlags, target string) error {
	file, err := c.configuration()
	if err != nil || c.sample == nil || c.sample.Scheme == "" {
		return err
	}
	if f.scheme != "" && (f.scheme != "auto" || c.settings["scheme"] == "flag") {
		return nil
	}
	row := file.routes.ForScheme("", urlPath(target))
	if (row == nil || row.Scheme == "") && len(c.secretRefs(f.secrets, row)) > 0 {
		f.scheme = c.sample.Scheme
	}
	return nil
}

// openEditor lets the person change a payload.
func (sh *shell) openEditor(body []byte, contentType string) ([]byte, error) {
	changed, err := sh.editor().edit(body, payload.Extension(contentType))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fail.Usage("--edit: %w", err).Hint("EDITOR=nano barb …")
	}
	return changed, err
}

func sha256Of(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
