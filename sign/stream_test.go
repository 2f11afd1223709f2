package sign_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// TestMain has rapid check 25 times a scheme, of which there are more than a hundred; -rapid.checks and make soak say
// more.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// TestAStreamIsSignedAsTheSameBytes crosses the block size, where reading ahead begins.
func TestAStreamIsSignedAsTheSameBytes(t *testing.T) {
	const block = 256 << 10
	for _, s := range catalog.All() {
		if !s.Streams() {
			continue
		}
		a, b := newPair(s, 0), newPair(s, 1)
		for _, size := range []int{0, 1, block - 1, block, block + 1, 2*block + 7} {
			m := newMessage(s)
			m.Body = bytes.Repeat([]byte("0123456789abcde\n"), size/16+1)[:size]
			whole := deliver(t, s, m, a.signing, b.signing)
			streamed := m
			streamed.Body, streamed.Stream = nil, iotest.HalfReader(bytes.NewReader(m.Body))
			got := deliver(t, s, streamed, a.signing, b.signing)
			if s.Auth == sign.HMAC && got.Header.Get(s.Header) != whole.Header.Get(s.Header) {
				t.Errorf("%s, %d bytes: the signatures differ", s.Name, size)
			}
			got.Body, got.Stream = nil, iotest.DataErrReader(bytes.NewReader(m.Body))
			match, err := s.Verify(got, at, b.verifying, a.verifying)
			if err != nil || (match.Secret == 0) != s.Rotates() {
				t.Errorf("%s, %d bytes: %+v, %v", s.Name, size, match, err)
			}
			got.Stream = io.MultiReader(bytes.NewReader(m.Body), strings.NewReader("x"))
			want := sign.SignatureMismatch
			if s.Auth == sign.Token {
				want = ""
			}
			expect(t, s.Name+" changed", s, got, a.verifying, want)
		}
	}
}

func TestABrokenStreamIsAnErrorAndNeverASignature(t *testing.T) {
	s := lookup(t, "github")
	keys := newPair(s, 0)
	for _, size := range []int{0, 100, 300 << 10, 2 << 20} {
		for _, cause := range []error{errors.New("disk on fire"), io.ErrUnexpectedEOF} {
			m := newMessage(s)
			m.Stream = io.MultiReader(strings.NewReader(strings.Repeat("x", size)), iotest.ErrReader(cause))
			if signed, err := s.Sign(m, keys.signing); !errors.Is(err, cause) || signed.Fields != nil {
				t.Errorf("sign after %d: %v", size, err)
			}
			got := deliver(t, s, newMessage(s), keys.signing)
			got.Stream = io.MultiReader(strings.NewReader(strings.Repeat("x", size)), iotest.ErrReader(cause))
			if _, err := s.Verify(got, at, keys.verifying); !errors.Is(err, cause) {
				t.Errorf("verify after %d: %v", size, err)
			}
		}
	}
}

func TestSchemesThatNeedTheWholeBodyRefuseAStream(t *testing.T) {
	var not []string
	for _, s := range catalog.All() {
		if s.Streams() {
			continue
		}
		not = append(not, s.Name)
		m := newMessage(s)
		m.Stream = strings.NewReader("x")
		keys := newPair(s, 0)
		if _, err := s.Sign(m, keys.signing); err == nil {
			t.Errorf("%s signed a stream", s.Name)
		}
		if _, err := s.Verify(m, at, keys.verifying); err == nil {
			t.Errorf("%s verified a stream", s.Name)
		}
	}
	const want = "standard-webhooks-v1a hygraph linear mandrill mailgun dropbox-sign discord telnyx fal kick wise " +
		"plaid netlify qstash messagebird vonage " +
		"livekit monday pubsub fusionauth figma msgraph twilio adyen aws-sns rfc9421 contentful hook0-v1 mercadopago " +
		"braintree easypost plivo-v3"
	if got := strings.Join(not, " "); got != want {
		t.Errorf("without streams: %s", got)
	}
}

func TestABadSignatureIsRefusedWithoutReadingTheStream(t *testing.T) {
	s := lookup(t, "github")
	m := newMessage(s)
	m.Stream = iotest.ErrReader(errors.New("was read"))
	expect(t, "missing", s, m, newPair(s, 0).verifying, sign.MissingSignature)
}

// zeros is an endless stream.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func TestStreamingTakesConstantMemory(t *testing.T) {
	s := lookup(t, "standard-webhooks")
	m := newMessage(s)
	m.Body, m.Stream = nil, io.LimitReader(zeros{}, 64<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	deliver(t, s, m, newPair(s, 0).signing, newPair(s, 1).signing)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 2<<20 {
		t.Errorf("%d bytes allocated for a stream of 64 MiB", used)
	}
}
