//go:build linux

package soak

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

const (
	// filler is the environment variable with the path of the program that fills a history.
	filler = "BARB_BENCH"
	// manyRows is how many exchanges the history of the view has; BARB_ROWS is another number.
	manyRows = 1_000_000
	// firstScreen is how long barb tui may take until it shows the newest webhooks, and nextPage until it shows older ones.
	// Other work on this machine delays both, so that the processor time is judged, and the time that passes by lax.
	firstScreen, nextPage = 150 * time.Millisecond, 150 * time.Millisecond
	lax                   = 10
	viewMemory            = 60 // MiB
)

// viewer is a running barb tui with its terminal.
type viewer struct {
	*listener
	pty *os.File

	mu   sync.Mutex
	data bytes.Buffer
}

// view starts barb tui on a history.
func view(t *testing.T, db string) *viewer {
	t.Helper()
	v := &viewer{listener: &listener{db: db, cmd: exec.Command(os.Getenv(program), "tui", "--db", db)}}
	v.cmd.Dir, v.cmd.Env = filepath.Dir(db), append(environment(filepath.Dir(db)), "TERM=xterm-256color")
	f, err := pty.StartWithSize(v.cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	v.pty = f
	var copied sync.WaitGroup
	copied.Go(func() { _, _ = io.Copy(v, f) })
	t.Cleanup(func() {
		v.kill()
		_ = f.Close()
		copied.Wait()
	})
	return v
}

// Write takes what barb draws.
func (v *viewer) Write(data []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.data.Write(data)
}

// drawn returns what was drawn since mark, without attributes.
func (v *viewer) drawn(mark int) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return sequences.ReplaceAllString(string(v.data.Bytes()[mark:]), "")
}

var sequences = regexp.MustCompile("\x1b\\[[0-9;?]*[a-zA-Z]")

// press presses keys and waits until a pattern is drawn. It returns what the pattern matched.
func (v *viewer) press(t *testing.T, keys, pattern string) []string {
	t.Helper()
	mark := v.mark()
	if _, err := v.pty.WriteString(keys); err != nil {
		t.Fatal(err)
	}
	return v.await(t, mark, pattern)
}

func (v *viewer) await(t *testing.T, mark int, pattern string) []string {
	t.Helper()
	wanted := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if found := wanted.FindStringSubmatch(v.drawn(mark)); found != nil {
			return found
		}
	}
	t.Fatalf("no %q in\n%s", pattern, v.drawn(mark))
	return nil
}

// settle waits until nothing is drawn any more.
func (v *viewer) settle() {
	for mark := -1; mark != v.mark(); {
		mark = v.mark()
		time.Sleep(300 * time.Millisecond)
	}
}

// mark is how much was drawn so far.
func (v *viewer) mark() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.data.Len()
}

// spent is the processor time of the process so far.
func (v *viewer) spent(t *testing.T) (sum time.Duration) {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", v.cmd.Process.Pid))
	if err != nil || len(tasks) == 0 {
		t.Fatal("no task", err)
	}
	for _, path := range tasks {
		text, _ := os.ReadFile(path) // of one that has just ended there is none
		first, _, _ := strings.Cut(string(text), " ")
		ns, _ := strconv.ParseInt(first, 10, 64)
		sum += time.Duration(ns)
	}
	return sum
}

// pair is how long something took, and the processor time it cost.
type pair struct{ took, cost time.Duration }

// within fails when the middle cost is more than a budget, or the middle time much more.
func within(t *testing.T, what string, budget time.Duration, all []pair) {
	t.Helper()
	by := func(of func(pair) time.Duration) []time.Duration {
		var values []time.Duration
		for _, p := range all {
			values = append(values, of(p))
		}
		slices.Sort(values)
		return values
	}
	took := by(func(p pair) time.Duration { return p.took })
	cost := by(func(p pair) time.Duration { return p.cost })
	middle := len(all) / 2
	t.Logf("%s: %v in the middle, %v at most; processor %v and %v", what, took[middle].Round(time.Microsecond),
		took[len(all)-1].Round(time.Microsecond), cost[middle].Round(time.Microsecond),
		cost[len(all)-1].Round(time.Microsecond))
	if cost[middle] > budget || took[middle] > lax*budget {
		t.Errorf("%s: takes more than %v", what, budget)
	}
}

