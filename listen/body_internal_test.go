package listen

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// However small the chunks or frames are that a body comes in, it is copied a few times at most.
func TestSmallPiecesOfABodyAreNotCopiedEachTime(t *testing.T) {
	const size = 200_000
	want := bytes.Repeat([]byte("abcdefg"), size/7)
	inChunks := func(n int) string {
		var out strings.Builder
		for rest := want; len(rest) > 0; rest = rest[min(n, len(rest)):] {
			one := rest[:min(n, len(rest))]
			fmt.Fprintf(&out, "%x\r\n%s\r\n", len(one), one)
		}
		return out.String() + "0\r\n\r\n"
	}
	chunked := func(text string) func() ([]byte, error) {
		return func() ([]byte, error) {
			var lines framing
			return readChunks(bufio.NewReaderSize(strings.NewReader(text), bufferSize), 10<<20, &lines)
		}
	}
	frames := func(announced int) func() ([]byte, error) {
		return func() ([]byte, error) {
			var body pile
			src := iotest.OneByteReader(bytes.NewReader(want))
			if announced > 0 {
				if err := body.add(src, int64(announced)); err != nil {
					return nil, err
				}
			}
			err := body.rest(src, 10<<20)
			return body.all(), err
		}
	}
	large := fmt.Sprintf("%x\r\n%s\r\n", len(want)/2, want[:len(want)/2])
	for name, read := range map[string]func() ([]byte, error){
		"chunks of a byte":               chunked(inChunks(1)),
		"chunks of three bytes":          chunked(inChunks(3)),
		"chunks of 100 bytes":            chunked(inChunks(100)),
		"small chunks after a large one": chunked(large + inChunks(2)),
		"frames of a byte":               frames(0),
		"frames of a byte, announced":    frames(len(want)),
		"frames behind the length":       frames(len(want) / 3),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read()
			if err != nil || !bytes.HasSuffix(got, want) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			if n := testing.AllocsPerRun(1, func() { _, _ = read() }); n > 200 {
				t.Errorf("%v allocations for %d bytes", n, len(got))
			}
		})
	}
}

// The memory of a body stays within twice what came of it.
func TestABodyTakesNoMoreThanTwiceWhatCame(t *testing.T) {
	for _, n := range []int{firstBuffer + 1, 100_000, 262_145, 600_000, 3_000_000} {
		for _, step := range []int64{7, 1000, 100_000} {
			var body pile
			src := bytes.NewReader(make([]byte, n))
			for body.size < int64(n) {
				if err := body.add(src, min(step, int64(n)-body.size)); err != nil && !errors.Is(err, io.EOF) {
					t.Fatal(err)
				}
			}
			held := cap(body.piece)
			for _, p := range body.done {
				held += cap(p)
			}
			if held > 2*n {
				t.Errorf("%d bytes in steps of %d take %d", n, step, held)
			}
		}
	}
}
