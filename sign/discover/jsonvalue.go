package discover

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/sign"
)

// Limits on the part of a body that is searched.
const (
	maxLeaves = 4096
	maxDepth  = 16
	maxKept   = 512
)

// jsonValues returns the strings and whole numbers of a JSON object or array with their paths, and nothing for
// another body. It skips keys that a path cannot name.
func jsonValues(body []byte) []value {
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' {
		return nil
	}
	w := walker{decoder: json.NewDecoder(bytes.NewReader(body))}
	w.decoder.UseNumber()
	w.walk(nil)
	return w.values
}

// walker reads a body token by token, so that a large body is never held as a tree.
type walker struct {
	decoder *json.Decoder
	leaves  int
	values  []value
}

// walk reads one value at a path; false ends the walk.
func (w *walker) walk(path []string) bool {
	token, err := w.decoder.Token()
	if err != nil || len(path) > maxDepth {
		return false
	}
	switch t := token.(type) {
	case json.Delim:
		return w.inside(path, t == '{')
	case string:
		return w.add(path, t)
	case json.Number:
		return w.add(path, t.String())
	}
	return w.add(path, "") // true, false or null
}

// inside reads the rest of an object or array.
func (w *walker) inside(path []string, object bool) bool {
	for i := 0; w.decoder.More(); i++ {
		key := strconv.Itoa(i)
		if object {
			token, err := w.decoder.Token()
			if err != nil {
				return false
			}
			key, _ = token.(string)
		}
		if !w.walk(append(path, key)) {
			return false
		}
	}
	_, err := w.decoder.Token()
	return err == nil
}

func (w *walker) add(path []string, text string) bool {
	w.leaves++
	if text != "" && len(path) > 0 && len(text) <= maxValue && len(w.values) < maxKept &&
		!slices.ContainsFunc(path, func(key string) bool { return !isPlainName(key) }) {
		w.values = append(w.values, value{place: sign.Place("json:" + strings.Join(path, ".")), text: text})
	}
	return w.leaves < maxLeaves
}
