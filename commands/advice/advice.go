// Package advice makes an error of an engine one of the command line, with its exit code. It adds the hints, and prints
// nothing.
package advice

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
)

// sentinels says, for errors that come up from the engines, which code they end in and what helps. First match wins.
var sentinels = []struct {
	is   error
	code int
	hint string
}{
	{store.ErrNotExist, fail.ExitLocal, "barb listen or barb send URL creates it; --db PATH or BARB_DB names " +
		"another"},
	{store.ErrNewer, fail.ExitLocal, "install a newer barb, or name another history with --db"},
	{store.ErrForeign, fail.ExitLocal, "name another history with --db; this one was not touched"},
	{store.ErrCorrupt, fail.ExitLocal, "move the file away to start a new history, or name another with --db"},
	{store.ErrNotOwner, fail.ExitLocal, "run it as the owner of the tables: see \"Roles and grants\" in docs/team.md"},
	{store.ErrNoRight, fail.ExitLocal, rights},
	{store.ErrLacking, fail.ExitLocal, rights},
	{store.ErrRefused, fail.ExitLocal, "psql with the same address says whether the password is right; it may be in " +
		"PGPASSWORD or ~/.pgpass"},
	{store.ErrNowhere, fail.ExitLocal, "CREATE DATABASE makes it, with the encoding UTF8; barb makes the tables in it"},
	{store.ErrStandby, fail.ExitLocal, "name all servers: postgres://USER@HOST1,HOST2/DATABASE" +
		"?target_session_attrs=read-write"},
	{store.ErrReadOnly, fail.ExitLocal, "make the file and its folder writable, or name another history with --db"},
	{store.ErrFull, fail.ExitLocal, "free some space; barb prune --older-than 7d makes the history smaller"},
	{store.ErrReplaced, fail.ExitLocal, "start it again; it then uses the new history"},
	{store.ErrLocked, fail.ExitLocal, "another process holds the history; try again, or name another with --db"},
	{store.ErrAway, fail.ExitLocal, "psql with the same address says whether the server answers; --db PATH names " +
		"a history in a file"},
	{store.ErrNotEmpty, fail.ExitUsage, "name a file that is not there yet, or a database without a history"},
	{store.ErrSame, fail.ExitUsage, "barb copy FROM TO needs two histories"},
	{store.ErrNotFound, fail.ExitUsage, "barb history lists what there is"},
	{store.ErrNoEntry, fail.ExitUsage, "barb queue lists what there is"},
	{payload.ErrNoEvent, fail.ExitUsage, "write one JSON object a line, or name a folder with a file for each"},
	{fs.ErrPermission, fail.ExitLocal, ""},
}

// rights is the hint for a user of a server who may not do something.
const rights = "docs/team.md has the rights of a listener, a worker and a reader; --db names another history"

// placeOfServer is the hint for an address that is not understood.
const placeOfServer = "postgres://USER@HOST:PORT/DATABASE; a password goes into PGPASSWORD or ~/.pgpass"

// Of gives any error its code and hints.
func Of(err error) *fail.Error {
	if f, ok := errors.AsType[*fail.Error](err); ok {
		return f
	}
	for _, s := range sentinels {
		if errors.Is(err, s.is) {
			return (&fail.Error{Code: s.code, Err: err}).Hint(s.hint)
		}
	}
	if e, ok := errors.AsType[*store.AddressError](err); ok {
		return fail.Usage("%w", e).Hint(placeOfServer)
	}
	if group, ok := strings.CutPrefix(err.Error(), "if any flags in the group ["); ok { // cobra's words
		names, _, _ := strings.Cut(group, "]")
		return fail.Usage("--%s cannot be used together", strings.Join(strings.Fields(names), " and --")).Hint(
			"leave one of them out")
	}
	if errors.Is(err, context.Canceled) {
		return &fail.Error{Code: fail.ExitInterrupted}
	}
	if e, ok := errors.AsType[*replay.MaskedError](err); ok {
		return masked(e)
	}
	if e, ok := errors.AsType[*replay.TargetError](err); ok {
		return fail.Usage("%w", e)
	}
	if f := ofPayload(err); f != nil {
		return f
	}
	if e, ok := errors.AsType[*signer.Error](err); ok {
		return ofSigner(e)
	}
	if e, ok := errors.AsType[*sign.Error](err); ok {
		return ofSign(e)
	}
	return &fail.Error{Code: fail.ExitLocal, Err: err}
}
