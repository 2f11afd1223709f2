package commands

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// came puts back what the history masks of a captured exchange, as far as it can be: by the secrets that the replay has, and
// by what the queue keeps. missing is what a placeholder still stands for.
func (r *replayer) came(ctx context.Context, captured *record.Exchange) (came *record.Exchange, missing []redact.Missing, err error) {
	if !r.redactor.IsMasked(captured) {
		return captured, nil, nil
	}
	if r.redactor.IsMaskedOld(captured) {
		if came, err = r.redactor.RestoreOld(captured); err == nil {
			return came, nil, nil
		}
		return captured, []redact.Missing{oldMask(captured, r.file)}, nil
	}
	whole := *captured
	whole.Masks = slices.Clone(captured.Masks)
	if err := r.history.Pieces(ctx, &whole); err != nil {
		return nil, nil, err
	}
	came, missing = r.redactor.Restore(&whole)
	return came, missing, nil
}

// oldMask is the mask that an earlier barb did not note: it stands in the scheme's own place.
func oldMask(x *record.Exchange, file *configFile) redact.Missing {
	m := record.Mask{Part: "body", Secret: x.Verdict.Secret, Proof: "none", Name: "body"}
	scheme, _ := file.catalog().Lookup(x.Scheme)
	if !scheme.InBody() {
		m.Part, m.Name = "field", "header "+scheme.Header
	}
	return redact.Missing{Mask: m, Why: "an earlier barb did not note where the secret was"}
}

// unmet is what of the missing would go out as a placeholder. What is given anew (-H, --set), signed in the place of the old
// or not sent on is not among it.
func (r *replayer) unmet(missing []redact.Missing, x *record.Exchange, s *signing) (unmet []redact.Missing) {
	if len(missing) == 0 {
		return nil
	}
	final := x.Request
	final.Header = slices.Clone(final.Header)
	if err := s.SignRequest(x, r.Now(), &final); err != nil {
		return missing
	}
	for _, m := range missing {
		name, isHeader := strings.CutPrefix(m.Mask.Name, "header ")
		var sent bool
		switch {
		case isHeader:
			sent = slices.ContainsFunc(append(slices.Clone(final.Header), final.Trailer...), func(f record.Field) bool {
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

// unkept says what a replay lacks, with the command that brings it.
func unkept(captured *record.Exchange, missing []redact.Missing) error {
	names := redact.Names(missing)
	if !slices.ContainsFunc(missing, func(m redact.Missing) bool { return m.Mask.Proof == "" }) {
		return fail.Usage("%d came with the secret itself, which the history does not keep: %s", captured.ID, missing[0].Why).
			Hintf("barb replay %d --secret env:NAME", captured.ID)
	}
	hint := ""
	for _, name := range names {
		kind, what, _ := strings.Cut(name, " ")
		switch {
		case kind == "header":
			hint += " -H '" + what + ": …'"
		case kind == "query":
			hint += " --to 'http://localhost:3000?" + what + "=…'"
		case kind == "body" && strings.HasPrefix(what, "/"):
			hint += " --set " + strings.ReplaceAll(what[1:], "/", ".") + "=…"
		}
	}
	return fail.Usage("%d is kept without %s", captured.ID, ui.Clip(strings.Join(names, ", "), 200)).
		Hintf("barb replay %d%s", captured.ID, ui.Clip(hint, 300))
}

// withoutGiven is a captured exchange without the masked query parameters that the target of its replay brings itself.
func withoutGiven(came *record.Exchange, missing []redact.Missing, target string) *record.Exchange {
	to, err := url.Parse(target)
	if err != nil || to.RawQuery == "" || len(missing) == 0 {
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

// withoutParameter takes the masked parameters of a name out of the query of an address; every other byte stays.
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
