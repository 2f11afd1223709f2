package sign_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/barbhq/barb/sign"
)

// lengthen does what a forger does: of a digest and the length of what it is of, without the bytes themselves, it makes
// the digest of those bytes, their padding and more.
func lengthen(t *testing.T, kind sign.Hash, sum []byte, length int, more []byte) (forged, padding []byte) {
	t.Helper()
	h := map[sign.Hash]func() hash.Hash{sign.MD5: md5.New, sign.SHA1: sha1.New, sign.SHA256: sha256.New,
		sign.SHA512: sha512.New}[kind]()
	block, counter := h.BlockSize(), h.BlockSize()/8
	padding = append([]byte{0x80}, make([]byte, (2*block-1-counter-length%block)%block)...)
	bits := make([]byte, counter)
	if kind == sign.MD5 {
		binary.LittleEndian.PutUint64(bits, uint64(length)*8)
	} else {
		binary.BigEndian.PutUint64(bits[counter-8:], uint64(length)*8)
	}
	padding = append(padding, bits...)
	// The state of a hash is written "magic, words, block, length"; the digest is the words.
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	words := slices.Clone(sum)
	if kind == sign.MD5 { // its digest has the words with their lowest byte first
		for i := 0; i < len(words); i += 4 {
			slices.Reverse(words[i : i+4])
		}
	}
	copy(state[4:], words)
	binary.BigEndian.PutUint64(state[len(state)-8:], uint64(length+len(padding)))
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		t.Fatal(err)
	}
	h.Write(more)
	return h.Sum(nil), padding
}

func digestScheme(content string, kind sign.Hash) sign.Scheme {
	return sign.Scheme{Name: "x", Auth: sign.Digest, Hash: kind, Enc: sign.Hex, Key: sign.Raw,
		Content: content, Header: "X-Sig"}
}

func TestADigestThatWasLengthenedIsRefused(t *testing.T) {
	for what, s := range map[string]sign.Scheme{
		"hubspot-v1": lookup(t, "hubspot-v1"), "hubspot-v2": lookup(t, "hubspot-v2"),
		"own sha1": digestScheme("{secret}{body}", sign.SHA1), "own md5": digestScheme("{secret}:{body}", sign.MD5),
		"own sha512":            digestScheme("{secret}{body}", sign.SHA512),
		"own behind the method": digestScheme("{method}{secret}{body}", sign.SHA256),
	} {
		for _, secretLength := range []int{16, 36, 47, 55, 56, 63, 64, 65, 119, 128} {
			for _, body := range []string{"", "a=1", strings.Repeat("x", 200)} {
				key := text(strings.Repeat("k", secretLength))
				msg := newMessage(s)
				msg.Body = []byte(body)
				m := deliver(t, s, msg, key)
				expect(t, what+" genuine", s, m, key, "")
				sum, err := hex.DecodeString(m.Header.Get(s.Header))
				if err != nil {
					t.Fatal(err)
				}
				length := secretLength + len(body)
				switch {
				case strings.Contains(s.Content, "{url}"):
					length += len(m.Method) + len(m.URL)
				case strings.Contains(s.Content, "{method}"):
					length += len(m.Method)
				case strings.Contains(s.Content, ":"):
					length++
				}
				for _, more := range []string{"", "&admin=1", strings.Repeat("y", 300)} {
					forged, padding := lengthen(t, s.Hash, sum, length, []byte(more))
					got := with(setBody(m, body+string(padding)+more), s.Header, hex.EncodeToString(forged))
					expect(t, what+" lengthened", s, got, key, sign.LengthExtension)
					streamed := got
					streamed.Body, streamed.Stream = nil, iotest.HalfReader(bytes.NewReader(got.Body))
					expect(t, what+" lengthened, streamed", s, streamed, key, sign.LengthExtension)
				}
			}
		}
	}
}

// What only looks like padding at another place, or with another length, is a body like any other.
func TestABodyOfZerosIsNoPadding(t *testing.T) {
	s := lookup(t, "hubspot-v1")
	key := text(strings.Repeat("k", 32))
	for _, body := range [][]byte{
		make([]byte, 1000), bytes.Repeat([]byte{0x80}, 500), append([]byte{0x80}, make([]byte, 300)...),
		append(append([]byte{0x80}, make([]byte, 54)...), 0, 0, 0, 0, 0, 0, 1, 0), // the length of no secret at all
	} {
		msg := newMessage(s)
		msg.Body = body
		expect(t, "zeros", s, deliver(t, s, msg, key), key, "")
	}
}
