package sign_test

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

func TestWhatWasSignedIsValid(t *testing.T) {
	forEach(t, func(t *testing.T, s sign.Scheme, m sign.Message, keys pair) {
		match, err := s.Verify(m, at.Add(3*time.Second), keys.verifying)
		if err != nil {
			t.Fatal(err)
		}
		if match.HasAge != (s.Time.Unit != "") || match.HasAge && match.Age != 3*time.Second {
			t.Errorf("age %v, %v", match.Age, match.HasAge)
		}
		if match.BodyUnsigned == s.CoversBody() || match.SecretName != "test" {
			t.Errorf("%+v", match)
		}
		if headerOf(s.IDIn) != "" && s.ID(m) != "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W" {
			t.Errorf("id %q", s.ID(m))
		}
		if headerOf(s.EventIn) != "" && s.Event(m) != "invoice.paid" {
			t.Errorf("event %q", s.Event(m))
		}
	})
}

func TestBrokenSignaturesAreRefused(t *testing.T) {
	forEach(t, func(t *testing.T, s sign.Scheme, m sign.Message, keys pair) {
		sig := signatureText(s, m)
		value := func(v string) sign.Message { return setSignature(s, m, sig, v) }
		if s.Name == "msgraph" { // one of its two signatures is changed, so that they differ
			expect(t, "differ", s, value(sig+"00"), keys.verifying, sign.DuplicateField)
			return
		}
		bad := []sign.Reason{sign.MalformedSignature, sign.SignatureMismatch, sign.MalformedTimestamp, sign.MissingTimestamp}

		expect(t, "prefix only", s, value(""), keys.verifying, sign.MalformedSignature,
			sign.MissingSignature, missingToken(s))
		expect(t, "truncated", s, value(sig[:len(sig)-4]), keys.verifying, bad...)
		expect(t, "extended", s, value(sig+"00"), keys.verifying, bad...)
		expect(t, "doubled", s, value(sig+sig), keys.verifying, bad...)
		expect(t, "30 KB", s, value(strings.Repeat("a", 30<<10)), keys.verifying, sign.MalformedSignature,
			sign.MissingSignature)
		expect(t, "zeros", s, value(strings.Repeat("0", len(sig))), keys.verifying, bad...)
		expect(t, "not ASCII", s, value("é"+sig[1:]), keys.verifying, bad...)
	})
}

// missingToken is the reason for a prefix without a token behind it where the prefix may be part of the token.
func missingToken(s sign.Scheme) sign.Reason {
	if s.Auth == sign.Token && s.Prefix != "" {
		return sign.SignatureMismatch
	}
	return sign.MalformedSignature
}

func TestBrokenSignatureHeadersAreRefused(t *testing.T) {
	forEach(t, func(t *testing.T, s sign.Scheme, m sign.Message, keys pair) {
		good := m.Header.Get(s.Header)
		if inBody(s) {
			m.Body = []byte("{}")
			expect(t, "missing", s, m, keys.verifying, sign.MissingSignature)
			return
		}
		expect(t, "missing", s, with(m, s.Header), keys.verifying, sign.MissingSignature)
		expect(t, "empty", s, with(m, s.Header, ""), keys.verifying, sign.MissingSignature)
		expect(t, "blank", s, with(m, s.Header, "  "), keys.verifying, sign.MissingSignature)
		twice := sign.DuplicateHeader
		if s.Repeat {
			twice = ""
		}
		expect(t, "twice", s, with(m, s.Header, good, good), keys.verifying, twice)
		expect(t, "bad one first", s, with(m, s.Header, "x", good), keys.verifying, twice)
		expect(t, "good one first", s, with(m, s.Header, good, "x"), keys.verifying, twice)
		expect(t, "joined", s, with(m, s.Header, good+", "+good), keys.verifying,
			sign.MalformedSignature, sign.MalformedTimestamp, sign.SignatureMismatch, sign.DuplicateField, sign.Reason(""))
	})
}

