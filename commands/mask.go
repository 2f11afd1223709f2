package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// redactor makes what the history keeps: without the secrets, where a scheme sends them themselves, and without what
// [history] redact names.
func (c *configFile) redactor(secrets []sign.Secret) *redact.Redactor {
	return redact.New(c.scheme, secrets, c.redact)
}

// isUnchecked reports whether a webhook came that nobody has checked: what the history keeps of it is without credentials.
func isUnchecked(x *record.Exchange) bool {
	return x.Kind == record.Received && x.Verdict.Status == record.Unchecked
}

// redacted is a received exchange as it may be kept and shown. A handshake may bring a secret: what is known to be one never
// reaches the history either.
func (g *gateway) redacted(x *record.Exchange) *record.Exchange {
	if secret, at, ok := learntIn(x); ok {
		return g.redactor.KeepLearnt(x, secret, at)
	}
	return g.redactor.Keep(x, isUnchecked(x))
}

// learntIn returns the secret that a handshake brings and where it stands.
func learntIn(x *record.Exchange) (secret sign.Secret, at string, ok bool) {
	name, ok := strings.CutPrefix(x.EventType, ui.Handshake)
	if !ok {
		return secret, "", false
	}
	h, _ := sign.LookupHandshake(name)
	secret, ok = h.Learnt(asked(&x.Request, nil))
	for _, step := range h.Steps {
		if step.Learns != "" {
			at = strings.TrimPrefix(string(step.Learns), "header:")
		}
	}
	return secret, at, ok
}

// forwardRedactor is redacted for the exchanges that forward a webhook.
func (g *gateway) forwardRedactor(of *record.Exchange) func(*record.Exchange) *record.Exchange {
	unchecked := isUnchecked(of)
	return func(f *record.Exchange) *record.Exchange { return g.redactor.Keep(f, unchecked) }
}

// errGone is what no listener can put back.
var errGone = errors.New("the history does not keep it, and the queue no longer does")

// whole returns a webhook of the queue as it came, to the byte, or says why it cannot. x stays as it was kept, and gets what
// the queue has of it.
func (g *gateway) whole(ctx context.Context, x *record.Exchange) (*record.Exchange, error) {
	return g.file.whole(ctx, g.history, x, g.redactor, g.secrets)
}

func (c *configFile) whole(ctx context.Context, history *store.Store, x *record.Exchange, r *redact.Redactor, secrets []sign.Secret) (*record.Exchange, error) {
	if len(x.Masks) == 0 {
		return c.wholeOld(x, secrets)
	}
	if err := history.Pieces(ctx, x); err != nil {
		return nil, err
	}
	came, missing := r.Restore(x)
	switch {
	case len(missing) == 0:
		return came, nil
	case slices.ContainsFunc(missing, func(m redact.Missing) bool { return m.Mask.Proof == "" }):
		return nil, fmt.Errorf("it came with %s: %w", strings.Join(masksOf(missing), ", "), errGone)
	}
	return nil, fmt.Errorf("%s, and the history does not keep it", missing[0].Why)
}

// masksOf are the names of what is missing, each once.
func masksOf(missing []redact.Missing) []string {
	var x record.Exchange
	for _, m := range missing {
		x.Masks = append(x.Masks, m.Mask)
	}
	return x.Masked()
}

// isMaskedOld reports whether an earlier barb kept the placeholder in the place of the exchange's secret, and did not note
// what it replaced.
func (c *configFile) isMaskedOld(x *record.Exchange) bool {
	scheme, ok := c.scheme(x.Scheme)
	if !ok || scheme.Auth != sign.Token || len(x.Masks) > 0 {
		return false
	}
	m := sign.Message{Header: x.Request.Header.HTTP(), Body: x.Request.Body, URL: x.Request.URL}
	return strings.Contains(scheme.Signature(m), redact.Placeholder)
}

// wholeOld puts the secret back that an earlier barb has masked, where it is certain what was replaced: there is one
// placeholder in all of the request, and one way to write the secret there that makes it as long as it was.
func (c *configFile) wholeOld(x *record.Exchange, secrets []sign.Secret) (*record.Exchange, error) {
	if !c.isMaskedOld(x) {
		return x, nil
	}
	scheme, _ := c.scheme(x.Scheme)
	i := slices.IndexFunc(secrets, func(s sign.Secret) bool { return s.Name == x.Verdict.Secret })
	if i < 0 {
		return nil, fmt.Errorf("it came with the secret %s, which the history does not keep and this barb does not have", x.Verdict.Secret)
	}
	came, ok := redact.RestoreOld(x, scheme, secrets[i])
	if !ok {
		return nil, errors.New("it came with the secret, and an earlier barb did not note where; barb replay signs it anew")
	}
	return came, nil
}

// judgeable says why the signature of a recorded exchange cannot be checked again: the history does not keep what may be a
// part of it. Credentials that the scheme does not sign do not matter.
func (c *configFile) judgeable(x *record.Exchange, asked string) error {
	if !c.isMasked(x) {
		return nil
	}
	names := x.Masked()
	if c.isMaskedOld(x) || slices.ContainsFunc(x.Masks, func(m record.Mask) bool { return m.Proof != "" }) {
		return fail.Usage("%d came with the secret itself, which the history does not keep; it was %s", x.ID, ui.Verdict(x.Verdict)).
			Hintf("barb show %d", x.ID)
	}
	scheme, known := c.scheme(cmp.Or(asked, x.Scheme))
	if known && scheme.Auth != sign.Token && scheme.JWT == nil && scheme.Code == "" && !strings.Contains(scheme.Content, "{header.") {
		signed := append([]string{scheme.Header}, scheme.Alt...)
		for _, place := range []sign.Place{scheme.IDIn, scheme.Time.In, scheme.Nonce, scheme.EventIn} {
			signed = append(signed, headerOf(place))
		}
		names = slices.DeleteFunc(names, func(name string) bool {
			header, ok := strings.CutPrefix(name, "header ")
			return ok && !slices.ContainsFunc(signed, func(s string) bool { return strings.EqualFold(s, header) })
		})
	}
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, "response ") })
	if len(names) == 0 {
		return nil
	}
	return fail.Usage("%d is kept without %s, so its signature cannot be checked any more", x.ID, strings.Join(names, ", ")).
		Hint("barb listen -s SCHEME --secret env:NAME checks webhooks as they come")
}

// isMasked reports whether the history keeps less of a request than came.
func (c *configFile) isMasked(x *record.Exchange) bool {
	return c.isMaskedOld(x) || slices.ContainsFunc(x.Masks, func(m record.Mask) bool { return !strings.HasPrefix(m.Part, "answer ") })
}
