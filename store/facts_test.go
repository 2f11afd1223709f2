package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// oldHistory makes a history of an earlier version and has statements fill it.
func oldHistory(t *testing.T, version int, fill ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.db")
	scripts, err := filepath.Glob("migrations/*.sql")
	must(t, err)
	statements := []string{"PRAGMA auto_vacuum = INCREMENTAL"}
	for _, script := range scripts[:version] {
		text, err := os.ReadFile(script)
		must(t, err)
		statements = append(statements, string(text))
	}
	statements = append(statements, fill...)
	statements = append(statements, "PRAGMA application_id = 1650553442", fmt.Sprintf("PRAGMA user_version = %d", version))
	execute(t, path, statements...)
	must(t, os.Chmod(path, 0o600))
	return path
}

// Before version 11 handshakes, faults and lateness stood in texts.
func TestFactsOfAnOlderHistoryBecomeFields(t *testing.T) {
	row := func(rest string) string {
		return "INSERT INTO exchange (attempt, start, method, url, request_size, ended, failed, id, kind, event, failure, " +
			"failure_text) VALUES (1, 1, 'POST', '://', 0, 1, 0, " + rest + ")"
	}
	queue := func(rest string) string {
		return "INSERT INTO queue (kind, target, state, due, created, changed, attempts, behind, straight, thread, why) " +
			"VALUES (1, 5, 2, 0, 0, 0, 1, 0, 0, " + rest + ")"
	}
	path := oldHistory(t, 10,
		"INSERT INTO name (id, kind, text) VALUES (1, 2, 'handshake:zoom'), (2, 2, 'event:handshake:zoom'), "+
			"(3, 2, 'a.b'), (4, 3, 'handshake:zoom')",
		row("1, 2, 1, NULL, NULL"),
		row("2, 2, 2, NULL, NULL"),
		row("3, 1, 1, NULL, NULL"),
		row("4, 2, 3, 'scripted:reset', 'the connection was cut'"),
		row("5, 2, 3, 'too-slow', 'too slow for slack (3 s): 4.1 s'"),
		row("6, 2, 3, 'scripted:drip', 'sent at 9 bytes a second; too slow for acme & co (1.5 s): 4 s'"),
		row("7, 2, 3, 'reset', 'too slow for slack (3 s): 4.1 s'"),
		row("8, 1, 3, 'scripted:reset', 'too slow for slack (3 s): 4.1 s'"),
		row("9, 2, 3, 'too-slow', 'somehow'"),
		queue("1, 'answered to the sender: 500'"), queue("2, NULL"))
	s, err := store.Open(context.Background(), path)
	must(t, err)
	defer s.Close()
	slack := &record.Lateness{Provider: "slack", Deadline: 3 * time.Second}
	for id, want := range map[int64]record.Exchange{
		1: {Handshake: "zoom"},
		2: {EventType: "event:handshake:zoom"},
		3: {EventType: "handshake:zoom"},
		4: {EventType: "a.b", Scripted: "reset"},
		5: {EventType: "a.b", Late: slack},
		6: {EventType: "a.b", Scripted: "drip", Late: &record.Lateness{Provider: "acme & co",
			Deadline: 1500 * time.Millisecond}},
		7: {EventType: "a.b"},
		8: {EventType: "a.b"},
		9: {EventType: "a.b"},
	} {
		got, err := s.Get(context.Background(), id)
		must(t, err)
		facts := &record.Exchange{EventType: got.EventType, Handshake: got.Handshake, Scripted: got.Scripted, Late: got.Late}
		if d := diff(&want, facts); d != "" {
			t.Errorf("exchange %d (-want +got):\n%s", id, d)
		}
	}
	for event, want := range map[string][]int64{
		"handshake:*": {3, 1}, "handshake:zoom": {3, 1}, "event:*": {2}, "*zoom": {3, 2, 1}, "handshake:slack": nil,
		"a.b": {9, 8, 7, 6, 5, 4},
	} {
		if got := listed(t, s, store.Filter{Event: event}); !slices.Equal(got, want) {
			t.Errorf("--event %s lists %v, want %v", event, got, want)
		}
	}
	promises, err := s.Accepted(context.Background(), 0)
	if d := diff([]store.Acceptance{{Thread: 2, Kept: true}}, promises); err != nil || d != "" {
		t.Errorf("promises, %v:\n%s", err, d)
	}
	types, err := s.EventTypes(context.Background(), "", 9)
	if want := []string{"a.b", "event:handshake:zoom", "handshake:zoom"}; err != nil || !slices.Equal(types, want) {
		t.Errorf("event types %q, %v", types, err)
	}
}
