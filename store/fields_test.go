package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/barbhq/barb/store/record"
)

func TestFieldsOfAnyBytesComeBack(t *testing.T) {
	text := rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })
	rapid.Check(t, func(t *rapid.T) {
		var want record.Header
		for range rapid.IntRange(0, 5).Draw(t, "fields") {
			want = append(want, record.Field{Name: text.Draw(t, "name"), Value: text.Draw(t, "value")})
		}
		got, err := decodeFields(encodeFields(want))
		if err != nil || !cmp.Equal(want, got) {
			t.Fatalf("%q became %q, %v", want, got, err)
		}
	})
}

func TestAnyURLComesBack(t *testing.T) {
	for _, url := range []string{"", "h", "http://", "http://h", "http://h:80/a?b#c", "https://[::1]:8443?x=http://y/z", "://", "a://b://c/d", "http:/h/x://y"} {
		rest, endpoint := splitURL(url)
		if got := joinURL(rest, endpoint); got != url {
			t.Errorf("%q became %q by way of %q and %q", url, got, rest, endpoint)
		}
	}
}

func FuzzDecodeFields(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(encodeFields(record.Header{{Name: "a", Value: "b"}, {}}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, coded []byte) {
		header, err := decodeFields(coded)
		if err != nil {
			return
		}
		again, err := decodeFields(encodeFields(header))
		if err != nil || !cmp.Equal(header, again) {
			t.Fatalf("%q became %q, %v", header, again, err)
		}
	})
}
