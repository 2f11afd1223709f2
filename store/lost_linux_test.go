package store_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/barbhq/barb/store"
)

// limitFiles lets this process write to no file past so many bytes.
func limitFiles(size uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	limit.Cur = size
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
}

// roleTight answers webhooks while others come for which the disk has no room, then while it has no room at all.
func roleTight(path string, _ []string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, path)
	if err != nil {
		return err
	}
	for n := range 120 {
		if err := s.Record(ctx, hook(n)); err != nil {
			return err
		}
	}
	if err := limitFiles(12 << 20); err != nil {
		return err
	}
	for n := range 4 {
		x := hook(n)
		if x.ID = int64(n + 1); n > 0 {
			x.ID += 100
		}
		large := hook(1000 + n)
		large.Request.Body = make([]byte, 16<<20)
		_, _ = rand.Read(large.Request.Body)
		err := errors.Join(s.Answer(ctx, answered(x, 200)), s.Record(ctx, large))
		if !errors.Is(err, store.ErrFull) {
			return fmt.Errorf("the large webhook: %w", err)
		}
		if got, err := s.Get(ctx, x.ID); err != nil || !got.Ended {
			return fmt.Errorf("the answer to %d is not there: %w", x.ID, cmp.Or(err, store.ErrNotFound))
		}
	}
	if err := limitFiles(4 << 10); err != nil {
		return err
	}
	for n := range 3 {
		x := hook(n)
		x.ID = int64(n + 50)
		if err := s.Answer(ctx, answered(x, 200)); err != nil {
			return err
		}
	}
	fmt.Println(s.Flush(ctx))
	fmt.Println(s.Close())
	return nil
}

func TestOnAFullDiskAnswersGoFirstAndAreCounted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history.db")
	cmd, _, out := child(t, "tight", path)
	var said []string
	for out.Scan() {
		said = append(said, out.Text())
	}
	if err := cmd.Wait(); err != nil || len(said) != 2 {
		t.Fatalf("%v, said %q", err, said)
	}
	full := "history " + path + " cannot grow: the disk is full"
	if !strings.HasPrefix(said[0], full) || !strings.HasPrefix(said[1], "3 answers were not recorded: "+full) {
		t.Errorf("said %q", said)
	}
}
