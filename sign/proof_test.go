package sign_test

import (
	"hash/crc32"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

func TestARowThatAdmitsAWeaknessSaysIt(t *testing.T) {
	admitted := 0
	for _, s := range catalog.All() {
		if s.UnsignedTime || s.NoSeparator {
			admitted++
			if len(s.Weaknesses()) == 0 {
				t.Errorf("%s does not say what it admits", s.Name)
			}
		}
	}
	if admitted == 0 || len(lookup(t, "discord").Weaknesses()) != 1 || len(lookup(t, "stripe").Weaknesses()) != 0 {
		t.Errorf("%d rows admit something", admitted)
	}
}

// The text behind a value in the template ends it; a value that holds that text could end earlier.
func TestAValueThatHoldsItsOwnEndIsRefused(t *testing.T) {
	s := sign.Scheme{
		Name: "x", Auth: sign.HMAC, Hash: sign.SHA256, Enc: sign.Hex, Key: sign.Raw, Header: "X-Sig",
		Content: "{json.a}|{header.X-B}|{json.c}",
	}
	if err := catalog.Validate(s); err != nil {
		t.Fatal(err)
	}
	signed := sign.Message{Header: map[string][]string{"X-B": {"b"}}, Body: []byte(`{"a":"1","c":"2|3"}`)}
	m := deliver(t, s, signed, text("k"))
	expect(t, "signed", s, m, text("k"), "")
	moved := with(setBody(m, `{"a":"1|b","c":"3"}`), "X-B", "2")
	expect(t, "moved", s, moved, text("k"), sign.MalformedField)
	expect(t, "moved into the header", s, with(setBody(m, `{"a":"1","c":"3"}`), "X-B", "b|2"), text("k"),
		sign.MalformedField)
}

// sameCRC is another body with the CRC-32 of the first: four bytes at its end bring any sum about.
func sameCRC(want uint32, evil string) []byte {
	table := crc32.MakeTable(crc32.IEEE)
	var back [256]byte
	for i, v := range table {
		back[v>>24] = byte(i)
	}
	state := want ^ 0xffffffff
	var index [4]byte
	for i := 3; i >= 0; i-- {
		index[i] = back[state>>24]
		state = (state ^ table[index[i]]) << 8
	}
	now := crc32.ChecksumIEEE([]byte(evil)) ^ 0xffffffff
	patch := make([]byte, 4)
	for i := range patch {
		patch[i] = byte(now) ^ index[i]
		now = now>>8 ^ table[index[i]]
	}
	return append([]byte(evil), patch...)
}

func TestACRCDoesNotCoverTheBody(t *testing.T) {
	own := sign.Scheme{
		Name: "x", Auth: sign.HMAC, Hash: sign.SHA256, Enc: sign.Hex, Key: sign.Raw, Header: "X-Sig",
		Content: "{url}|{body|crc32}",
	}
	stamped := own
	stamped.Content, stamped.Time, stamped.Tolerance = "{ts}|{body|crc32}",
		sign.Timestamp{In: "header:X-T", Unit: sign.Seconds}, sign.Both(time.Minute)
	for _, s := range []sign.Scheme{lookup(t, "paypal"), own, stamped} {
		keys := newPair(s, 0)
		m := deliver(t, s, newMessage(s), keys.signing)
		forged := sameCRC(crc32.ChecksumIEEE(m.Body), `{"amount":1000000,"x":"`)
		if crc32.ChecksumIEEE(forged) != crc32.ChecksumIEEE(m.Body) {
			t.Fatal("the sums differ")
		}
		match, err := s.Verify(setBody(m, string(forged)), at, keys.verifying)
		if err != nil || !match.BodyUnsigned || s.CoversBody() {
			t.Errorf("%s: %+v, %v: a body that anybody can write is said to be covered", s.Name, match, err)
		}
	}
}
