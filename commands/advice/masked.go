package advice

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// masked says what a replay lacks, with the command that adds it.
func masked(e *replay.MaskedError) *fail.Error {
	missing := e.Missing
	names := redact.Names(missing)
	if !slices.ContainsFunc(missing, func(m redact.Missing) bool { return m.Mask.Proof == "" }) {
		return fail.Usage("webhook %d contains the secret itself, which the history does not store: %s", e.ID,
			missing[0].Why).Hint(ui.ReplayWithSecret(e.ID))
	}
	which := strconv.FormatInt(e.ID, 10)
	if len(e.Files) > 0 {
		which = shell(e.Files)
	}
	return fail.Usage("webhook %d is stored without %s", e.ID, ui.Clip(strings.Join(names, ", "), 200)).
		Hint(ui.ReplayWith(which, names))
}

// shell writes names of files for a command line.
func shell(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = export.Quote(name)
	}
	return strings.Join(quoted, " ")
}

// Whole is the error for an exchange whose body was kept only in part: what is left can be shown, but neither
// checked nor sent.
func Whole(x *record.Exchange) error {
	if _, cut := x.Marked(record.Truncated); !cut {
		return nil
	}
	why := "its signature was bad"
	if _, unrouted := x.Marked(record.Unrouted); unrouted {
		why = "no route has its path"
	}
	return fail.Usage("webhook %d has only the first 64 KiB of its body, because %s", x.ID, why).
		Hintf("barb listen --keep-invalid records whole bodies; barb show %d shows what there is", x.ID)
}

// Judgeable says why the signature of a recorded exchange cannot be checked again under the scheme that was asked for:
// the history does not store what may be a part of it.
func Judgeable(r *redact.Redactor, x *record.Exchange, asked string) error {
	if r.IsMaskedOld(x) || slices.ContainsFunc(x.Masks, func(m record.Mask) bool { return m.Proof != "" }) {
		return fail.Usage("webhook %d contains the secret itself, which the history does not store; its verdict was %s", x.ID,
			x.Verdict.Words()).
			Hintf("barb show %d", x.ID)
	}
	if names := r.Unsigned(x, cmp.Or(asked, x.Scheme)); len(names) > 0 {
		return fail.Usage("webhook %d is stored without %s, so its signature cannot be checked any more", x.ID,
			strings.Join(names, ", ")).
			Hint("barb listen -s SCHEME --secret env:NAME checks webhooks as they come")
	}
	return nil
}
