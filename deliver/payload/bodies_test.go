package payload_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/barbhq/barb/deliver/payload"
)

// all reads every body of a list whose number is known.
func all(t *testing.T, b payload.Bodies) (bodies []string) {
	t.Helper()
	for n := range b.Count() {
		body, err := b.Event(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, string(body))
	}
	return bodies
}

// noThrees refuses a body with a 3 in it.
func noThrees(body []byte) error {
	if bytes.Contains(body, []byte("3")) {
		return errors.New("it has a 3")
	}
	return nil
}

func lines(text string, skipBad bool, check payload.Check) (payload.Bodies, error) {
	return payload.Lines(strings.NewReader(text), "events.ndjson", skipBad, check)
}

func TestLinesAreTheBodiesAsTheyAre(t *testing.T) {
	t.Parallel()
	b, err := lines("{\"a\": 1}\n\n  \r\n[2] \r\n\"last\"", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if got := all(t, b); !slices.Equal(got, []string{`{"a": 1}`, "[2] ", `"last"`}) {
		t.Errorf("%q", got)
	}
	other, err := lines("{}", false, nil)
	if err != nil || b.Digest() == "" || b.Digest() == other.Digest() {
		t.Errorf("%q and %q, %v", b.Digest(), other.Digest(), err)
	}
}

func TestBadLinesAreRefusedOrLeftOut(t *testing.T) {
	t.Parallel()
	text := "1\n{bad\n3\n4\n[\n"
	_, err := lines(text, false, noThrees)
	bad, ok := errors.AsType[*payload.BadEventsError](err)
	want := "events.ndjson: line 2: not JSON: invalid character 'b' looking for beginning of object key string " +
		"at byte 2; and 2 more invalid events"
	if !ok || bad.Count != 3 || err.Error() != want || bad.First[1] != "line 3: it has a 3" {
		t.Errorf("%v", err)
	}
	b, err := lines(text, true, noThrees)
	if err != nil || b.Bad().Count != 3 || !slices.Equal(all(t, b), []string{"1", "4"}) {
		t.Errorf("%+v, %v", b, err)
	}
	for text, want := range map[string]string{
		"{\n":     "events.ndjson: line 1: not JSON: unexpected end of JSON input at byte 1",
		"{\n[\n1": "events.ndjson: line 1: not JSON: unexpected end of JSON input at byte 1; and 1 more invalid event",
		"\n \n":   "events.ndjson: it contains no event",
		"1 2\n" + "\xff\n": "events.ndjson: line 1: not JSON: invalid character '2' after top-level value at byte 3; " +
			"and 1 more invalid event",
	} {
		if _, err := lines(text, false, nil); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
	_, err = lines("{\n[\n", true, nil)
	if bad, ok := errors.AsType[*payload.BadEventsError](err); !ok || !bad.All || !strings.HasPrefix(err.Error(),
		"events.ndjson: no valid event (2 invalid); the first: line 1") {
		t.Errorf("%v", err)
	}
	if _, err := lines("", true, nil); !errors.Is(err, payload.ErrNoEvent) {
		t.Errorf("%v", err)
	}
}

func TestTenBadLinesAreListedAndAllAreCounted(t *testing.T) {
	t.Parallel()
	b, err := lines(strings.Repeat("{\n", 25)+"1", true, nil)
	if err != nil || b.Bad().Count != 25 || len(b.Bad().First) != 10 {
		t.Errorf("%+v, %v", b.Bad(), err)
	}
}

// A file that is cut while it is sent is an error, not an end.
func TestAFileThatBecomesShorterIsAnError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events.ndjson")
	if err := os.WriteFile(path, []byte("1\n2\n3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := payload.Lines(f, path, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Event(t.Context(), 2); err == nil || !strings.Contains(err.Error(),
		"became shorter while it was sent") {
		t.Errorf("%v", err)
	}
	b.Close()
	if _, err := b.Event(t.Context(), 0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("%v", err)
	}
	if _, err := payload.Lines(f, path, false, nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("%v", err)
	}
}

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAFolderHasAFileForEachEvent(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"b.json": "2", "a.txt": "any text", ".hidden": "0", "c": "3"})
	if err := os.Mkdir(filepath.Join(dir, "deeper"), 0o700); err != nil {
		t.Fatal(err)
	}
	b, err := payload.Folder(dir, false, nil)
	if err != nil || !slices.Equal(all(t, b), []string{"any text", "2", "3"}) {
		t.Fatalf("%+v, %v", b, err)
	}
	defer b.Close()
	if _, err := payload.Folder(dir, false, noThrees); err == nil || err.Error() != dir+": c: it has a 3" {
		t.Errorf("%v", err)
	}
	fewer, err := payload.Folder(dir, true, noThrees)
	if err != nil || fewer.Count() != 2 || fewer.Bad().Count != 1 || fewer.Digest() == b.Digest() {
		t.Errorf("%+v, %v", fewer, err)
	}
	if err := os.Remove(filepath.Join(dir, "c")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Event(t.Context(), 2); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestAFolderWithoutAnEventIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := payload.Folder(folder(t, map[string]string{".x": "1"}), false, nil); !errors.Is(err, payload.ErrNoEvent) {
		t.Errorf("%v", err)
	}
	if _, err := payload.Folder(filepath.Join(t.TempDir(), "none"), false, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	dir := folder(t, map[string]string{"large": "", "small": "1"})
	if err := os.Truncate(filepath.Join(dir, "large"), payload.MaxEvent+1); err != nil {
		t.Fatal(err)
	}
	if _, err := payload.Folder(dir, false, nil); err == nil || err.Error() != dir+": large: larger than 17MB" {
		t.Errorf("%v", err)
	}
	b, err := payload.Folder(dir, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "small"), payload.MaxEvent+1); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Event(t.Context(), 0); err == nil || err.Error() != "small is larger than 17MB" {
		t.Errorf("%v", err)
	}
}

func TestAStreamIsSentAsItComes(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	b := payload.Stream(in, "stdin", true, noThrees)
	defer b.Close()
	if b.Count() != 0 || b.Digest() != "" {
		t.Errorf("%d bodies, digest %q", b.Count(), b.Digest())
	}
	write := func(text string) { _, _ = io.WriteString(out, text) }
	go write("1\n\n2\n")
	for i, want := range []string{"1", "2"} {
		if body, err := b.Event(t.Context(), int64(i)); err != nil || string(body) != want {
			t.Errorf("%q, %v", body, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Event(ctx, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	go func() {
		write("3\n{\n4\n")
		_ = out.CloseWithError(errors.New("the line is dead"))
	}()
	if body, err := b.Event(t.Context(), 2); err != nil || string(body) != "4" || b.Bad().Count != 2 {
		t.Errorf("%q, %v, %+v", body, err, b.Bad())
	}
	if _, err := b.Event(t.Context(), 3); err == nil || err.Error() != "stdin: the line is dead" {
		t.Errorf("%v", err)
	}
}

// A run that is resumed reads the stream from its beginning.
func TestAStreamSkipsWhatWasSent(t *testing.T) {
	t.Parallel()
	b := payload.Stream(strings.NewReader("1\n2\n3\n{"), "stdin", false, nil)
	defer b.Close()
	if body, err := b.Event(t.Context(), 2); err != nil || string(body) != "3" {
		t.Errorf("%q, %v", body, err)
	}
	_, err := b.Event(t.Context(), 3)
	bad, ok := errors.AsType[*payload.BadEventsError](err)
	if !ok || !bad.Late || b.Bad().Count != 0 ||
		err.Error() != "stdin: line 4: not JSON: unexpected end of JSON input at byte 1" {
		t.Errorf("%v", err)
	}
	if _, err := b.Event(t.Context(), 3); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
}

func TestRepeatedIsOneBodyWithADigest(t *testing.T) {
	t.Parallel()
	b := payload.Repeated("abc")
	defer b.Close()
	if body, err := b.Event(t.Context(), 7); err != nil || body != nil || b.Count() != 1 || b.Digest() != "abc" ||
		b.Bad().Count != 0 {
		t.Errorf("%q, %v", body, err)
	}
}
