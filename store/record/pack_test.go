package record_test

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
		got, err := record.UnpackHeader(want.Pack())
		if err != nil || !cmp.Equal(want, got) {
			t.Fatalf("%q became %q, %v", want, got, err)
		}
	})
}

func TestAnyURLComesBack(t *testing.T) {
	for _, url := range []string{"", "h", "http://", "http://h", "http://h:80/a?b#c", "https://[::1]:8443?x=http://y/z", "://", "a://b://c/d", "http:/h/x://y"} {
		rest, endpoint := record.SplitURL(url)
		if got := record.JoinURL(rest, endpoint); got != url {
			t.Errorf("%q became %q by way of %q and %q", url, got, rest, endpoint)
		}
	}
}

func FuzzUnpackHeader(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(record.Header{{Name: "a", Value: "b"}, {}}.Pack())
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, coded []byte) {
		header, err := record.UnpackHeader(coded)
		if err != nil {
			return
		}
		again, err := record.UnpackHeader(header.Pack())
		if err != nil || !cmp.Equal(header, again) {
			t.Fatalf("%q became %q, %v", header, again, err)
		}
	})
}
