package record

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// Lists of an exchange are stored in one column each. The format is the same in the histories of all versions.

// Pack returns the fields as name, value, name, value …, each after its length (a varint), and never nil. The text of a
// head would not do: a message that was not HTTP/1 on the wire may have fields that text cannot hold.
func (h Header) Pack() []byte {
	size := 0
	for _, f := range h {
		size += len(f.Name) + len(f.Value) + 4
	}
	out := make([]byte, 0, size)
	for _, f := range h {
		out = appendText(appendText(out, f.Name), f.Value)
	}
	return out
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

var errPacked = errors.New("recorded headers are damaged")

// UnpackHeader is the inverse of Pack. The result shares no memory with packed.
func UnpackHeader(packed []byte) (Header, error) {
	var header Header
	for rest := string(packed); rest != ""; {
		var f Field
		var ok1, ok2 bool
		f.Name, rest, ok1 = cutText(rest)
		f.Value, rest, ok2 = cutText(rest)
		if !ok1 || !ok2 {
			return nil, errPacked
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

// PackMarks returns marks as ",duplicate:17,filtered:0,", "" for none. A query finds a kind by the signs around it.
func PackMarks(marks []Mark) string {
	if len(marks) == 0 {
		return ""
	}
	var b strings.Builder
	for _, m := range marks {
		b.WriteString("," + string(m.Kind) + ":" + strconv.FormatInt(m.Of, 10))
	}
	return b.String() + ","
}

// UnpackMarks is the inverse of PackMarks. It skips malformed marks of a damaged file.
func UnpackMarks(text string) (marks []Mark) {
	for item := range strings.SplitSeq(text, ",") {
		kind, of, ok := strings.Cut(item, ":")
		id, err := strconv.ParseInt(of, 10, 64)
		if ok && err == nil {
			marks = append(marks, Mark{Kind: MarkKind(kind), Of: id})
		}
	}
	return marks
}

// PackMasks returns masks without their pieces as JSON, "" for none.
func PackMasks(masks []Mask) (string, error) {
	if len(masks) == 0 {
		return "", nil
	}
	text, err := json.Marshal(masks)
	return string(text), err
}

// UnpackMasks is the inverse of PackMasks.
func UnpackMasks(text string) (masks []Mask, err error) {
	if text != "" {
		err = json.Unmarshal([]byte(text), &masks)
	}
	return masks, err
}

// SplitURL separates the endpoint from a URL: the text between "://" and the next "/", "?" or "#".
func SplitURL(url string) (rest, endpoint string) {
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

// JoinURL is the inverse of SplitURL.
func JoinURL(rest, endpoint string) string {
	scheme, after, ok := strings.Cut(rest, "://")
	if !ok {
		return rest
	}
	return scheme + "://" + endpoint + after
}
