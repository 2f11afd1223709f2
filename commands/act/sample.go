package act

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/barbhq/barb/commands/advice"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// Sample is how a webhook is saved as a sample event.
type Sample struct {
	Name     string // NAME:TYPE
	Template bool   // its body is filled in when it is sent
	Force    bool   // it may replace a sample, and hide a built-in one
}

// Sample saves a webhook as a sample event, as barb events save does. Source of what it returns is the body.
func (a *Actions) Sample(ctx context.Context, id int64, s Sample) (saved payload.Sample, err error) {
	if err = a.CheckSample(s, strconv.FormatInt(id, 10)); err != nil {
		return saved, err
	}
	name, eventType, _ := payload.ParseName(s.Name)
	w, err := webhooks.Get(ctx, a.Shell.History, id, a.Shell.Now())
	if err != nil {
		return saved, err
	}
	x, err := a.Shell.History.Get(ctx, w.Last().ID)
	if err != nil {
		return saved, err
	}
	meta, err := a.envelope(x, s)
	if err != nil {
		return saved, err
	}
	saved, err = a.Shell.Samples().Save(name, eventType, x.Request.Body, meta, s.Force)
	saved.Source = x.Request.Body
	return saved, err
}

// SampleName returns a name that is free for a sample of an exchange; "" where it has none.
func SampleName(x *record.Exchange) string {
	name := "my-" + x.Scheme + ":" + record.EventToSend(x.EventType)
	if _, _, ok := payload.ParseName(name); !ok || x.Scheme == "" {
		return ""
	}
	return name
}

// CheckSample refuses a name that is none, or that an own or a built-in event has. The history is not read. Hints name
// the webhook by a selector.
func (a *Actions) CheckSample(s Sample, selector string) error {
	name, eventType, ok := payload.ParseName(s.Name)
	switch {
	case !ok:
		return fail.Usage("--as %q is not NAME:TYPE: letters, digits, dots, hyphens, and in the type slashes",
			s.Name).Hint("--as acme:order.created")
	case s.Force:
		return nil
	}
	taken, isOwn, err := a.Shell.Samples().Load(name, eventType)
	switch {
	case err != nil:
		return err
	case isOwn:
		return fail.Usage("%s already exists: %s", s.Name, taken.Path).Hintf("barb events save %s --as %s-2, or --force",
			selector, s.Name)
	}
	if _, found := fixture.Find(name, eventType); found {
		return fail.Usage("%s is a built-in event", s.Name).Hintf("barb events save %s --as %s:my-%s, or "+
			"--force to use yours instead", selector, name, filepath.Base(eventType))
	}
	return nil
}

// envelope returns what is kept of a captured webhook besides its body.
func (a *Actions) envelope(x *record.Exchange, s Sample) (payload.Meta, error) {
	if err := advice.Whole(x); err != nil {
		return payload.Meta{}, err
	}
	scheme, _ := a.Shell.File.Catalog().Lookup(x.Scheme)
	inBody := func(m record.Mask) bool { return m.Part == "body" }
	proving := func(m record.Mask) bool { return m.Part == "body" && m.Proof != "" }
	switch {
	case a.Shell.Redactor.IsMaskedOld(x) && scheme.InBody() || slices.ContainsFunc(x.Masks, proving):
		return payload.Meta{}, fail.Usage("webhook %d contains the secret itself in its body, which the history "+
			"does not store", x.ID)
	case slices.ContainsFunc(x.Masks, inBody):
		return payload.Meta{}, fail.Usage("the history does not store the whole body of webhook %d: barb show %d says "+
			"what is missing", x.ID, x.ID)
	}
	meta := payload.MetaOf(x, record.EventToSend(x.EventType), scheme)
	if s.Template {
		if err := meta.AsTemplate(x.Request.Body); err != nil {
			return meta, fail.Usage("the body of %d is not a valid template: %w", x.ID,
				err).Hint("without --template it is sent unchanged")
		}
	}
	return meta, nil
}
