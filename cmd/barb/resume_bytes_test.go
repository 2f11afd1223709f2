//go:build unix

package main

import (
	"database/sql"
	"os"
	"strings"
	"testing"
)

// A message that was cut off goes out again with the same id, so its bytes must be the same, the time in them as well.
// A run of an older barb kept no clock.
func TestAResumedRunSendsTheSameBytes(t *testing.T) {
	for name, content := range map[string][]string{
		"a sample event": {"--event", "stripe:invoice.paid", "--as", "shopify"},
		"a template": {"--template", "-d", `{"at":"{{now rfc3339ms}}"}`, "-s", "standard-webhooks", "--secret",
			"env:WHSEC"},
		"a list": {"-d", "@events.ndjson", "--set", "at={{now rfc3339ms}}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, e := newWorkshop(t), newStaller(t, 3)
			w.events("events.ndjson", 8)
			args := []string{"send", e.URL, "--set", "ms={{now rfc3339ms}}", "--concurrency", "2"}
			if content[0] != "-d" {
				args = append(args, "-n", "8")
			}
			p := w.start(append(args, content...)...)
			await(t, "the stall", e.stalled)
			_ = p.Process.Signal(os.Interrupt)
			if code := w.ends(p); code != 130 {
				t.Fatalf("exit code %d\n%s%s", code, &p.out, &p.err)
			}
			close(e.release)
			again := w.run(0, "send", "--resume", "1")
			if different, twice := distinct(e.all()); len(different) != 8 || twice == 0 {
				t.Errorf("%d different messages, want 8; %d came twice: %q", len(different), twice, different)
			}
			if strings.Contains(again.err.String(), "older barb") {
				t.Error(again.err.String())
			}
		})
	}
}

func TestARunWithoutAClockSaysSoWhenItIsResumed(t *testing.T) {
	for set, says := range map[string]bool{"at={{now}}": true, "at=1": false} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			w, e := newWorkshop(t), newStaller(t, 2)
			p := w.start("send", e.URL, "-d", "{}", "-n", "4", "--set", set)
			await(t, "the stall", e.stalled)
			_ = p.Process.Signal(os.Interrupt)
			if code := w.ends(p); code != 130 {
				t.Fatalf("exit code %d\n%s%s", code, &p.out, &p.err)
			}
			close(e.release)
			w.forgetClock()
			again := w.run(0, "send", "--resume", "1")
			if strings.Contains(again.err.String(), "run 1 was started by an older barb") != says {
				t.Error(again.err.String())
			}
		})
	}
}

// forgetClock makes the runs of the history such as a barb that kept no clock left.
func (w *workshop) forgetClock() {
	w.t.Helper()
	db, err := sql.Open("sqlite3", w.db())
	if err == nil {
		_, err = db.Exec("UPDATE run SET options = json_remove(options, '$.now', '$.shared')")
	}
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestARunWhoseValuesHaveChangedIsNotResumed(t *testing.T) {
	w, e := newWorkshop(t), newStaller(t, 2)
	w.events("events.ndjson", 4)
	t.Setenv("RELEASE", "1")
	p := w.start("send", e.URL, "-d", "@events.ndjson", "--set", "release={{env RELEASE}}")
	await(t, "the stall", e.stalled)
	_ = p.Process.Signal(os.Interrupt)
	if code := w.ends(p); code != 130 {
		t.Fatalf("exit code %d\n%s%s", code, &p.out, &p.err)
	}
	close(e.release)
	t.Setenv("RELEASE", "2")
	if refused := w.run(2, "send", "--resume", "1"); !strings.Contains(refused.err.String(), "have changed") {
		t.Error(refused.err.String())
	}
	t.Setenv("RELEASE", "1")
	w.run(0, "send", "--resume", "1")
}

func TestTheNewestRunIsTheNewestThatCanBeResumed(t *testing.T) {
	t.Parallel()
	w, e, other := newWorkshop(t), newStaller(t, 3), newStaller(t, 0)
	w.events("events.ndjson", 5)
	p := w.start("send", e.URL, "-d", "@events.ndjson", "--concurrency", "1")
	await(t, "the stall", e.stalled)
	_ = p.Process.Signal(os.Interrupt)
	if code := w.ends(p); code != 130 {
		t.Fatalf("exit code %d", code)
	}
	close(e.release)
	w.run(0, "send", other.URL, "-d", "{}", "-n", "2")
	for _, c := range []struct {
		code      int
		run, want string
	}{
		{0, "2", "barb: run 2 is complete; nothing to resume\nhint: barb send --resume 1\n"},
		{2, "9", "barb: there is no run 9\nhint: barb send --resume 1\n"},
		{0, "@", "barb: run 1 resumed, 3 messages left\n"},
		{0, "@", "barb: run 2 is complete; nothing to resume\n"},
		{2, "9", "barb: there is no run 9\nhint: run 2 is the newest, and it is complete\n"},
	} {
		if got := w.run(c.code, "send", "--resume", c.run).err.String(); !strings.HasPrefix(got, c.want) {
			t.Errorf("--resume %s says %q, want it to begin with %q", c.run, got, c.want)
		}
	}
	if different, _ := distinct(e.all()); len(different) != 5 {
		t.Errorf("%d messages arrived, want 5", len(different))
	}
}