// TestHeaderNamesInOtherCaseCannotHideADuplicate uses a map as net/http would not fill it.
func TestHeaderNamesInOtherCaseCannotHideADuplicate(t *testing.T) {
	forEach(t, func(t *testing.T, s sign.Scheme, m sign.Message, keys pair) {
		if inBody(s) || s.Repeat {
			return
		}
		m.Header[strings.ToLower(s.Header)+""] = []string{"x"}
		m.Header[strings.ToUpper(s.Header)] = []string{"y"}
		expect(t, "spellings", s, m, keys.verifying, sign.DuplicateHeader)
	})
}

func TestChangedBodiesAreRefused(t *testing.T) {
	forEach(t, func(t *testing.T, s sign.Scheme, m sign.Message, keys pair) {
		want := sign.SignatureMismatch
		if inBody(s) {
			return // tests of their own change the fields that are signed
		}
		if !s.CoversBody() && !strings.Contains(s.Content, "{body|crc32}") {
			want = ""
		}
		body := string(m.Body)
		for what, changed := range map[string]string{
			"a byte less":   body[:len(body)-1],
			"a byte more":   body + "x",
			"a byte before": "x" + body,
			"none":          "",
			"re-serialised": strings.Replace(body, "1.0", "1", 1) + strings.Repeat("&q=", map[bool]int{true: 1}[signsForm(s)]),
		} {
			got := m
			got.Body = []byte(changed)
			expect(t, what, s, got, keys.verifying, want)
		}
	})
}

func TestOtherSecretsAreRefused(t *testing.T) {
	forEach(t, func(t *testing.T, s sign.Scheme, m sign.Message, keys pair) {
		expect(t, "another", s, m, newPair(s, 1).verifying, sign.SignatureMismatch)
		expect(t, "empty", s, m, text(""), sign.EmptySecret)
		expect(t, "blanks", s, m, text(" \t\n"), sign.EmptySecret)
		if _, err := s.Verify(m, at); reasonOf(t, err) != sign.EmptySecret {
			t.Errorf("no secret: %v", err)
		}
		if s.Key == sign.Whsec {
			undecoded := text(base64.StdEncoding.EncodeToString(keys.verifying.Key))
			expect(t, "undecoded", s, m, undecoded, sign.SignatureMismatch)
			expect(t, "whsec_ alone", s, m, text("whsec_"), sign.EmptySecret)
			expect(t, "whsec_ and padding", s, m, text("whsec_=="), sign.EmptySecret)
		}
	})
}

func TestIDsThatCouldBeConfusedAreRefused(t *testing.T) {
	forEach(t, func(t *testing.T, s sign.Scheme, m sign.Message, keys pair) {
		name := headerOf(s.IDIn)
		if name == "" {
			return
		}
		expect(t, "twice", s, with(m, name, "a", m.Header.Get(name)), keys.verifying, sign.DuplicateHeader)
		if !strings.Contains(s.Content, "{id}") {
			return
		}
		expect(t, "missing", s, with(m, name), keys.verifying, sign.MissingID)
		expect(t, "swapped", s, with(m, name, "msg_other"), keys.verifying, sign.SignatureMismatch)
		sep := strings.TrimPrefix(s.Content, "{id}")[:1]
		if sep == "{" {
			return // nothing stands between the id and a timestamp of a fixed form
		}
		expect(t, "separator", s, with(m, name, "msg"+sep+"1"), keys.verifying, sign.MalformedID)
		for _, id := range []string{"", "a" + sep + "b", "a\r\nX-Evil: 1", "a\x00", "a\x7f", " a"} {
			bad := newMessage(s)
			bad.ID = id
			if _, err := s.Sign(bad, keys.signing); err == nil {
				t.Errorf("id %q was signed", id)
			}
		}
	})
}

// TestDotsCannotMoveBetweenIDAndTimestamp builds the one message whose signed bytes stay the same when the dot between
// id and timestamp moves into the body.
func TestDotsCannotMoveBetweenIDAndTimestamp(t *testing.T) {
	s := lookup(t, "standard-webhooks")
	keys := newPair(s, 0)
	m := newMessage(s)
	m.Body = []byte("1700000001.rest")
	got := deliver(t, s, m, keys.signing)
	expect(t, "as signed", s, got, keys.verifying, "")
	moved := with(with(got, "webhook-id", m.ID+".1700000000"), "webhook-timestamp", "1700000001")
	moved.Body = []byte("rest")
	expect(t, "moved", s, moved, keys.verifying, sign.MalformedID)
}

