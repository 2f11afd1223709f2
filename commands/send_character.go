package commands

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// characterLong is what the help of send says of --as.
const characterLong = `
--as stripe delivers as Stripe does, as far as that is public (barb providers stripe): with
its scheme where -s says nothing and a secret is there, its headers and user agent, timeout,
retry schedule, what it retries, and what it says in a retry. Flags that are given beside it
go before it, -H too; it goes before barb.toml and BARB_ variables where it is a flag itself.
A 410 ends the delivery and redirects are not followed, whoever is played. With --as twilio
the fragment of the URL counts: #rc=2&rp=4xx,5xx&ct=2000&rt=5000. -v says what is in doubt.`

// characterFlags choose the provider that is played.
type characterFlags struct{ as string }

func (f *characterFlags) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.as, "as", "", "deliver as this `provider` does (barb providers lists them)")
	complete(cmd, "as", func(string) []string { return providerNames() })
}

// play puts the character into the retry flags, which make its policy, and what the fragment of the URL says about it.
func (f *characterFlags) play(sh *shell, retry *retryFlags, address string) error {
	if f.as == "" {
		return nil
	}
	p, err := lookupProvider(f.as)
	if err != nil {
		return err
	}
	retry.character = &p
	if _, fragment, ok := strings.Cut(address, "#"); ok && p.Overridden {
		if decoded, err := url.PathUnescape(fragment); err == nil {
			fragment = decoded
		}
		if retry.override, err = deliver.ParseOverride(fragment); err != nil {
			return fail.Usage("--as %s: in the URL's fragment, %w", p.Name, err).Hint("'https://example.com/hooks#rc=2&rp=4xx,5xx&ct=2000&rt=5000'")
		}
	}
	if sh.verbose {
		sh.say("barb: as %s; in doubt: %s", p.Title, p.Doubt)
		if len(retry.override.Ignored) > 0 {
			sh.say("barb: of the URL's fragment, %s mean nothing here", strings.Join(retry.override.Ignored, ", "))
		}
	}
	return nil
}

// lookupProvider finds a provider; an unknown one comes with the nearest.
func lookupProvider(name string) (deliver.Provider, error) {
	p, ok := deliver.LookupProvider(strings.ToLower(name))
	if !ok {
		return p, fail.Usage("--as %q is not known", name).
			Hint(fail.DidYouMean("--as ", fail.Nearest(strings.ToLower(name), providerNames()), "--as "+strings.Join(providerNames(), ", ")))
	}
	return p, nil
}

// characterPolicy is the policy of the provider that is played, with what of p was asked for at least as loudly.
func (f *retryFlags) characterPolicy(sh *shell, p deliver.Policy) (deliver.Policy, error) {
	if f.character == nil {
		return p, nil
	}
	played, err := f.character.Policy()
	if err == nil {
		err = f.override.Apply(&played)
	}
	if err != nil {
		return p, err
	}
	for flag, take := range map[string]func(){
		"retries":   func() { played.Retries = p.Retries },
		"base":      func() { played.Base = p.Base },
		"max-delay": func() { played.MaxDelay = p.MaxDelay },
		"jitter":    func() { played.NoJitter = p.NoJitter },
		"retry-on":  func() { played.RetryOn = p.RetryOn },
		"timeout":   func() { played.Timeout = p.Timeout },
		"deadline":  func() { played.Deadline = p.Deadline },
	} {
		if sh.overrules(flag, "as") {
			take()
		}
	}
	if sh.overrules("backoff", "as") {
		played.Backoff, played.Schedule, played.Vary = p.Backoff, p.Schedule, 0
		if !sh.overrules("retries", "as") && p.Backoff == deliver.Schedule {
			played.Retries = len(p.Schedule)
		}
	}
	if within := cmp.Or(f.override.Connect, f.character.Connect); within > 0 && !sh.overrules("connect-timeout", "as") {
		f.connectIn = within
	}
	return played, nil
}

