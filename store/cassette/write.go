package cassette

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Writer writes a cassette. Close writes its last line, without which the file is refused as cut.
type Writer struct {
	w      io.Writer
	pretty bool
	sum    hash.Hash
	count  int
	begun  bool
}

// NewWriter returns a Writer. It writes the first line together with the first webhook.
func NewWriter(w io.Writer, pretty bool) *Writer {
	return &Writer{w: w, pretty: pretty, sum: sha256.New()}
}

// Write writes a webhook. It does not change it.
func (w *Writer) Write(x *Webhook) error {
	if err := w.begin(); err != nil {
		return err
	}
	w.count++
	return w.object(toWire(x, w.pretty), w.pretty)
}

// Close writes the last line. It does not close the file.
func (w *Writer) Close() error {
	if err := w.begin(); err != nil {
		return err
	}
	return w.object(tail{&w.count, hex.EncodeToString(w.sum.Sum(nil))}, false)
}

func (w *Writer) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	return w.object(head{Format, Version}, false)
}

// object writes an object and its line feed.
func (w *Writer) object(v any, pretty bool) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if pretty {
		e.SetIndent("", "  ")
	}
	if err := e.Encode(v); err != nil {
		return err
	}
	line := visible(b.Bytes())
	w.sum.Write(line)
	_, err := w.w.Write(line)
	return err
}

// isInvisible reports whether a character changes how the text around it is shown, or is not shown.
func isInvisible(r rune) bool {
	return r >= utf8.RuneSelf && !unicode.IsGraphic(r)
}

// visible escapes the invisible characters of JSON text. They are in strings only.
func visible(line []byte) []byte {
	if !bytes.ContainsFunc(line, isInvisible) {
		return line
	}
	var b bytes.Buffer
	for _, r := range string(line) {
		if !isInvisible(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.Bytes()
}
