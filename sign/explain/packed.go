package explain

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http/httputil"
	"strconv"

	"github.com/andybalholm/brotli"
)

// unpack reads all of r; nil for an error or too much data, because half a body is no candidate.
func unpack(r io.Reader) []byte {
	plain, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err != nil || len(plain) > maxBody {
		return nil
	}
	return plain
}

func ungzip(b []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	return unpack(r)
}

// inflate decodes deflate, with or without the header of zlib. JSON text itself is not a deflate stream.
func inflate(b []byte) []byte {
	if r, err := zlib.NewReader(bytes.NewReader(b)); err == nil {
		if plain := unpack(r); plain != nil {
			return plain
		}
	}
	return unpack(flate.NewReader(bytes.NewReader(b)))
}

func unbrotli(b []byte) []byte { return unpack(brotli.NewReader(bytes.NewReader(b))) }

func unchunk(b []byte) []byte {
	if i := bytes.IndexByte(b, '\n'); i < 0 || i > 20 {
		return nil
	}
	return unpack(httputil.NewChunkedReader(bytes.NewReader(b)))
}

// maxPacked is the longest body in bytes that is compressed to check whether the compressed body was signed.
const maxPacked = 1 << 20

// packed makes the compressed bodies. A match requires that the sender's library writes the same bytes
// as ours; otherwise hints mentions compression.
func packed(have []byte, yield func(edit) bool) {
	if len(have) == 0 || len(have) > maxPacked {
		return
	}
	for _, level := range []int{flate.DefaultCompression, flate.BestSpeed, flate.BestCompression} {
		for _, e := range packings(have, level) {
			e.kind, e.words = AlreadyUnpacked,
				"the sender signs the compressed body, and something decompressed it before the check"
			if !yield(e) {
				return
			}
		}
	}
}

// packings returns the forms of libraries at one level: gzip with each operating system of its header, zlib, br.
func packings(have []byte, level int) (all []edit) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, level)
	if err == nil && writeAll(z, have) {
		for _, system := range []byte{255, 3, 0, 19} {
			body := bytes.Clone(out.Bytes())
			body[9] = system
			all = append(all, edit{change: "the body is compressed with gzip", body: body})
		}
	}
	out.Reset()
	if z, err := zlib.NewWriterLevel(&out, level); err == nil && writeAll(z, have) {
		all = append(all, edit{change: "the body is compressed with deflate", body: bytes.Clone(out.Bytes())})
	}
	out.Reset()
	if level = brotliLevel(level); writeAll(brotli.NewWriterLevel(&out, level), have) {
		all = append(all, edit{change: "the body is compressed with br", body: bytes.Clone(out.Bytes())})
	}
	return all
}

func brotliLevel(level int) int {
	switch level {
	case flate.BestSpeed:
		return 4
	case flate.BestCompression:
		return 5 // level 11 takes seconds for a megabyte
	}
	return brotli.DefaultCompression
}

func writeAll(w io.WriteCloser, data []byte) bool {
	_, err := w.Write(data)
	return w.Close() == nil && err == nil
}

type roundSizeRow struct {
	size int
	name string
}

// roundSizes are the limits in bytes at which parsers, proxies, logs and database columns truncate a body.
var roundSizes = [...]roundSizeRow{
	{1 << 20, "1 MiB"}, {1_000_000, "1 MB"}, {512 << 10, "512 KiB"}, {500_000, "500 kB"},
	{256 << 10, "256 KiB"}, {250_000, "250 kB"}, {128 << 10, "128 KiB"}, {100 << 10, "100 KiB"}, {100_000, "100 kB"},
	{64 << 10, "64 KiB"}, {65_535, "65535 bytes"}, {64_000, "64 kB"}, {50_000, "50 kB"}, {32 << 10, "32 KiB"},
	{32_767, "32767 bytes"}, {16 << 10, "16 KiB"}, {10_000, "10 kB"}, {8 << 10, "8 KiB"}, {4 << 10, "4 KiB"},
	{4000, "4000 bytes"}, {2 << 10, "2 KiB"}, {1 << 10, "1 KiB"}, {1000, "1000 bytes"}, {512, "512 bytes"},
	{256, "256 bytes"}, {255, "255 bytes"}, {10 << 20, "10 MiB"}, {10_000_000, "10 MB"}, {6 << 20, "6 MiB"},
	{5 << 20, "5 MiB"}, {4 << 20, "4 MiB"}, {2 << 20, "2 MiB"}, {2_621_440, "2.5 MiB"},
}

// cutShort makes bodies that contain the given one, or are contained in it.
func cutShort(have []byte, yield func(edit) bool) {
	for _, closing := range missingEnds(have) {
		e := edit{kind: Truncated, change: "the body has " + quoted([]byte(closing)) + " appended",
			words: "the end of the body is missing", body: append(bytes.Clone(have), closing...)}
		if !yield(e) {
			return
		}
	}
	for _, r := range roundSizes {
		if len(have) <= r.size {
			continue
		}
		e := edit{kind: SignedTruncated, change: "only the first " + strconv.Itoa(r.size) + " bytes of the body count (" +
			r.name + ")",
			words: "the sender signs or stores only this much of the body", body: have[:r.size]}
		if !yield(e) {
			return
		}
	}
	if len(have) > 0 {
		yield(edit{kind: SignedEmpty, change: "the body is empty", words: "the sender signs before it has a body, or " +
			"signs no body", body: []byte{}})
	}
}

// missingEnds returns the brackets that close a truncated JSON text.
func missingEnds(have []byte) []string {
	open, inString, ok := openAtEnd(have)
	if !ok {
		return nil
	}
	closing := ""
	if inString {
		closing = `"`
	}
	for i := len(open) - 1; i >= 0; i-- {
		closing += string(open[i] + 2) // in ASCII, ] is [ + 2 and } is { + 2
	}
	ends := []string{closing, closing + "\n"}
	if !inString {
		ends = append(ends, `"`+closing)
	}
	return ends
}
