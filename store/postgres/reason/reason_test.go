package reason_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/barbhq/barb/store/postgres/reason"
)

// A server that takes the connection and says nothing.
func TestAServerThatSaysNothingIsTold(t *testing.T) {
	t.Parallel()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = pgx.Connect(ctx, "postgres://barb:hunter2@"+ln.Addr().String()+"/barb?sslmode=disable")
	const want = "history team cannot be reached: no answer in time"
	if told := reason.Translate("team", err); told == nil || told.Error() != want {
		t.Errorf("got  %v\nwant %s", told, want)
	}
}

// A server without TLS is tried without it too: the error of that try says more.
func TestTheReasonOfTheLastTryIsTold(t *testing.T) {
	t.Parallel()
	refused, late := errors.New("server refused TLS connection"), errors.New("no route to host")
	for want, all := range map[string]error{
		"history team: no route to host":              errors.Join(refused, late),
		"history team: server refused TLS connection": errors.Join(refused),
	} {
		if told := reason.Translate("team", fmt.Errorf("cannot connect: %w", all)); told.Error() != want {
			t.Errorf("got  %v\nwant %s", told, want)
		}
	}
}

// What a person stops with ^C has not failed since another one has a lock.
func TestACancelledStatementIsTheEndOfItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cut := &pgconn.PgError{Code: "57014", Severity: "ERROR"}
	if err := reason.OfContext(ctx, cut); !errors.Is(err, cut) {
		t.Errorf("before the end: %v", err)
	}
	cancel()
	if err := reason.OfContext(ctx, cut); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}
