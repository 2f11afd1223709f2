package worker_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
)

// Of a history in a file those are known that hold leases: of this machine how they are, of another one nothing.
func TestWorkersOfAFileAreThoseWithLeases(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		q := put(t, history, "https://api.example.com/hooks", "", "msg_1", "msg_2", "msg_3", "msg_4")[0]
		until := time.Now().Add(time.Minute)
		lease(t, history, q, worker.NewHolder("deliver"), 2, until)
		lease(t, history, q, "listen 0a1b-2 elsewhere/pid:[1] 77 1", 1, until)
		lease(t, history, q, "an old name", 1, until)
		all, err := worker.Workers(context.Background(), history)
		if err != nil || len(all) != 3 {
			t.Fatal(all, err)
		}
		host, _ := os.Hostname()
		got := ""
		for _, w := range all {
			if w.PID == os.Getpid() {
				w.Name = w.Name[:len("deliver-")]
			}
			got += fmt.Sprintf("%s %q %d %s %d %t\n", w.Name, w.Machine, w.PID, w.State, w.Leases, w.Beats)
		}
		check(t, "workers", got, fmt.Sprintf("an old name \"\" 0 unknown 1 false\ndeliver- %q %d live 2 false\n"+
			"listen-0a1b \"\" 77 unknown 1 false\n", host, os.Getpid()))
	})
}