func TestOnlyAWeakerVersionIsNoSignature(t *testing.T) {
	for name, value := range map[string]func(string) string{
		"stripe":            func(v string) string { return strings.Replace(v, "v1=", "v0=", 1) },
		"standard-webhooks": func(v string) string { return strings.Replace(v, "v1,", "v1a,", 1) },
		"svix":              func(v string) string { return strings.Replace(v, "v1,", "v0,", 1) },
		"paddle":            func(v string) string { return strings.Replace(v, "h1=", "h0=", 1) },
		"slack":             func(v string) string { return strings.Replace(v, "v0=", "v1=", 1) },
		"github":            func(v string) string { return strings.Replace(v, "sha256=", "sha1=", 1) },
		"generic-ts":        func(v string) string { return strings.TrimPrefix(v, "sha256=") },
		"generic":           func(v string) string { return "sha256=" + v },
	} {
		s := lookup(t, name)
		keys := newPair(s, 0)
		m := deliver(t, s, newMessage(s), keys.signing)
		expect(t, name, s, with(m, s.Header, value(m.Header.Get(s.Header))), keys.verifying,
			sign.MissingSignature, sign.MalformedSignature)
	}
}

func TestGitHubSHA1IsRefusedBesideSHA256(t *testing.T) {
	strong, weak := lookup(t, "github"), lookup(t, "github-sha1")
	keys := newPair(weak, 0)
	m := deliver(t, weak, newMessage(weak), keys.signing)
	expect(t, "alone", weak, m, keys.verifying, "")
	expect(t, "for github", strong, m, keys.verifying, sign.MissingSignature)
	expect(t, "beside", weak, with(m, strong.Header, "sha256=00"), keys.verifying, sign.WeakerSignature)
}

func TestManySignaturesAreNotAllTried(t *testing.T) {
	s := lookup(t, "stripe")
	keys := newPair(s, 0)
	m := deliver(t, s, newMessage(s), keys.signing)
	good := m.Header.Get(s.Header)
	other := ",v1=" + strings.Repeat("0", 64)
	expect(t, "31 items", s, with(m, s.Header, good+strings.Repeat(other, 29)), keys.verifying, "")
	expect(t, "too many", s, with(m, s.Header, good+strings.Repeat(other, 40)), keys.verifying, sign.MalformedSignature)
}

func TestHexMayBeUpperCase(t *testing.T) {
	s := lookup(t, "github")
	keys := newPair(s, 0)
	m := deliver(t, s, newMessage(s), keys.signing)
	value := strings.TrimPrefix(m.Header.Get(s.Header), "sha256=")
	expect(t, "upper case", s, with(m, s.Header, "sha256="+strings.ToUpper(value)), keys.verifying, "")
}

func TestASignatureInBase64HasOneSpelling(t *testing.T) {
	s := lookup(t, "shopify")
	keys := newPair(s, 0)
	m := deliver(t, s, newMessage(s), keys.signing)
	good := m.Header.Get(s.Header)
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := strings.IndexByte(alphabet, good[42])
	spare := good[:42] + string(alphabet[last+1]) + "=" // the same 32 bytes to a lenient decoder
	for _, value := range []string{spare, good[:43], good + "=", good[:20] + "\n" + good[20:],
		strings.NewReplacer("+", "-", "/", "_").Replace(good) + "-"} {
		expect(t, value, s, with(m, s.Header, value), keys.verifying, sign.MalformedSignature)
	}
}

func TestRotationVerifiesUnderEitherSecret(t *testing.T) {
	for _, s := range catalog.All() {
		a, b := newPair(s, 0), newPair(s, 1)
		m := deliver(t, s, newMessage(s), a.signing, b.signing)
		expect(t, s.Name+" first", s, m, a.verifying, "")
		want := sign.SignatureMismatch
		if s.Rotates() {
			want = ""
		}
		expect(t, s.Name+" second", s, m, b.verifying, want)
		match, err := s.Verify(m, at, b.verifying, a.verifying)
		if wantSecret := map[bool]int{true: 0, false: 1}[s.Rotates()]; err != nil || match.Secret != wantSecret {
			t.Errorf("%s: %+v, %v", s.Name, match, err)
		}
	}
}

