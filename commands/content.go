package commands

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
)

// contentFlags say what is sent, besides -d.
type contentFlags struct {
	flags.Change
	template  bool
	dataGiven bool // by -d, also when it is empty
}

func (f *contentFlags) addFlags(cmd *cobra.Command) {
	f.AddFlags(cmd)
	cmd.Flags().BoolVar(&f.template, "template", false, "fill in {{…}} in the payload of -d: {{uuid}}, {{seq}}, "+
		"{{env NAME}}")
}

// content finds out what is sent. A sample event also says what it is signed with, unless flags do.
func content(ctx context.Context, sh *shell.Shell, o *sendOptions) (*payload.Content, error) {
	values := o.Values(o.clock(sh), sh.Rand, sh.TemplateEnv())
	c := &payload.Content{Values: values, KeepID: o.id != "", Type: o.contentType}
	var err error
	if c.Changes, err = o.Changes(); err != nil {
		return nil, err
	}
	if c.Given, err = o.Header(sh.In); err != nil {
		return nil, err
	}
	credentials, err := o.user.Header(sh.HeaderSecret(ctx), sh.Warn)
	if err != nil {
		return nil, err
	}
	for _, field := range credentials { // the password's own spelling is not what is sent
		sh.Redactor.AddField(field)
	}
	c.Given = append(c.Given, credentials...)
	c.Type = cmp.Or(c.Type, c.Given.Get("Content-Type"))
	if o.listed() {
		return c, o.checkList()
	}
	isProvider := slices.Contains(fixture.Providers(), sh.Samples().Provider(o.event)) // without a type: an error
	if !o.dataGiven && (strings.Contains(o.event, ":") || isProvider) {
		return c, takeSample(sh, c, o)
	}
	if !o.dataGiven && o.event != "" {
		if names := sh.Samples().OfType(o.event); len(names) > 0 {
			sh.Note("the body is empty; --event %s sends a sample event", strings.Join(names, " or "))
		}
	}
	return c, takeData(sh, c, o)
}

// takeSample makes the named sample event the content.
func takeSample(sh *shell.Shell, c *payload.Content, o *sendOptions) error {
	if o.template {
		return fail.Usage("--template fills in the payload of -d; a sample event is filled in by itself").
			Hintf("barb send URL --event %s", o.event)
	}
	own, err := sh.Samples().Named(o.event)
	if err != nil {
		return err
	}
	c.Sample, c.MayReadEnv = &own.Event, own.MayReadEnv()
	c.Scheme, _ = sh.File.Catalog().Lookup(own.Scheme)
	c.Type = cmp.Or(c.Type, own.ContentType)
	if c.Draft, err = own.Draft(); err != nil {
		return fail.Usage("%s: %w", own.Origin(), err)
	}
	o.event = ""
	return nil
}

// takeData makes the payload of -d the content.
func takeData(sh *shell.Shell, c *payload.Content, o *sendOptions) error {
	body, err := sendBody(sh, o)
	if err != nil {
		return err
	}
	if c.Type == "" && len(body) > 0 {
		c.Type = payload.GuessType(body)
	} else if c.Type == "" && len(o.Sets) > 0 {
		c.Type = "application/json"
	}
	e := fixture.Event{Source: body, Plain: !o.template, Kind: fixture.KindOf(c.Type)}
	c.MayReadEnv = o.template
	if c.Draft, err = e.Draft(); err != nil {
		return fail.Usage("-d: %w", err).Hint("without --template the payload is sent unchanged")
	}
	return nil
}

// checkList refuses what a list of events cannot have.
func (o *sendOptions) checkList() error {
	switch {
	case o.template:
		return fail.Usage("--template is for one payload, not for a list of events").Hint(
			"--set 'id={{uuid}}' fills in a field of each")
	case o.Edit:
		return fail.Usage("--edit is for one payload, not for a list of events").Hint("--set PATH=VALUE changes each")
	}
	return nil
}

// editOnce opens the payload of the first message in the editor. Every message has the payload that was saved there.
func editOnce(sh *shell.Shell, c *payload.Content) error {
	p, err := c.Message(1)
	if err != nil {
		return err
	}
	c.Edited, err = sh.EditPayload(p.Body, c.Type)
	return err
}

// defaultScheme signs a sample event by its own scheme, where nothing says otherwise and there is a secret.
func defaultScheme(sh *shell.Shell, c *payload.Content, f *flags.Signing, target string) {
	if c.Sample == nil || c.Sample.Scheme == "" ||
		f.Scheme != "" && (f.Scheme != "auto" || sh.Settings["scheme"] == "flag") {
		return
	}
	row := sh.File.Routes.ForScheme("", shell.URLPath(target))
	if (row == nil || row.Scheme == "") && len(sh.SecretRefs(f.Secrets, row)) > 0 {
		f.Scheme = c.Sample.Scheme
	}
}

// warnOfName warns of a payload that is the name of a file: as with curl, -d NAME is the text.
func warnOfName(sh *shell.Shell, data string) {
	if infile.IsFile(data) {
		sh.Warn("-d %s is that text; -d @%s is the file", data, data)
	}
}
