package commands

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

type eventsSaveOptions struct {
	selector        string
	as              string
	template, force bool
}

func newEventsSave(sh *shell) *cobra.Command {
	var o eventsSaveOptions
	cmd := &cobra.Command{
		Use:   "save SELECTOR",
		Short: "Save a captured webhook as a sample event of your own",
		Long: `Makes a sample event of a webhook in the history: its body byte for byte, its content
type, its scheme and the headers that say what it is. Signatures, tokens and cookies
are left out; what the body says of people is not.` + "\n" + selectorHelp,
		Example: `  barb events save 42 --as stripe:mine
  barb events save @ --as acme:order.created
  barb events save @ --as acme:order --template`,
		Args:              args(1, 1, "one selector"),
		ValidArgsFunction: sh.completeIDs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.selector = args[0]
			return runEventsSave(cmd.Context(), sh, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.as, "as", "", "its name, `NAME:TYPE`")
	f.BoolVar(&o.template, "template", false, "the body is a template: {{…}} in it is filled in when it is sent, but for {{env NAME}}")
	f.BoolVar(&o.force, "force", false, "also over one that is there, and in place of one that barb brings along")
	return cmd
}

func runEventsSave(ctx context.Context, sh *shell, o eventsSaveOptions) error {
	name, eventType, ok := splitEvent(o.as)
	switch {
	case o.as == "":
		return fail.Usage("--as says what the event is to be called").Hintf("barb events save %s --as acme:order.created", o.selector)
	case !ok:
		return fail.Usage("--as %q is not NAME:TYPE: letters, digits, dots, hyphens, and in the type slashes", o.as).Hint("--as acme:order.created")
	}
	if err := sh.checkFree(o, name, eventType); err != nil {
		return err
	}
	x, err := sh.oneCaptured(ctx, o.selector)
	if err != nil {
		return err
	}
	beside, err := sh.envelope(x, o)
	if err != nil {
		return err
	}
	file := filepath.Join(sh.eventsDir(), name, filepath.FromSlash(eventType)+extensionOf(beside.ContentType))
	if err := writeEvent(file, x.Request.Body, beside, o.force); err != nil {
		return err
	}
	if sh.json {
		e, err := readSidecar(anEvent{Event: fixture.Event{Provider: name, Type: eventType}, path: file})
		if err != nil {
			return err
		}
		return sh.emit(schema.NewEvent(&e.Event, e.path))
	}
	sh.out.Line("saved  " + o.as + "  " + ui.Size(int64(len(x.Request.Body))) + "  " + ui.EscapeLine(file))
	sh.say("barb: barb send :3000 --event %s sends it", o.as)
	return nil
}

// checkFree refuses a name that is taken, by an own event or one that barb brings along.
func (sh *shell) checkFree(o eventsSaveOptions, name, eventType string) error {
	if o.force {
		return nil
	}
	taken, isOwn, err := sh.ownEvent(name, eventType)
	switch {
	case err != nil:
		return err
	case isOwn:
		return fail.Usage("%s is there already: %s", o.as, taken.path).Hintf("barb events save %s --as %s-2, or --force", o.selector, o.as)
	}
	if _, found := fixture.Find(name, eventType); found {
		return fail.Usage("%s is an event that barb brings along", o.as).Hintf("barb events save %s --as %s:my-%s, or --force to have yours in its place", o.selector, name, filepath.Base(eventType))
	}
	return nil
}

// oneCaptured is the one exchange that a selector means.
func (sh *shell) oneCaptured(ctx context.Context, selector string) (*record.Exchange, error) {
	found, err := sh.selected(ctx, []string{selector}, &filterFlags{}, func(f *store.Filter) { f.Bodies, f.Limit = true, 2 })
	if err != nil {
		return nil, err
	}
	var one *record.Exchange
	for x, err := range found {
		switch {
		case err != nil:
			return nil, err
		case one != nil:
			return nil, fail.Usage("%s means several webhooks, and an event is one", selector).Hint("barb events save @ --as acme:order.created")
		}
		one = x
	}
	if one == nil {
		return nil, fail.Usage("nothing in the history matches").Hint("barb history lists what there is")
	}
	return one, nil
}

// envelope is what is kept of a captured webhook besides its body.
func (sh *shell) envelope(x *record.Exchange, o eventsSaveOptions) (sidecar, error) {
	if err := wholeBody(x); err != nil {
		return sidecar{}, err
	}
	scheme, _ := sh.file.catalog().Lookup(x.Scheme)
	if sh.redactor.IsMaskedOld(x) && scheme.InBody() || slices.ContainsFunc(x.Masks, func(m record.Mask) bool { return m.Part == "body" && m.Proof != "" }) {
		return sidecar{}, fail.Usage("%d came with the secret itself in its body, which the history does not keep", x.ID)
	}
	if slices.ContainsFunc(x.Masks, func(m record.Mask) bool { return m.Part == "body" }) {
		return sidecar{}, fail.Usage("the history does not keep all of the body of %d: barb show %d says what is missing", x.ID, x.ID)
	}
	s := sidecar{Schema: 1, Scheme: x.Scheme, EventType: eventToSend(x.EventType), ContentType: x.Request.Header.Get("Content-Type"),
		Headers: eventHeaders(exactFields(x), scheme), Template: o.template}
	if o.template {
		if _, err := fixture.Parse(x.Request.Body, fixture.KindOf(s.ContentType)); err != nil {
			return s, fail.Usage("the body of %d is no template: %w", x.ID, err).Hint("without --template it is sent as it is")
		}
		for i, f := range s.Headers { // their values are templates then, too
			s.Headers[i].Value = strings.ReplaceAll(f.Value, "{{", `{{"{{"}}`)
		}
	}
	return s, nil
}

// exactFields are the header fields of which the history keeps every byte.
func exactFields(x *record.Exchange) (fields record.Header) {
	for i, f := range x.Request.Header {
		part := "field " + strconv.Itoa(i)
		if !slices.ContainsFunc(x.Masks, func(m record.Mask) bool { return m.Part == part }) {
			fields = append(fields, f)
		}
	}
	return fields
}

// eventHeaders are those that say what a webhook is: that of the event type, those that begin as the scheme's own do, and
// how the body is packed. None that proves who sent it, and none that is made anew: the id and the timestamp.
func eventHeaders(h record.Header, scheme sign.Scheme) (kept []fixture.Field) {
	made := append([]string{scheme.Header, scheme.Stronger, headerOf(scheme.IDIn), headerOf(scheme.EventIn), headerOf(scheme.Time.In), headerOf(scheme.Nonce)}, scheme.Alt...)
	for _, f := range scheme.Fixed {
		made = append(made, f.Name)
	}
	for _, f := range h {
		remade := slices.ContainsFunc(made, func(name string) bool { return strings.EqualFold(name, f.Name) })
		if !remade && !mayProve(f.Name) && tellsOfEvent(f.Name, made) {
			kept = append(kept, fixture.Field(f))
		}
	}
	return kept
}

func headerOf(p sign.Place) string {
	name, _ := strings.CutPrefix(string(p), "header:")
	return name
}

// mayProve reports whether a header by its name may hold a secret or a signature.
func mayProve(name string) bool {
	lower := strings.ToLower(name)
	return slices.ContainsFunc([]string{"auth", "cookie", "secret", "token", "signature", "hmac", "key", "password", "session", "digest"},
		func(word string) bool { return strings.Contains(lower, word) })
}

// tellsOfEvent reports whether a header begins as one of the scheme's own does, X-GitHub-, or is called after events.
func tellsOfEvent(name string, own []string) bool {
	lower := strings.ToLower(name)
	if lower == "content-encoding" || strings.Contains(lower, "event") || strings.Contains(lower, "topic") {
		return true
	}
	return slices.ContainsFunc(own, func(other string) bool {
		family := familyOf(other)
		return family != "" && family != "content" && family == familyOf(name)
	})
}

// familyOf is whose a header is: "github" of X-GitHub-Event.
func familyOf(name string) string {
	family, _, found := strings.Cut(strings.TrimPrefix(strings.ToLower(name), "x-"), "-")
	if !found {
		return ""
	}
	return family
}

// writeEvent writes both files. What is beside comes first: a body without it would be taken for a template.
func writeEvent(file string, body []byte, beside sidecar, force bool) error {
	data, err := json.MarshalIndent(beside, "", "  ")
	if err != nil {
		return fail.Local("%w", err)
	}
	stem := strings.TrimSuffix(file, filepath.Ext(file))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fail.Local("%w", err)
	}
	old := []string{".event"} // without a body it is left over from a save that was cut off
	if force {
		old = append(old, extensions()...)
	}
	for _, extension := range old {
		if err := os.Remove(stem + extension); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fail.Local("%w", err)
		}
	}
	if err := writeNew(stem+".event", append(data, '\n')); err != nil {
		return err
	}
	return writeNew(file, body)
}

// writeNew writes a file that only its owner reads, and never over another.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fail.Local("%w", err)
	}
	_, err = f.Write(data)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(path)
		return fail.Local("%w", err)
	}
	return nil
}