// dress gives a request what the provider's own have besides the signature. What is there already, from -H, stays.
func (f *retryFlags) dress(sh *shell, x *record.Exchange, contentType string) {
	p := f.character
	if p == nil {
		return
	}
	h := x.Request.Header
	if contentType == "" && p.ContentType != "" && bodyKind(h.Get("Content-Type")) == bodyKind(p.ContentType) {
		h = h.Set("Content-Type", p.ContentType)
	}
	fill := strings.NewReplacer("{id}", x.WebhookID, "{event}", x.EventType, "{time}", sh.Now().UTC().Format(time.RFC3339Nano))
	forms := append([]deliver.FieldForm{{Name: "User-Agent", Value: f.userAgent()}}, p.Headers...)
	for _, form := range forms {
		field := record.Field{Name: form.Name, Value: strings.Replace(fill.Replace(form.Value), "{uuid}", uuid.NewString(), 1)}
		if !h.Has(form.Name) && field.Value != "" && record.CheckField(field) == nil {
			h = append(slices.Clip(h), field)
		}
	}
	x.Request.Header = h
}

// bodyKind is what a body is, as far as providers differ: JSON, or a form, which is text.
func bodyKind(contentType string) string {
	if strings.Contains(contentType, "json") {
		return "json"
	}
	if strings.HasPrefix(contentType, "text/plain") || strings.Contains(contentType, "x-www-form-urlencoded") {
		return "form"
	}
	return contentType
}

// userAgent is the form of the provider's, with barb where a number of its own stands.
func (f *retryFlags) userAgent() string {
	before, rest, ok := strings.Cut(f.character.UserAgent, "<")
	if !ok {
		return before
	}
	_, after, _ := strings.Cut(rest, ">")
	return before + "barb" + after
}

// characterNote is what the provider that is played would do with the endpoint after the last attempt, "" for nothing.
func characterNote(as string, a *deliver.Attempt) string {
	if as == "" {
		return ""
	}
	p, ok := deliver.LookupProvider(as)
	if !ok {
		return ""
	}
	status := a.Exchange.Status()
	switch {
	case status == 410 && p.Gone != "":
		return p.Name + " would now " + p.Gone
	case status == 410:
		return p.Name + " takes a 410 for a failure like others"
	case a.Decision != deliver.Exhausted && a.Decision != deliver.OutOfTime:
		return ""
	case p.Exhausted != "" && a.Exchange.Attempt > p.Retries:
		return p.Name + " would now " + p.Exhausted
	case p.Disables != "":
		return p.Name + " switches an endpoint off " + p.Disables
	}
	return ""
}

// signedAt is when an attempt was signed, "" where that is not said: without a scheme that signs a time, or where time runs
// as ever and nobody asked.
func (c *courier) signedAt(x *record.Exchange) string {
	if !c.sign.signs || c.sign.scheme.Time.Unit == "" || !c.verbose && c.sender.Policy.Speed == 0 {
		return ""
	}
	return "signed " + x.Start.Local().Format(time.TimeOnly)
}

// emitAttempt prints an attempt as JSON, with what only its sender knows.
func (c *courier) emitAttempt(a *deliver.Attempt, kept *record.Exchange) error {
	line := export.JSON(kept, c.with)
	if a.Scheduled != a.Wait {
		line.ScheduleMS = a.Scheduled.Milliseconds()
	}
	line.Note = characterNote(c.sender.Policy.As, a)
	return c.emit(line)
}

// characterSigner is the signer of the flags; where a provider is played and no scheme was asked for as loudly, of the
// provider's scheme, or of none where there is no secret.
func (sh *shell) characterSigner(ctx context.Context, o *sendOptions, r *record.Request) (*signer, error) {
	p := o.character
	if p == nil || sh.overrules("scheme", "as") {
		return sh.signer(ctx, &o.schemeFlags, r)
	}
	file, err := sh.configuration()
	if err != nil {
		return nil, err
	}
	if len(sh.secretRefs(o.secrets, file.routeOf(p.Scheme, urlPath(r.URL)))) == 0 {
		sh.say("barb: this goes out unsigned; with --secret it is signed as %s does it", p.Name)
		scheme, err := file.lookupScheme(p.Scheme)
		s := &signer{uuids: p.UUIDs}
		if field, ok := strings.CutPrefix(string(scheme.IDIn), "header:"); ok {
			s.idField = field
		}
		return s, err
	}
	o.scheme = p.Scheme
	s, err := sh.signer(ctx, &o.schemeFlags, r)
	if err == nil {
		s.uuids = p.UUIDs
	}
	return s, err
}
