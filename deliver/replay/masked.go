package replay

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// restore puts back what the history masks of a captured exchange, as far as the secrets of the replay and the queue
// allow. missing are the parts that stay placeholders.
func (p *Plan) restore(ctx context.Context, captured *record.Exchange) (came *record.Exchange,
	missing []redact.Missing, err error) {
	if !p.Redactor.IsMasked(captured) {
		return captured, nil, nil
	}
	if p.Redactor.IsMaskedOld(captured) {
		if came, err = p.Redactor.RestoreOld(captured); err == nil {
			return came, nil, nil
		}
		return captured, []redact.Missing{p.oldMask(captured)}, nil
	}
	whole := *captured
	whole.Masks = slices.Clone(captured.Masks)
	if err := p.Pieces(ctx, &whole); err != nil {
		return nil, nil, err
	}
	came, missing = p.Redactor.Restore(&whole)
	return came, missing, nil
}

// oldMask returns the mask of an exchange that an earlier barb masked without noting where: it is in the scheme's own
// place.
func (p *Plan) oldMask(x *record.Exchange) redact.Missing {
	m := record.Mask{Part: "body", Secret: x.Verdict.Secret, Proof: "none", Name: "body"}
	scheme, _ := p.Lookup(x.Scheme)
	if !scheme.InBody() {
		m.Part, m.Name = "field", "header "+scheme.Header
	}
	return redact.Missing{Mask: m, Why: "an older barb did not record where the secret was"}
}

// unmet returns the part of missing that would go out as a placeholder. It leaves out what is given anew, is signed
// in the place of the old, or is not sent on.
func unmet(missing []redact.Missing, x *record.Exchange, s *signer.Signer, now time.Time) (unmet []redact.Missing) {
	if len(missing) == 0 {
		return nil
	}
	final := x.Request
	final.Header = slices.Clone(final.Header)
	if err := s.SignRequest(x, now, &final); err != nil {
		return missing
	}
	for _, m := range missing {
		name, isHeader := strings.CutPrefix(m.Mask.Name, "header ")
		var sent bool
		switch {
		case isHeader:
			sent = slices.ContainsFunc(slices.Concat(final.Header, final.Trailer), func(f record.Field) bool {
				return strings.EqualFold(f.Name, name) && strings.Contains(f.Value, redact.Placeholder)
			})
		case strings.HasPrefix(m.Mask.Part, "body"):
			sent = strings.Contains(string(final.Body), redact.Placeholder)
		default:
			sent = strings.Contains(final.URL+final.Target, redact.Placeholder)
		}
		if sent {
			unmet = append(unmet, m)
		}
	}
	return unmet
}

// withoutGiven returns a captured exchange without the masked query parameters that the target of its replay has
// itself.
func withoutGiven(came *record.Exchange, missing []redact.Missing, target string) *record.Exchange {
	if len(missing) == 0 {
		return came
	}
	to, err := url.Parse(target)
	if err != nil || to.RawQuery == "" {
		return came
	}
	given := *came
	for _, m := range missing {
		if name, ok := strings.CutPrefix(m.Mask.Name, "query "); ok && to.Query().Has(name) {
			given.Request.URL = withoutParameter(given.Request.URL, name)
			given.Request.Target = withoutParameter(given.Request.Target, name)
		}
	}
	return &given
}

// withoutParameter removes the masked parameters of a name from the query of an address. Every other byte stays.
func withoutParameter(address, name string) string {
	before, query, ok := strings.Cut(address, "?")
	if !ok {
		return address
	}
	pairs := slices.DeleteFunc(strings.Split(query, "&"), func(pair string) bool {
		key, value, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(key)
		return err == nil && key == name && strings.Contains(value, redact.Placeholder)
	})
	if len(pairs) == 0 {
		return before
	}
	return before + "?" + strings.Join(pairs, "&")
}
