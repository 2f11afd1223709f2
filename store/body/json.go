package body

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
)

// maxDigits is the length of the longest number that keeps its digits. The largest float64 has 309 of them.
const maxDigits = 400

// JSON parses one JSON text and reports whether data is one. Numbers are json.Number, or float64 when they are longer
// than maxDigits.
func JSON(data []byte) (v any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, false
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, false
	}
	if hasLongNumber(data) {
		v = shortened(v)
	}
	return v, true
}

// compound is JSON for an object or an array alone.
func compound(data []byte) (any, bool) {
	start := bytes.TrimLeft(data, " \t\r\n")
	if len(start) == 0 || start[0] != '{' && start[0] != '[' {
		return nil, false
	}
	return JSON(data)
}

// hasLongNumber reports whether data may hold a number longer than maxDigits.
func hasLongNumber(data []byte) bool {
	run := 0
	for _, c := range data {
		switch {
		case '0' <= c && c <= '9', c == '.', c == '-', c == '+', c == 'e', c == 'E':
			if run++; run > maxDigits {
				return true
			}
		default:
			run = 0
		}
	}
	return false
}

// shortened replaces each long number in v.
func shortened(v any) any {
	switch v := v.(type) {
	case json.Number:
		if len(v) > maxDigits {
			f, _ := strconv.ParseFloat(string(v), 64) // out of range: an infinity
			return f
		}
	case []any:
		for i := range v {
			v[i] = shortened(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = shortened(v[name])
		}
	}
	return v
}
