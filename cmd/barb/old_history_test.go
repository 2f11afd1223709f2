package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// oldHistory is a history as barb wrote it at commit 0068f1c, six migrations ago and more. It has messages that were
// delivered, retried, refused, queued, given up or got no answer, a run, and webhooks that were valid, invalid,
// unchecked, forwarded, mirrored, filtered, repeated, queued, replayed or a handshake, and two whose answers a ^C cut
// off. What lies beside it is what barb said of it then, and is never written anew.
func oldHistory(t *testing.T) (folder, db string) {
	t.Helper()
	packed, err := gzip.NewReader(bytes.NewReader(old(t, "history.db.gz")))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	folder = t.TempDir()
	db = filepath.Join(folder, "history.db")
	if err := os.WriteFile(db, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return folder, db
}

func old(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "old", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// said is what barb prints of a history.
func said(t *testing.T, folder string, args ...string) string {
	t.Helper()
	cmd, complaint := barb(t, folder, args...)
	var out bytes.Buffer
	cmd.Stdout = &out
	cmd.Env = append(cmd.Environ(), "TZ=UTC", "NO_COLOR=1")
	if err := cmd.Run(); err != nil {
		t.Fatalf("barb %s: %v\n%s", strings.Join(args, " "), err, complaint)
	}
	return out.String()
}

// Fields may have come since. Each that there was has the value that it had.
func TestAnOldHistoryReadsAsItDid(t *testing.T) {
	t.Parallel()
	folder, db := oldHistory(t)
	for file, args := range map[string][]string{
		"history.ndjson": {"history", "--all", "-n", "0", "--json", "--db", db},
		"queue.ndjson":   {"queue", "--json", "--db", db},
	} {
		want, got := strings.Split(string(old(t, file)), "\n"), strings.Split(said(t, folder, args...), "\n")
		if len(got) != len(want) {
			t.Fatalf("%s: %d lines, want %d", file, len(got), len(want))
		}
		for i := range want {
			if want[i] == "" {
				continue
			}
			then, now := map[string]any{}, map[string]any{}
			if err := json.Unmarshal([]byte(want[i]), &then); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(got[i]), &now); err != nil {
				t.Fatal(err)
			}
			for field, value := range then {
				if !reflect.DeepEqual(now[field], value) {
					t.Errorf("%s: %v: %s is %v, and was %v", file, then["id"], field, now[field], value)
				}
			}
		}
	}
	var raw strings.Builder
	for id := 1; id <= 36; id++ {
		fmt.Fprintf(&raw, "== %d\n%s\n", id, said(t, folder, "show", fmt.Sprint(id), "--all", "--raw", "--db", db))
	}
	if raw.String() != string(old(t, "raw.txt")) {
		t.Errorf("the requests are not what they were:\n%s", raw.String())
	}
}

// What barb shows of it today: without lists, which leave the day out on the day itself. UPDATE=1 writes the golden
// file anew.
func TestAnOldHistoryIsShown(t *testing.T) {
	t.Parallel()
	folder, db := oldHistory(t)
	var screens strings.Builder
	for _, id := range []string{"4", "7", "13", "14", "15", "17", "18", "23", "24", "25", "28", "30", "33", "36"} {
		fmt.Fprintf(&screens, "== show %s\n%s", id, said(t, folder, "show", id, "--all", "--db", db))
	}
	isGolden(t, "old/screens.golden", screens.String())
}