func TestOneBadSignatureBesideAGoodOneDoesNoHarm(t *testing.T) {
	s := lookup(t, "standard-webhooks")
	keys := newPair(s, 0)
	m := deliver(t, s, newMessage(s), keys.signing)
	good := m.Header.Get(s.Header)
	for _, value := range []string{"v1,!!! " + good, good + " v1,", "v1a,AAAA " + good, good + "  v2,x", "junk " + good} {
		expect(t, value, s, with(m, s.Header, value), keys.verifying, "")
	}
}

// TestASecondHeaderCarriesTheSecondSignature uses rows that are not in the catalogue yet.
func TestASecondHeaderCarriesTheSecondSignature(t *testing.T) {
	s := sign.Scheme{
		Name: "hookdeck", Auth: sign.HMAC, Hash: sign.SHA256, Enc: sign.Base64, Key: sign.Raw, Content: "{body}",
		Header: "x-hookdeck-signature", Alt: []string{"x-hookdeck-signature-2"},
	}
	if err := catalog.Validate(s); err != nil {
		t.Fatal(err)
	}
	a, b := newPair(s, 0), newPair(s, 1)
	m := deliver(t, s, newMessage(s), a.signing, b.signing)
	expect(t, "first", s, m, a.verifying, "")
	expect(t, "second", s, m, b.verifying, "")
	expect(t, "only the second", s, with(m, s.Header), b.verifying, "")
	expect(t, "second twice", s, with(m, s.Alt[0], "x", "y"), a.verifying, sign.DuplicateHeader)
}

func TestErrorsHoldNothingTheSenderWroteAndNoSignature(t *testing.T) {
	forEach(t, func(t *testing.T, s sign.Scheme, m sign.Message, keys pair) {
		good := signatureText(s, m)
		expected := good[len(good)-12:]
		for _, broken := range []sign.Message{
			setSignature(s, m, good, "evil\x1b[31m"), setSignature(s, m, good, good+"x"), setBody(m, "evil\x1b[31m"),
			setSignature(s, m, good, strings.Repeat("evil", 5000)),
		} {
			_, err := s.Verify(broken, at, keys.verifying)
			if err == nil {
				continue
			}
			if text := err.Error(); strings.Contains(text, "evil") || strings.Contains(text, expected) || len(text) > 300 {
				t.Errorf("%q", text)
			}
		}
	})
}

func setBody(m sign.Message, body string) sign.Message {
	m.Body = []byte(body)
	return m
}

func TestEverySchemeSurvivesOddBodies(t *testing.T) {
	forEach(t, func(t *testing.T, s sign.Scheme, _ sign.Message, keys pair) {
		for what, body := range map[string]string{
			"empty": "", "not UTF-8": "\xff\xfe\x00", "deep": strings.Repeat("[", 200_000),
			"deep objects":   strings.Repeat(`{"type":`, 50_000),
			"duplicate keys": `{"type":"a","type":"b"}`, "1e999": `{"type":1e999}`,
			"surrogate": `{"type":"\ud800"}`, "null": "null",
		} {
			m := newMessage(s)
			m.Body = []byte(body)
			if s.Name == "linear" {
				m.Body = []byte(`{"webhookTimestamp":1700000000000,"x":` + body)
			}
			if _, err := s.Sign(m, keys.signing); inBody(s) || strings.Contains(s.Content, "|json}") {
				if reason := reasonOf(t, err); reason != "" && reason != sign.MalformedBody && reason != sign.MissingField {
					t.Errorf("%s: %v", what, err)
				}
				if err != nil {
					continue // there is no place in it for a signature
				}
			}
			got := deliver(t, s, m, keys.signing)
			expect(t, what, s, got, keys.verifying, "")
			if id, event := s.ID(got), s.Event(got); len(id) > 512 || len(event) > 512 {
				t.Errorf("%s: id %q, event %q", what, id, event)
			}
		}
	})
}

