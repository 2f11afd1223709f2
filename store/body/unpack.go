package body

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
)

// MaxUnpacked is the size of the largest body that is unpacked, in bytes: a few kilobytes can hold gigabytes of zeros.
const MaxUnpacked = 16 << 20

// maxCodings is the greatest number of encodings of one body that are undone.
const maxCodings = 4

// UnpackError says that a body unpacks to more than MaxUnpacked.
type UnpackError struct{ Coding string }

// Error names the encoding and the limit.
func (e *UnpackError) Error() string {
	return fmt.Sprintf("the body decompresses from %s to more than %d MiB", e.Coding, MaxUnpacked>>20)
}

// unpack undoes the encodings of a Content-Encoding header, the last one first. It stops at an encoding that it does
// not know and at data that is not in that encoding.
func unpack(fields []string, data []byte) ([]byte, error) {
	codings := strings.FieldsFunc(strings.ToLower(strings.Join(fields, ",")), func(r rune) bool {
		return r == ',' || r == ' ' || r == '\t'
	})
	codings = slices.DeleteFunc(codings, func(coding string) bool { return coding == "identity" })
	if len(codings) > maxCodings {
		return data, nil
	}
	for _, coding := range slices.Backward(codings) {
		r, err := reader(coding, data)
		if err != nil || r == nil {
			return data, nil // not in this encoding
		}
		out, err := io.ReadAll(io.LimitReader(r, MaxUnpacked+1))
		switch {
		case len(out) > MaxUnpacked:
			return nil, &UnpackError{coding}
		case err != nil:
			return data, nil
		}
		data = out
	}
	return data, nil
}

// reader returns a reader of what is packed in data, nil for an encoding that is not known.
func reader(coding string, data []byte) (io.Reader, error) {
	switch coding {
	case "gzip", "x-gzip":
		return gzip.NewReader(bytes.NewReader(data))
	case "deflate": // with a zlib header (RFC 9110, section 8.4.1.2); some senders leave it out
		if r, err := zlib.NewReader(bytes.NewReader(data)); err == nil {
			return r, nil
		}
		return flate.NewReader(bytes.NewReader(data)), nil
	case "br":
		return brotli.NewReader(bufio.NewReader(bytes.NewReader(data))), nil
	}
	return nil, nil
}
