package live

import (
	"slices"
	"strings"
	"testing"
)

func TestBytesBecomeKeysHoweverTheyAreCut(t *testing.T) {
	t.Parallel()
	for input, want := range map[string][]string{
		"jk":                            {"j", "k"},
		"\x1b[A\x1b[B\x1bOA":            {"up", "down", "up"},
		"\r\n\x7f \t":                   {"enter", "enter", "backspace", "space", "tab"},
		"é注🎉":                           {"é", "注", "🎉"},
		"\x1a\x1c\x15":                  {"ctrl-z", "ctrl-\\", "ctrl-u"},
		"\x1bq":                         {"esc", "q"},
		"\x1b\x1b[A\x1bé":               {"esc", "up", "esc", "é"},
		"\x1b[1;5A\x1b[999~x":           {"x"},
		"\xff\x00a":                     {"a"},
		"a\x1b[200~rm -rf\nq\x1b[201~b": {"a", "pasted:rm -rf\nq", "b"},
		"\x1b[200~\x1b[2\x1b[201~":      {"pasted:\x1b[2"},
	} {
		for size := 1; size <= len(input); size++ {
			var d decoder
			var got []string
			for part := range slices.Chunk([]byte(input), size) {
				got = append(got, d.decode(part)...)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q in parts of %d: %q, want %q", input, size, got, want)
			}
		}
	}
}

func TestALoneEscapeIsAKey(t *testing.T) {
	t.Parallel()
	var d decoder
	if got := d.decode([]byte("\x1b")); got != nil || !d.isOpen() {
		t.Errorf("%q came before it was known", got)
	}
	if got := d.close(); !slices.Equal(got, []string{"esc"}) || d.isOpen() {
		t.Errorf("%q", got)
	}
	d.decode([]byte("\x1b["))
	if got := d.close(); got != nil || d.isOpen() {
		t.Errorf("half a sequence is %q", got)
	}
}

func TestWhatComesWithoutAnEndIsBounded(t *testing.T) {
	t.Parallel()
	var d decoder
	d.decode([]byte("\x1b["))
	for range 100 {
		d.decode([]byte(strings.Repeat("1", 1000)))
		if len(d.rest) > longest {
			t.Fatalf("%d bytes are kept of a sequence", len(d.rest))
		}
	}
	d = decoder{}
	d.decode([]byte(pasteBegins))
	for range 100 {
		d.decode([]byte(strings.Repeat("1", 1000)))
	}
	if keys := d.decode([]byte(pasteEnds)); len(keys) != 1 || len(keys[0]) > mostPasted+len(pasted) {
		t.Errorf("%d keys", len(keys))
	}
}