func TestIDsAndEventsAreCutAt128Characters(t *testing.T) {
	s := lookup(t, "github")
	m := sign.Message{Header: http.Header{
		"X-Github-Delivery": {strings.Repeat("é", 500)}, "X-Github-Event": {"a\xffb"},
	}}
	if got := s.ID(m); got != strings.Repeat("é", 128) {
		t.Errorf("id of %d bytes", len(got))
	}
	if got := s.Event(m); got != "a\uFFFDb" {
		t.Errorf("event %q", got)
	}
	s = lookup(t, "stripe")
	m.Body = []byte(`{"data":{"id":"no"},"id":"evt_` + strings.Repeat("x", 300) + `","type":"a\u00e9"}`)
	if got := s.ID(m); len(got) != 128 || !strings.HasPrefix(got, "evt_x") {
		t.Errorf("id %q", got)
	}
	if got := s.Event(m); got != "aé" {
		t.Errorf("event %q", got)
	}
}

func TestSigningRefusesWhatCannotBeSent(t *testing.T) {
	forEach(t, func(t *testing.T, s sign.Scheme, _ sign.Message, keys pair) {
		refused := func(what string, want sign.Reason, change func(*sign.Message)) {
			m := newMessage(s)
			change(&m)
			if _, err := s.Sign(m, keys.signing); reasonOf(t, err) != want {
				t.Errorf("%s: %v, want %s", what, err, want)
			}
		}
		refused("line break in the event", sign.MalformedField, func(m *sign.Message) { m.Event = "a\nb" })
		if s.Time.Unit != "" && s.Name != "linear" {
			refused("no time", sign.MissingTimestamp, func(m *sign.Message) { m.Time = time.Time{} })
		}
		if s.Time.Unit == sign.Seconds {
			refused("year 3000", sign.MalformedTimestamp,
				func(m *sign.Message) { m.Time = time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC) })
			refused("year 1969", sign.MalformedTimestamp, func(m *sign.Message) { m.Time = time.Unix(-1, 0) })
		}
		if s.Name == "square" || s.Name == "twilio" {
			refused("no URL", sign.MissingURL, func(m *sign.Message) { m.URL = "" })
		}
		if s.Name == "paypal" {
			refused("no webhook_id", sign.MissingParam, func(m *sign.Message) { m.Params = nil })
		}
		if s.Name == "linear" {
			refused("no webhookTimestamp", sign.MissingTimestamp, func(m *sign.Message) { m.Body = []byte("{}") })
		}
		if _, err := s.Sign(newMessage(s)); reasonOf(t, err) != sign.EmptySecret {
			t.Errorf("no secret: %v", err)
		}
	})
}

func TestBodyCarriedSignaturesAreWrittenIntoTheBodyAndNothingElseOfItChanges(t *testing.T) {
	s := lookup(t, "mailgun")
	keys := newPair(s, 0)
	for body, want := range map[string]string{
		`{ "event-data" : {"n":1.0} }`: `{ "event-data" : {"n":1.0},` +
			`"signature":{"timestamp":"1700000000","token":"TOKEN","signature":"SIG"} }`,
		`{}`: `{"signature":{"timestamp":"1700000000","token":"TOKEN","signature":"SIG"}}`,
		`{"signature":{ "signature": "", "token":"tok"},"x":1}`: `{"signature":{ "signature": "SIG", "token":"TOKEN",` +
			`"timestamp":"1700000000"},"x":1}`,
	} {
		m := newMessage(s)
		m.Body = []byte(body)
		got := deliver(t, s, m, keys.signing)
		expect(t, body, s, got, keys.verifying, "")
		shape := regexp.MustCompile(`"token":"[A-Za-z0-9]+"`).ReplaceAllString(string(got.Body), `"token":"TOKEN"`)
		shape = regexp.MustCompile(`[0-9a-f]{64}`).ReplaceAllString(shape, "SIG")
		if shape != want || string(m.Body) != body {
			t.Errorf("%s became\n%s, want\n%s", body, shape, want)
		}
	}
	for _, body := range []string{"", "[]", "x", `{"signature":1}`, `{"signature":[]}`, `"x"`} {
		m := newMessage(s)
		m.Body = []byte(body)
		if _, err := s.Sign(m, keys.signing); reasonOf(t, err) != sign.MalformedBody {
			t.Errorf("%s: %v", body, err)
		}
	}
}
