package store

import (
	"encoding/binary"
	"errors"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// Fields are kept as name, value, name, value …, each with its length before it (a varint). The text of a head would
// not do: a message that no wire carried as HTTP/1 may have fields that text cannot hold.

// encodeFields returns an empty text for no fields, never nil.
func encodeFields(header record.Header) []byte {
	size := 0
	for _, f := range header {
		size += len(f.Name) + len(f.Value) + 4
	}
	out := make([]byte, 0, size)
	for _, f := range header {
		out = appendText(appendText(out, f.Name), f.Value)
	}
	return out
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

var errFields = errors.New("header fields do not decode")

// decodeFields is the inverse of encodeFields. The result shares no memory with coded.
func decodeFields(coded []byte) (record.Header, error) {
	var header record.Header
	for rest := string(coded); rest != ""; {
		var f record.Field
		var ok1, ok2 bool
		f.Name, rest, ok1 = cutText(rest)
		f.Value, rest, ok2 = cutText(rest)
		if !ok1 || !ok2 {
			return nil, errFields
		}
		header = append(header, f)
	}
	return header, nil
}

func cutText(s string) (text, rest string, ok bool) {
	n, width := binary.Uvarint([]byte(s[:min(len(s), binary.MaxVarintLen64)]))
	if width <= 0 || n > uint64(len(s)-width) {
		return "", "", false
	}
	return s[width : width+int(n)], s[width+int(n):], true
}

// splitURL takes the endpoint out of a URL: what is between "://" and the next "/", "?" or "#".
func splitURL(url string) (rest, endpoint string) {
	scheme, after, ok := strings.Cut(url, "://")
	if !ok {
		return url, ""
	}
	end := strings.IndexAny(after, "/?#")
	if end < 0 {
		end = len(after)
	}
	return scheme + "://" + after[end:], after[:end]
}

// joinURL is the inverse of splitURL.
func joinURL(rest, endpoint string) string {
	scheme, after, ok := strings.Cut(rest, "://")
	if !ok {
		return rest
	}
	return scheme + "://" + endpoint + after
}
