package ui_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/barbhq/barb/commands/ui"
)

// aside is a writer that counts its writes and holds the first one up until it is let go.
type aside struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes int
	begun  chan struct{} // closed by the first write
	free   chan struct{}
}

func (a *aside) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.writes++; a.writes == 1 && a.free != nil {
		close(a.begun)
		<-a.free
	}
	return a.text.Write(p)
}

func TestLinesThatComeTogetherAreWrittenTogether(t *testing.T) {
	t.Parallel()
	out := &aside{begun: make(chan struct{}), free: make(chan struct{})}
	p := &ui.Printer{W: out}
	end := p.Gather(&ui.Printer{W: io.Discard})
	p.Line("first")
	<-out.begun
	const writers, each = 20, 50
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for n := range each {
				p.Line(fmt.Sprintf("writer %d line %d", w, n))
			}
		})
	}
	group.Wait()
	close(out.free)
	end()
	if out.writes != 2 {
		t.Errorf("%d writes: the lines that came during the first were to be one", out.writes)
	}
	lines := strings.Split(strings.TrimSuffix(out.text.String(), "\n"), "\n")
	if len(lines) != 1+writers*each {
		t.Fatalf("%d lines of %d", len(lines), 1+writers*each)
	}
	next := map[int]int{}
	for _, line := range lines[1:] {
		var w, n int
		if _, err := fmt.Sscanf(line, "writer %d line %d", &w, &n); err != nil || n != next[w] {
			t.Fatalf("line %q where writer %d is at %d: %v", line, w, next[w], err)
		}
		next[w]++
	}
}

// What is printed on stderr tells of lines that were printed before.
func TestWhatIsPrintedBesideComesAfterwards(t *testing.T) {
	t.Parallel()
	both := &aside{}
	out, errs := &ui.Printer{W: both}, &ui.Printer{W: both}
	end := out.Gather(errs)
	var want strings.Builder
	for n := range 200 {
		out.Line(fmt.Sprint("line ", n))
		errs.Line(fmt.Sprint("note ", n))
		fmt.Fprintf(&want, "line %d\nnote %d\n", n, n)
	}
	end()
	out.Line("after") // as before Gather
	errs.Line("the end")
	if got := both.text.String(); got != want.String()+"after\nthe end\n" {
		t.Errorf("got %q", got)
	}
}

// A reader that has stopped reading holds up who prints: lines do not pile up in memory.
func TestLinesDoNotPileUp(t *testing.T) {
	t.Parallel()
	out := &aside{begun: make(chan struct{}), free: make(chan struct{})}
	p := &ui.Printer{W: out}
	end := p.Gather(&ui.Printer{W: io.Discard})
	line := strings.Repeat("x", 1023)
	p.Line(line)
	<-out.begun
	printed := make(chan int)
	go func() {
		defer close(printed)
		for n := range 200 {
			p.Line(line)
			printed <- n
		}
	}()
	for n := range 64 {
		if got := <-printed; got != n {
			t.Fatalf("line %d, not %d", got, n)
		}
	}
	select {
	case n := <-printed:
		t.Errorf("line %d is taken while 64 KiB wait", n)
	default:
	}
	close(out.free)
	for range printed { // the others
	}
	end()
	if n := out.text.Len(); n != 201*1024 {
		t.Errorf("%d bytes", n)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

func TestAFailedWriteIsTold(t *testing.T) {
	t.Parallel()
	p := &ui.Printer{W: full{}}
	end := p.Gather(&ui.Printer{W: io.Discard})
	p.Line("lost")
	end()
	p.Line("lost, too")
	if err := p.Err(); err == nil || err.Error() != "the disk is full" {
		t.Errorf("%v", err)
	}
}
