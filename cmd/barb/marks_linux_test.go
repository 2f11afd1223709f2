package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// postNumbered sends the webhook with a number, always the same one.
func postNumbered(url string, n int) int {
	id := fmt.Sprint("msg_", n)
	return postSigned(url, id, `{"id":"`+id+`"}`)
}

// Sixteen senders, four of them for each id, are cut off by a kill and come again with everything, as a sender does
// that never saw its answers. Of each id exactly one row is not a duplicate, and all others say which.
func TestAfterAKillWhatComesAgainIsADuplicate(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "shared.db")
	line := "export BARB_DB=" + db + "; " + listening
	const ids = 300
	p := listener(t, line)
	sendAll := func(url string, after func(n int)) {
		var senders sync.WaitGroup
		for s := range 16 {
			senders.Go(func() {
				for n := s / 4; n < ids; n += 4 {
					if postNumbered(url, n) == 0 {
						return
					}
					after(n)
				}
			})
		}
		senders.Wait()
	}
	var once sync.Once
	sendAll(p.url, func(n int) {
		if n > ids/2 {
			once.Do(func() { _ = p.cmd.Process.Kill() })
		}
	})
	again := listener(t, line)
	sendAll(again.url, func(int) {})
	history, err := store.OpenExisting(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	first, rows := map[string]int64{}, 0
	for x, err := range history.List(t.Context(), store.Filter{OldestFirst: true}) {
		if err != nil {
			t.Fatal(err)
		}
		rows++
		of, marked := x.Marked(record.Duplicate)
		switch was, known := first[x.WebhookID]; {
		case !known && !marked:
			first[x.WebhookID] = x.ID
		case !known || of != was:
			t.Errorf("%d %s is marked %v, the first is %d", x.ID, x.WebhookID, x.Marks, was)
		}
	}
	if len(first) != ids {
		t.Errorf("%d ids, want %d", len(first), ids)
	}
	t.Logf("%d rows", rows)
}

// Neither ^C nor a kill leaves a command behind.
func TestAListenerThatEndsLeavesNoCommand(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]os.Signal{"interrupted": os.Interrupt, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			pidFile := filepath.Join(t.TempDir(), "pid")
			p := listener(t, listening+` --exec-unverified --exec 'sh -c "echo \$\$ > `+pidFile+`; exec sleep 1000"'`)
			done := make(chan int)
			go func() { done <- postNumbered(p.url, 1) }()
			pid := 0
			for deadline := time.Now().Add(30 * time.Second); pid == 0; time.Sleep(time.Millisecond) {
				data, _ := os.ReadFile(pidFile)
				pid, _ = strconv.Atoi(strings.TrimSpace(string(data)))
				if time.Now().After(deadline) {
					t.Fatalf("the command did not start\n%s", p.stderr)
				}
			}
			if err := p.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if status := <-done; signal == os.Interrupt && status != 500 {
				t.Errorf("the sender was answered %d", status)
			}
			for deadline := time.Now().Add(30 * time.Second); syscall.Kill(pid, 0) == nil &&
				!isZombie(pid); time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("the command is still there")
				}
			}
		})
	}
}

// isZombie is true for a process that has ended and that nobody has asked about.
func isZombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}
