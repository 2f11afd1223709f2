// Package reason reads the errors of a PostgreSQL server.
//
// It says whether the same may go well later, and what to tell a person. What it tells has no password in it, which the
// errors of pgx have.
package reason

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/barbhq/barb/store/engine"
)

// ErrUnconfirmed says that the server stopped waiting for its standby: what was written is there, and may be lost with
// this server.
var ErrUnconfirmed = errors.New("the standby has not confirmed")

// Code is the code of an error that the server reported, "" for any other.
func Code(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// The codes that decide something, from the appendix "PostgreSQL Error Codes".
const (
	DivisionByZero = "22012" // a condition of a group is not met
	Uniqueness     = "23505"
	NoPartition    = "23514"
	readOnly       = "25006"
	noDatabase     = "3D000"
	Deadlock       = "40P01"
	NotAllowed     = "42501"
	diskFull       = "53100"
	tooMany        = "53300"
	NotAvailable   = "55P03"
	cancelled      = "57014"
)

// IsAway reports whether the server was not reached, or went away. What was sent to it may have been done.
func IsAway(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case err == nil, errors.Is(err, pgx.ErrNoRows), engine.IsOurs(err):
		return false
	case !ok:
		return IsOfConnecting(err) || pgconn.Timeout(err) || isOfNetwork(err)
	}
	return strings.HasPrefix(e.Code, "57P") || strings.HasPrefix(e.Code, "08") || e.Severity == "FATAL" && !isFinal(e.Code)
}

// IsOfConnecting reports whether no host could be connected to, for which each has a time of its own.
func IsOfConnecting(err error) bool {
	_, ok := errors.AsType[*pgconn.ConnectError](err)
	return ok
}

// isFinal reports whether the server refuses for a reason that does not pass: a password, a database, a setting in the
// address that is unknown or has a wrong value.
func isFinal(code string) bool {
	return slices.ContainsFunc([]string{"28", "3D", "42", "22"}, func(class string) bool {
		return strings.HasPrefix(code, class)
	})
}

// OfContext is the error of a context in place of the server's, where barb had a statement cancelled since the context
// had ended.
func OfContext(ctx context.Context, err error) error {
	if ctx.Err() != nil && Code(err) == cancelled {
		return ctx.Err()
	}
	return err
}

// MayPass reports whether the same may go well later.
func MayPass(err error) bool {
	switch code := Code(err); code {
	case readOnly, Deadlock, "40001", tooMany, NotAvailable:
		return true
	case "":
		return IsAway(err) || errors.Is(err, ErrUnconfirmed)
	default:
		return IsAway(err) && !isFinal(code)
	}
}

// IsOfRow reports whether a value of one of the rows is to blame: it does not fit a type or a limit.
func IsOfRow(err error) bool {
	code := Code(err)
	return strings.HasPrefix(code, "22") && code != DivisionByZero ||
		strings.HasPrefix(code, "23") && code != Uniqueness ||
		strings.HasPrefix(code, "54")
}

// Translate turns an error of PostgreSQL or of the network into one of ours. A nil error and a context's own pass
// through.
func Translate(name string, err error) error {
	switch {
	case err == nil, engine.IsOurs(err):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded) && !IsOfConnecting(err):
		return err
	case IsAway(err) && Code(err) != tooMany:
		return engine.Fault(name, Away(causeOf(err)))
	}
	switch code := Code(err); code {
	case diskFull:
		return engine.Fault(name, engine.ErrFull)
	case readOnly:
		return engine.Fault(name, engine.ErrStandby)
	case cancelled: // its own words name a request of the user, which was barb's
		return engine.Fault(name, fmt.Errorf("%w (a statement took too long)", engine.ErrLocked))
	case Deadlock, NotAvailable:
		return engine.Fault(name, fmt.Errorf("%w (%s)", engine.ErrLocked, causeOf(err)))
	case tooMany:
		return engine.Fault(name, fmt.Errorf("the server has no connection free: %w", Plain(err)))
	case "28P01", "28000":
		return engine.Fault(name, fmt.Errorf("%w: %w", engine.ErrRefused, Plain(err)))
	case noDatabase:
		return engine.Fault(name, engine.ErrNowhere)
	case NotAllowed:
		return engine.Fault(name, fmt.Errorf("%w: %w", engine.ErrLacking, Plain(err)))
	}
	return engine.Fault(name, Plain(err))
}

// Away is engine.ErrAway with the reason.
func Away(why string) error { return &awayError{why} }

type awayError struct{ why string }

func (e *awayError) Error() string { return engine.ErrAway.Error() + ": " + e.why }

func (*awayError) Unwrap() error { return engine.ErrAway }

// Plain is an error with the text of its innermost reason: the errors of pgx hold the configuration, and with it the
// password.
func Plain(err error) error { return plainError(causeOf(err)) }

type plainError string

func (e plainError) Error() string { return string(e) }

// causeOf is the innermost reason, in one line: the text of pgx lists user, database and each host that was tried.
func causeOf(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.ReplaceAll(e.Message, "\n", " ") + " (" + e.Code + ")"
	}
	place := socketOf(err)
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			if many, ok := err.(interface{ Unwrap() []error }); ok && len(many.Unwrap()) > 0 {
				err = telling(many.Unwrap())
				continue
			}
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
				return "no answer in time"
			}
			return place + strings.ReplaceAll(err.Error(), "\n", " ")
		}
		err = inner
	}
}

// telling is the first of some errors that says more than that the server has no TLS: without sslmode in the address,
// barb then tries without.
func telling(all []error) error {
	i := slices.IndexFunc(all, func(err error) bool {
		return !strings.Contains(err.Error(), "server refused TLS connection")
	})
	return all[max(i, 0)]
}
