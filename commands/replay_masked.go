package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// came puts back what the history masks of a captured exchange, as far as it can be: by the secrets that the replay has, and
// by what the queue keeps. missing is what a placeholder still stands for.
func (r *replayer) came(ctx context.Context, captured *record.Exchange, s *signer) (came *record.Exchange, missing []redact.Missing, err error) {
	if !r.file.isMasked(captured) {
		return captured, nil, nil
	}
	if r.file.isMaskedOld(captured) {
		if came, err = r.file.wholeOld(captured, s.secrets); err == nil {
			return came, nil, nil
		}
		return captured, []redact.Missing{oldMask(captured, r.file)}, nil
	}
	whole := *captured
	whole.Masks = slices.Clone(captured.Masks)
	if err := r.history.Pieces(ctx, &whole); err != nil {
		return nil, nil, err
	}
	came, missing = s.redactorOf(r.file).Restore(&whole)
	return came, missing, nil
}

// oldMask is the mask that an earlier barb did not note: it stands in the scheme's own place.
func oldMask(x *record.Exchange, file *configFile) redact.Missing {
	m := record.Mask{Part: "body", Secret: x.Verdict.Secret, Proof: "none", Name: "body"}
	scheme, _ := file.scheme(x.Scheme)
	if !scheme.InBody() {
		m.Part, m.Name = "field", "header "+scheme.Header
	}
	return redact.Missing{Mask: m, Why: "an earlier barb did not note where the secret was"}
}

// unmet is what of the missing would go out as a placeholder. What is given anew (-H, --set), signed in the place of the old
// or not sent on is not among it.
func (r *replayer) unmet(missing []redact.Missing, x *record.Exchange, s *signer) (unmet []redact.Missing) {
	if len(missing) == 0 {
		return nil
	}
	final := x.Request
	final.Header = slices.Clone(final.Header)
	if err := s.signRequest(x, r.Now(), &final); err != nil {
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
	names := masksOf(missing)
	if !slices.ContainsFunc(missing, func(m redact.Missing) bool { return m.Mask.Proof == "" }) {
		return usage("%d came with the secret itself, which the history does not keep: %s", captured.ID, missing[0].Why).
			hintf("barb replay %d --secret env:NAME", captured.ID)
	}
	hint := ""
	for _, name := range names {
		if header, ok := strings.CutPrefix(name, "header "); ok {
			hint += " -H '" + header + ": …'"
		}
	}
	problem := usage("%d is kept without %s: nobody had checked it", captured.ID, strings.Join(names, ", "))
	if !slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, "header ") }) {
		return problem.hintf("barb show %d says what was kept", captured.ID)
	}
	return problem.hintf("barb replay %d%s", captured.ID, hint)
}
