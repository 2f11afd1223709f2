package reason_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

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
