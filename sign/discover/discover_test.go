package discover_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/discover"
)

const secretText = "an odd secret of the tests, é"

func secret(text string) []sign.Secret { return []sign.Secret{{Name: "test", Key: []byte(text)}} }

func message(body string, fields ...string) sign.Message {
	m := sign.Message{Method: "POST", Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
	for i := 0; i < len(fields); i += 2 {
		m.Header.Set(fields[i], fields[i+1])
	}
	return m
}

func macOf(key, content string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(content))
	return mac.Sum(nil)
}

func hexOf(key, content string) string { return hex.EncodeToString(macOf(key, content)) }

func base64Of(key, content string) string {
	return base64.StdEncoding.EncodeToString(macOf(key, content))
}

func search(t testing.TB, q discover.Query) discover.Result {
	t.Helper()
	r, err := discover.Search(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// find searches, and checks of what was found that it is a good scheme and verifies.
func find(t testing.TB, q discover.Query) sign.Scheme {
	t.Helper()
	r := search(t, q)
	if !r.Found {
		t.Fatalf("not found: %+v", r)
	}
	holds(t, q, r)
	return r.Scheme
}

func holds(t testing.TB, q discover.Query, r discover.Result) {
	t.Helper()
	if err := catalog.Validate(r.Scheme); err != nil {
		t.Errorf("%+v: %v", r.Scheme, err)
	}
	s := r.Scheme
	if s.Time.Unit != "" {
		s.Tolerance = sign.Both(sign.NoLimit)
	}
	if _, err := s.Verify(q.Message, time.Unix(1700000000, 0), q.Secrets[r.Secret]); err != nil {
		t.Errorf("%+v does not verify: %v", s, err)
	}
}

func TestAKnownSchemeIsNamed(t *testing.T) {
	v := vectors(t, "stripe")[0]
	if r := search(t, v.query()); !slices.Equal(r.Same, []string{"stripe"}) {
		t.Errorf("same as %v, like %v", r.Same, r.Like)
	}
	q := v.query()
	q.Message.Header = http.Header{"X-Acme-Signature": {v.Headers["Stripe-Signature"]}}
	r := search(t, q)
	if !slices.Contains(r.Like, "stripe") || len(r.Same) > 0 || r.Scheme.Name != "acme" {
		t.Errorf("%s: same as %v, like %v", r.Scheme.Name, r.Same, r.Like)
	}
}

func TestWhatStandsBesideASignatureDoesNotHideIt(t *testing.T) {
	const body, ts = `{"n":1}`, "1700000000"
	good := hexOf(secretText, ts+"."+body)
	stale := hexOf("another secret", ts+"."+body)
	for _, c := range []struct{ value, split, prefix, format string }{
		{"t=" + ts + ",v0=" + stale + ",v1=" + stale + ",v1=" + good, ",", "v1=", "t={ts},v1={sig}"},
		{"v2=" + strings.Repeat("ab", 48) + "; v1=" + good + "; ts=" + ts, ";", "v1=", "v1={sig}; ts={ts}"},
		{"keyId=abc ts=" + ts + " sig=" + good, " ", "sig=", "ts={ts} sig={sig}"},
		{"HMAC-SHA256 Timestamp=" + ts + ", Signature=" + strings.ToUpper(good), ", ", "Signature=",
			"Timestamp={ts}, Signature={sig}"},
		{"ts:" + ts + "|" + good, "|", "", "ts:{ts}|{sig}"},
	} {
		s := find(t, discover.Query{Message: message(body, "X-Acme-Signature", c.value), Secrets: secret(secretText)})
		if s.Split != c.split || s.Prefix != c.prefix || s.Format != c.format || s.Content != "{ts}.{body}" {
			t.Errorf("%s: split %q, prefix %q, format %q, content %q", c.value, s.Split, s.Prefix, s.Format, s.Content)
		}
	}
	old := "v1a," + strings.Repeat("A", 86) + "== v1," + base64Of("another secret", body) + " v1," +
		base64Of(secretText, body)
	if s := find(t, discover.Query{Message: message(body, "X-Acme-Signature", old),
		Secrets: secret(secretText)}); s.Split != " " || s.Prefix != "v1," {
		t.Errorf("split %q, prefix %q", s.Split, s.Prefix)
	}
}

func TestTheFormOfTheSecretIsFound(t *testing.T) {
	key := "0123456789abcdefghij-ÿ§"
	for form, text := range map[sign.KeyForm]string{
		sign.Raw: key, sign.HexKey: hex.EncodeToString([]byte(key)),
		sign.Base64Key: base64.StdEncoding.EncodeToString([]byte(key)),
		sign.Whsec:     "whsec_" + base64.StdEncoding.EncodeToString([]byte(key)),
	} {
		q := discover.Query{Message: message("{}", "X-Acme-Signature", hexOf(key, "{}")),
			Secrets: append(secret("not this one"), secret(text)...)}
		r := search(t, q)
		if !r.Found || r.Scheme.Key != form || r.Secret != 1 {
			t.Errorf("%s: %+v", form, r)
			continue
		}
		holds(t, q, r)
	}
}

func TestWhereverASignatureTravels(t *testing.T) {
	for _, c := range []struct {
		name    string
		message sign.Message
		content string
		time    sign.Timestamp
		id      sign.Place
	}{
		{"headers of their own", message("{}", "X-Sig", hexOf(secretText, "n-1|2026-01-20T14:32:00.123Z|{}"), "X-When",
			"2026-01-20T14:32:00.123Z", "X-Delivery", "n-1"),
			"{id}|{ts}|{body}", sign.Timestamp{In: "header:X-When", Unit: sign.RFC3339Millis}, "header:X-Delivery"},
		{"a time with a zone", message("{}", "X-Sig", hexOf(secretText, "2026-01-20T14:32:00+02:00{}"), "X-When",
			"2026-01-20T14:32:00+02:00"),
			"{ts}{body}", sign.Timestamp{In: "header:X-When", Unit: sign.RFC3339}, ""},
		{"milliseconds behind the body", message("{}", "X-Sig", hexOf(secretText, "{}\n1700000000123"),
			"X-T", "1700000000123"),
			"{body}\n{ts}", sign.Timestamp{In: "header:X-T", Unit: sign.Milliseconds}, ""},
		{"the hash of the body", message("{}", "X-Sig",
			hexOf(secretText, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")),
			"{body|sha256hex}", sign.Timestamp{}, ""},
		{"the body", message(`{"a":{"sig":"` + hexOf(secretText, "1700000000tok-en") +
			`","timestamp":1700000000,"token":"tok-en"}}`),
			"{ts}{id}", sign.Timestamp{In: "json:a.timestamp", Unit: sign.Seconds}, "json:a.token"},
	} {
		s := find(t, discover.Query{Message: c.message, Secrets: secret(secretText)})
		if s.Content != c.content || s.Time != c.time || s.IDIn != c.id {
			t.Errorf("%s: %q, %v, %q", c.name, s.Content, s.Time, s.IDIn)
		}
	}
}

func TestWhatIsNotInTheRequestIsTriedWhenItIsGiven(t *testing.T) {
	m := message("{}", "X-Sig", hexOf(secretText, "POST\nhttps://a.example/x?y=1\n{}"))
	if r := search(t, discover.Query{Message: m, Secrets: secret(secretText)}); r.Found {
		t.Errorf("found %+v without the URL", r.Scheme)
	}
	m.URL = "https://a.example/x?y=1"
	if s := find(t, discover.Query{Message: m, Secrets: secret(secretText)}); s.Content != "{method}\n{url}\n{body}" {
		t.Errorf("content %q", s.Content)
	}
	m = message("{}", "X-Sig", hexOf(secretText, "id-1.1700000000.POST./x.{}"), "X-Id", "id-1", "X-Time", "1700000000")
	m.URL = "https://a.example/x?y=1"
	if s := find(t, discover.Query{Message: m,
		Secrets: secret(secretText)}); s.Content != "{id}.{ts}.{method}.{path}.{body}" {
		t.Errorf("content %q", s.Content)
	}
	m = message("{}", "X-Sig", hexOf(secretText, "shop-7:{}"))
	m.Params = map[string]string{"shop": "shop-7"}
	if s := find(t, discover.Query{Message: m, Secrets: secret(secretText)}); s.Content != "{param.shop}:{body}" {
		t.Errorf("content %q", s.Content)
	}
}

func TestAPlainHashWithTheSecretInItIsFound(t *testing.T) {
	for content, want := range map[string]string{
		secretText + `{"n":1}`: "{secret}{body}", `{"n":1}1700000000` + secretText: "{body}{ts}{secret}",
		"1700000000:" + `{"n":1}:` + secretText: "{ts}:{body}:{secret}",
	} {
		sum := sha256.Sum256([]byte(content))
		known := []sign.Scheme{}
		q := discover.Query{Message: message(`{"n":1}`, "X-Sum", hex.EncodeToString(sum[:]), "X-Time", "1700000000"),
			Secrets: secret(secretText), Known: known}
		if s := find(t, q); s.Auth != sign.Digest || s.Content != want {
			t.Errorf("%s of %q, want %q", s.Auth, s.Content, want)
		}
	}
}

func TestATokenIsFound(t *testing.T) {
	s := find(t, discover.Query{Message: message("{}", "X-Acme-Token", "glpat-W4sBxh2fQkzE7yLm"),
		Secrets: secret("glpat-W4sBxh2fQkzE7yLm")})
	if s.Auth != sign.Token || s.Header != "X-Acme-Token" {
		t.Errorf("%+v", s)
	}
	s = find(t, discover.Query{Message: message("{}", "Authorization", "Bearer glpat-W4sBxh2fQkzE7yLm"),
		Secrets: secret("glpat-W4sBxh2fQkzE7yLm")})
	if s.Prefix != "Bearer " {
		t.Errorf("%+v", s)
	}
}

func TestAWrongSecretFindsNothing(t *testing.T) {
	for _, s := range catalog.All() {
		if beyondSearch(s) != "" {
			continue
		}
		q := vectors(t, s.Name)[0].query()
		q.Secrets, q.Limit = secret("a wrong secret 0123456789abcdef"), 600
		if r := search(t, q); r.Found || r.Signatures == 0 || r.Tried < 300 {
			t.Errorf("%s: %+v", s.Name, r)
		}
	}
}

func TestWhatIsFoundHoldsNoSecret(t *testing.T) {
	const own = "hunter2hunter2"
	for _, value := range []string{own + "=" + hexOf(own, "{}"), own + ":" + hexOf(own, "{}"),
		own + "," + base64Of(own, "{}"), own} {
		r := search(t, discover.Query{Message: message("{}", "X-Sig", value), Secrets: secret(own)})
		if text := fmt.Sprintf("%+v", r); strings.Contains(text, own) {
			t.Errorf("%s", text)
		}
	}
}

func TestASearchIsBounded(t *testing.T) {
	m := message("", "X-Signature", strings.Repeat("ab", 32))
	m.Body = bytes.Repeat([]byte("x"), 1<<20)
	for i := range 100 {
		m.Header.Set(fmt.Sprintf("X-Request-%d-Id", i), fmt.Sprint("id-", i))
		m.Header.Set(fmt.Sprintf("X-Time-%d", i), fmt.Sprint(1700000000+i))
		m.Header.Set(fmt.Sprintf("X-Hash-%d", i), strings.Repeat("cd", 20+12*(i%2)))
	}
	m.URL = "https://a.example/"
	const most = 64 << 20
	r := search(t, discover.Query{Message: m, Secrets: secret(secretText), Bytes: most})
	if r.Found || !r.Cut || r.Tried > most>>20 || r.Tried < 32 {
		t.Errorf("%+v", r)
	}
	if r.Signatures > 64 || r.Times > 6 || r.IDs > 10 {
		t.Errorf("looked at %d signatures, %d timestamps, %d ids", r.Signatures, r.Times, r.IDs)
	}
	m.Body = []byte("{}")
	if r := search(t, discover.Query{Message: m, Secrets: secret(secretText), Limit: 1000}); r.Found || !r.Cut ||
		r.Tried > 1000 || r.Tried < 500 {
		t.Errorf("%+v", r)
	}
}

func TestWhatBelongsToOtherHeadersIsNotTried(t *testing.T) {
	m := message("{}", "X-Sig", strings.Repeat("ab", 32), "Accept", "text/html;q=0.9", "Content-Type",
		"application/json; charset=utf-8", "Cookie", "seen=1700000000")
	if r := search(t, discover.Query{Message: m, Secrets: secret(secretText)}); r.IDs != 0 || r.Times != 0 ||
		r.Signatures != 1 {
		t.Errorf("%+v", r)
	}
}

func TestASearchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := discover.Search(ctx, discover.Query{Message: message("{}", "X-Sig", strings.Repeat("ab", 32)),
		Secrets: secret(secretText)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// Whatever is signed the way senders do is found under its secret, and not under another.
func TestWhatIsMadeOfCommonPartsIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := sign.Scheme{Name: "made", Auth: sign.HMAC, Key: sign.Raw, Header: "X-Made-Signature",
			Hash: rapid.SampledFrom([]sign.Hash{sign.SHA256, sign.SHA1, sign.SHA384, sign.SHA512, sign.MD5}).Draw(t,
				"hash"),
			Enc:    rapid.SampledFrom([]sign.Encoding{sign.Hex, sign.Base64, sign.Base64URL}).Draw(t, "enc"),
			Prefix: rapid.SampledFrom([]string{"", "v1=", "sha=", "v1,"}).Draw(t, "prefix"),
			IDIn:   "header:X-Made-Id",
			Time: sign.Timestamp{In: "header:X-Made-Time",
				Unit: rapid.SampledFrom([]sign.Unit{sign.Seconds, sign.Milliseconds, sign.RFC3339, sign.RFC3339Millis}).Draw(t,
					"unit")},
			Tolerance: sign.Both(time.Minute),
		}
		parts := rapid.SampledFrom([][]string{{"{body}"}, {"{ts}", "{body}"}, {"{id}", "{ts}", "{body}"},
			{"{method}", "{path}", "{body}"}, {"{url}", "{body}"}}).Draw(t, "parts")
		parts = rapid.Permutation(parts).Draw(t, "order")
		s.Content = strings.Join(parts, rapid.SampledFrom([]string{"", ".", ":", "|", ",", "\n"}).Draw(t, "separator"))
		m := sign.Message{ID: "msg_" + rapid.StringMatching(`[a-z0-9]{3,9}`).Draw(t, "id"),
			Time: time.Unix(1700000000, 0), Method: "POST",
			URL: "https://a.example/in?x=1", Header: http.Header{},
			Body: []byte(`{"n":` + rapid.StringMatching(`[1-9][0-9]{0,4}`).Draw(t, "body") + `}`)}
		signed, err := s.Sign(m, secret(secretText)...)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range signed.Fields {
			m.Header.Set(f.Name, f.Value)
		}
		q := discover.Query{Message: m, Secrets: secret(secretText)}
		r, err := discover.Search(context.Background(), q)
		if err != nil || !r.Found {
			t.Fatalf("%+v was not found: %+v, %v", s, r, err)
		}
		if r.Scheme.Content != s.Content || r.Scheme.Hash != s.Hash || r.Scheme.Prefix != s.Prefix {
			t.Errorf("found %+v, want %+v", r.Scheme, s)
		}
		r.Scheme.Tolerance = s.Tolerance
		if r.Scheme.Time.Unit == "" {
			r.Scheme.Tolerance = sign.Tolerance{}
		}
		if _, err := r.Scheme.Verify(m, m.Time, q.Secrets...); err != nil {
			t.Errorf("%+v: %v", r.Scheme, err)
		}
		q.Secrets, q.Limit = secret("another secret"), 2000
		if r, err := discover.Search(context.Background(), q); err != nil || r.Found {
			t.Errorf("found under another secret: %+v, %v", r.Scheme, err)
		}
	})
}
