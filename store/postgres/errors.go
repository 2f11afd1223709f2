package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/address"
)

const (
	// patience is how long a statement is tried again that others, or a restart of the server, are in the way of.
	patience = 10 * time.Second
	// connectPatience is how long one host may take to answer, unless the address has a connect_timeout.
	connectPatience = 5 * time.Second
	longestPause    = 500 * time.Millisecond // between two tries
	// openPatience is how long a history is tried to open where there is no server, which may be about to start. Once it
	// is open, patience holds.
	openPatience = 2 * time.Second
)

// patiently calls do again while its error may pass, for at most patience. do must be safe to repeat.
func patiently(ctx context.Context, do func() error) error {
	return tried(ctx, do, func(error) time.Duration { return patience })
}

// tried is patiently with a patience for each error.
func tried(ctx context.Context, do func() error, patience func(error) time.Duration) error {
	begun := time.Now()
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, longestPause) {
		err := do()
		if err == nil || !mayPass(err) || ctx.Err() != nil || time.Since(begun) > patience(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause/2 + rand.N(pause)): // many processes wait for the same server
		}
	}
}

// codeOf is the code of an error that the server reported, "" for any other.
func codeOf(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// The codes that decide something, from the appendix "PostgreSQL Error Codes".
const (
	divisionByZero = "22012" // see fence and checkNames
	uniqueness     = "23505"
	noPartition    = "23514"
	readOnly       = "25006"
	deadlock       = "40P01"
	notAllowed     = "42501"
	diskFull       = "53100"
	tooMany        = "53300"
	notAvailable   = "55P03"
	cancelled      = "57014"
	starting       = "57P03"
)

// isAway reports whether the server was not reached, or went away. What was sent to it may have been done.
func isAway(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case err == nil, errors.Is(err, pgx.ErrNoRows), engine.IsOurs(err):
		return false
	case !ok:
		return isOfConnecting(err) || pgconn.Timeout(err) || address.IsOfNetwork(err)
	}
	return strings.HasPrefix(e.Code, "57P") || strings.HasPrefix(e.Code, "08") || e.Severity == "FATAL" && !isFinal(e.Code)
}

// isOfConnecting reports whether no host could be connected to, for which each has a time of its own.
func isOfConnecting(err error) bool {
	_, ok := errors.AsType[*pgconn.ConnectError](err)
	return ok
}

// patienceToOpen is short where nobody listens at the address, or no such host is known.
func patienceToOpen(err error) time.Duration {
	if isOfConnecting(err) && codeOf(err) == "" && !pgconn.Timeout(err) {
		return openPatience
	}
	return patience
}

// isFinal reports whether the server refuses for a reason that does not pass: a password, a database.
func isFinal(code string) bool {
	return strings.HasPrefix(code, "28") || strings.HasPrefix(code, "3D") || code == notAllowed
}

// mayPass reports whether the same may go well later.
func mayPass(err error) bool {
	switch code := codeOf(err); code {
	case readOnly, deadlock, "40001", tooMany, notAvailable:
		return true
	case "":
		return isAway(err) || errors.Is(err, errUnconfirmed)
	default:
		return isAway(err) && !isFinal(code)
	}
}

// isOfRow reports whether a value of one of the rows is to blame: it does not fit a type or a limit.
func isOfRow(err error) bool {
	code := codeOf(err)
	return strings.HasPrefix(code, "22") && code != divisionByZero ||
		strings.HasPrefix(code, "23") && code != uniqueness ||
		strings.HasPrefix(code, "54")
}

// translate turns an error of PostgreSQL or of the network into one of ours. A nil error and a context's own pass
// through.
func translate(name string, err error) error {
	switch {
	case err == nil, engine.IsOurs(err):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded) && !isOfConnecting(err):
		return err
	case isAway(err) && codeOf(err) != tooMany:
		return engine.Fault(name, &awayError{causeOf(err)})
	}
	switch code := codeOf(err); code {
	case diskFull:
		return engine.Fault(name, engine.ErrFull)
	case readOnly:
		return engine.Fault(name, fmt.Errorf("%w: the server takes no changes, as a standby does", engine.ErrReadOnly))
	case deadlock, notAvailable, cancelled:
		return engine.Fault(name, fmt.Errorf("%w (%s)", engine.ErrLocked, causeOf(err)))
	case tooMany:
		return engine.Fault(name, fmt.Errorf("the server has no connection free: %w", plainError(causeOf(err))))
	case "28P01", "28000":
		return engine.Fault(name, fmt.Errorf("the server refuses the user: %w", plainError(causeOf(err))))
	}
	return engine.Fault(name, plainError(causeOf(err)))
}

// forbiddenWrite is the error of a user who has no right to a table.
func (s *Engine) forbiddenWrite(err error) error {
	return engine.Fault(s.name, fmt.Errorf("%w (%w)", engine.ErrNoRight, plainError(causeOf(err))))
}

// awayError is ErrAway with the reason.
type awayError struct{ why string }

func (e *awayError) Error() string { return engine.ErrAway.Error() + ": " + e.why }

func (*awayError) Unwrap() error { return engine.ErrAway }

// plainError is a text: the errors of pgx hold the configuration, and with it the password.
type plainError string

func (e plainError) Error() string { return string(e) }

// causeOf is the innermost reason, in one line: the text of pgx lists user, database and each host that was tried.
func causeOf(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.ReplaceAll(e.Message, "\n", " ") + " (" + e.Code + ")"
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			if many, ok := err.(interface{ Unwrap() []error }); ok && len(many.Unwrap()) > 0 {
				err = many.Unwrap()[0]
				continue
			}
			return strings.ReplaceAll(err.Error(), "\n", " ")
		}
		err = inner
	}
}