// The view shows a history of a million rows as fast as a small one, page after page, also while 200 webhooks a second
// come, and stays small.
func TestTheViewOfAMillionRows(t *testing.T) {
	if os.Getenv(filler) == "" {
		t.Skip("no " + filler + ": make soak sets it")
	}
	rows := manyRows
	if n, err := strconv.Atoi(os.Getenv("BARB_ROWS")); err == nil {
		rows = n
	}
	db := filepath.Join(t.TempDir(), "history.db")
	begun := time.Now()
	if out, err := exec.Command(os.Getenv(filler), "fill", "-mix", "-db", db, "-rows", strconv.Itoa(rows)).
		CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%d rows were recorded in %v", rows, time.Since(begun).Round(time.Second))
	var v *viewer
	var first []pair
	for range 7 {
		begun := time.Now()
		v = view(t, db)
		v.await(t, 0, fmt.Sprintf(`1/100\+(.|\n)*#%d\b`, rows))
		first = append(first, pair{time.Since(begun), v.spent(t)})
	}
	within(t, "first screen", firstScreen, first)
	v.pages(t)
	v.wantMemory(t, viewMemory)
	v.filters(t)
	v.wantMemory(t, viewMemory)
	v.live(t, db)
	v.wantMemory(t, viewMemory)
}

// pages goes down thirty pages of 100 rows.
func (v *viewer) pages(t *testing.T) {
	t.Helper()
	var all []pair
	for n := 1; n <= 30; n++ {
		begun, before := time.Now(), v.spent(t)
		v.press(t, "G", fmt.Sprintf(`%d/%d\+`, n*100, (n+1)*100))
		all = append(all, pair{time.Since(begun), v.spent(t) - before})
	}
	within(t, "next page", nextPage, all)
	v.press(t, "g", `1/100\+`)
}

// filters lists what filters select, and all again.
func (v *viewer) filters(t *testing.T) {
	t.Helper()
	const sent, received = `→ order\.completed`, `← push` // of a filter only the lines that differ are drawn
	var all []pair
	for _, filter := range []string{"--failed", "event:order.completed", "status:503", "since:1d --failed"} {
		v.settle()
		begun, before := time.Now(), v.spent(t)
		v.press(t, "/\x15"+filter+"\r", sent)
		all = append(all, pair{time.Since(begun), v.spent(t) - before})
		v.settle()
		v.press(t, "\x1b", received)
	}
	within(t, "filter", 2*nextPage, all)
}

// live has 200 webhooks a second come, and presses keys meanwhile.
func (v *viewer) live(t *testing.T, db string) {
	t.Helper()
	l := start(t, db)
	ended := make(chan struct{})
	var group sync.WaitGroup
	defer group.Wait()
	defer close(ended)
	group.Go(func() { l.pace(ended, 200) })
	v.press(t, "", `/\d+\+  . following`)
	var all []pair
	for range 20 {
		begun, before := time.Now(), v.spent(t)
		v.press(t, "f", `○`)
		all = append(all, pair{time.Since(begun), v.spent(t) - before})
		begun, before = time.Now(), v.spent(t)
		v.press(t, "j", `\b\d+/`)
		all = append(all, pair{time.Since(begun), v.spent(t) - before})
		v.press(t, "", `[1-9]\d* new`)
		v.press(t, "f", `●`)
	}
	within(t, "a key while 200 webhooks/s come", 100*time.Millisecond, all)
}

// pace sends so many webhooks a second until ended is closed.
func (l *listener) pace(ended <-chan struct{}, perSecond int) {
	s, err := l.dial()
	if err != nil {
		return
	}
	defer s.Close()
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ended:
			return
		case <-tick.C:
		}
		if _, err := s.post(hook(fmt.Sprint("live-", n), 1000)); err != nil {
			return
		}
	}
}
