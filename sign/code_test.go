package sign_test

import (
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/newkey"
)

// rewrite changes the body of a message.
func rewrite(t *testing.T, m sign.Message, old, new string) sign.Message {
	t.Helper()
	changed := strings.Replace(string(m.Body), old, new, 1)
	if changed == string(m.Body) {
		t.Fatalf("%q is not in %s", old, m.Body)
	}
	return setBody(m, changed)
}

// adyenDocs is the example of Adyen's documentation and of its SDK's tests, with its key.
const (
	adyenDocs = `{"live":"false","notificationItems":[{"NotificationRequestItem":{` +
		`"additionalData":{"hmacSignature":"coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="},` +
		`"amount":{"currency":"EUR","value":1130},"eventCode":"AUTHORISATION","merchantAccountCode":"TestMerchant",` +
		`"merchantReference":"TestPayment-1407325143704","originalReference":"","pspReference":"7914073381342284",` +
		`"success":"true"}}]}`
	adyenKey = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
)

func TestAdyensOwnExampleIsValidAndSignedAlike(t *testing.T) {
	s := lookup(t, "adyen")
	m := sign.Message{Body: []byte(adyenDocs)}
	expect(t, "as documented", s, m, text(adyenKey), "")
	signed, err := s.Sign(rewrite(t, m, "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=", ""), text(adyenKey))
	if err != nil || string(signed.Body) != adyenDocs {
		t.Errorf("%s, %v", signed.Body, err)
	}
}

func TestEachItemOfAdyenMustBeSigned(t *testing.T) {
	s := lookup(t, "adyen")
	keys := newPair(s, 0)
	m := deliver(t, s, newMessage(s), keys.signing)
	expect(t, "both", s, m, keys.verifying, "")
	expect(t, "first item", s, rewrite(t, m, "1130", "1131"), keys.verifying, sign.SignatureMismatch)
	expect(t, "second item", s, rewrite(t, m, "REFUND", "CAPTURE"), keys.verifying, sign.SignatureMismatch)
	expect(t, "an item without a signature", s,
		rewrite(t, m, `}}]}`, `}},{"NotificationRequestItem":{"eventCode":"REFUND"}}]}`),
		keys.verifying, sign.MalformedSignature)
	expect(t, "what is not signed", s, rewrite(t, m, `"type":"invoice.paid"`, `"type":"other"`), keys.verifying, "")
}

func TestSNSTakesItsCertificateFromAmazonOnly(t *testing.T) {
	s := lookup(t, "aws-sns")
	keys := newPair(s, 0)
	m := deliver(t, s, newMessage(s), keys.signing)
	good := "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-barb.pem"
	for address, want := range map[string]sign.Reason{
		"https://sns.eu-west-1.amazonaws.com/x.pem":          "",
		"https://sns.cn-north-1.amazonaws.com.cn/x.pem":      "",
		"http://sns.us-east-1.amazonaws.com/x.pem":           sign.ForeignCertificate,
		"https://sns.us-east-1.amazonaws.com/x.txt":          sign.ForeignCertificate,
		"https://sns.us-east-1.amazonaws.com.evil.com/x.pem": sign.ForeignCertificate,
		"https://sns.us-east-1.amazonaws.com:8443/x.pem":     sign.ForeignCertificate,
		"https://a@sns.us-east-1.amazonaws.com/x.pem":        sign.ForeignCertificate,
		"https://evil.com/sns.us-east-1.amazonaws.com/x.pem": sign.ForeignCertificate,
		"https://sns.evil.com/.amazonaws.com/x.pem":          sign.ForeignCertificate,
		"https://snsXus-east-1.amazonaws.com/x.pem":          sign.ForeignCertificate,
		"https://s3.amazonaws.com/x.pem":                     sign.ForeignCertificate,
		"https://sns.us.east.amazonaws.com/x.pem":            sign.ForeignCertificate,
		"": sign.ForeignCertificate,
	} {
		expect(t, address, s, rewrite(t, m, good, address), keys.verifying, want)
	}
}

func TestSNSSignsWhatItListsInBothVersions(t *testing.T) {
	s := lookup(t, "aws-sns")
	keys := newPair(s, 0)
	for _, version := range []string{"1", "2"} {
		msg := newMessage(s)
		msg.Body = []byte(`{"Type":"Notification","Message":"hello","Subject":"s","SignatureVersion":"` + version + `"}`)
		m := deliver(t, s, msg, keys.signing)
		expect(t, version, s, m, keys.verifying, "")
		for _, name := range []string{"hello", `"s"`, "arn:aws:sns", "2023-11-14T22", "msg_2KWP"} {
			expect(t, version+" "+name, s, rewrite(t, m, name, strings.Replace(name, "s", "x", 1)+"1"), keys.verifying,
				sign.SignatureMismatch, sign.MissingSignature, sign.MissingField, sign.MalformedBody)
		}
		expect(t, version+" no subject", s, rewrite(t, m, `"Subject":"s",`, ""), keys.verifying, sign.SignatureMismatch)
		expect(t, version+" other type", s, rewrite(t, m, `"Notification"`, `"Other"`), keys.verifying, sign.MalformedBody)
		other := map[string]string{"1": "2", "2": "1"}[version]
		expect(t, "as version "+other, s, rewrite(t, m, `"SignatureVersion":"`+version, `"SignatureVersion":"`+other),
			keys.verifying, sign.SignatureMismatch)
		expect(t, "version 3", s, rewrite(t, m, `"SignatureVersion":"`+version, `"SignatureVersion":"3`), keys.verifying,
			sign.MalformedSignature)
	}
}

func TestBraintreeSignsThePayloadOnly(t *testing.T) {
	s := lookup(t, "braintree")
	keys := newPair(s, 0)
	msg := newMessage(s)
	msg.Body = []byte("<notification><kind>check</kind></notification>")
	m := deliver(t, s, msg, keys.signing)
	expect(t, "signed", s, m, keys.verifying, "")
	expect(t, "another payload", s, rewrite(t, m, "bt_payload=", "bt_payload=A"), keys.verifying, sign.SignatureMismatch)
	expect(t, "two payloads", s, setBody(m, string(m.Body)+"&bt_payload=x"), keys.verifying, sign.DuplicateField)
	expect(t, "two signatures", s, setBody(m, string(m.Body)+"&bt_signature=x"), keys.verifying, sign.DuplicateField)
	if again := deliver(t, s, m, keys.signing); string(again.Body) != string(m.Body) {
		t.Errorf("signed again: %s", again.Body)
	}
	for _, secret := range []string{"no colon", ":private", "public:"} {
		if err := s.CheckSecret(text(secret), true); reasonOf(t, err) != sign.WrongKeyForm {
			t.Errorf("%q: %v", secret, err)
		}
	}
}

func TestMercadoPagoLeavesOutWhatIsNotThere(t *testing.T) {
	s := lookup(t, "mercadopago")
	keys := newPair(s, 0)
	for _, c := range []struct{ url, id, content string }{
		{"https://h.example/?data.id=ABC&x=1", "req-1", "id:abc;request-id:req-1;ts:1700000000;"},
		{"https://h.example/?x=1", "req-1", "request-id:req-1;ts:1700000000;"},
		{"https://h.example/", "", "ts:1700000000;"},
	} {
		msg := newMessage(s)
		msg.URL, msg.ID = c.url, c.id
		m := deliver(t, s, msg, keys.signing)
		if want := "ts=1700000000,v1=" + hmacHex(keys.signing.Key, []byte(c.content)); m.Header.Get(s.Header) != want {
			t.Errorf("%s: %s, want %s", c.content, m.Header.Get(s.Header), want)
		}
		expect(t, c.content, s, m, keys.verifying, "")
		other := m
		other.URL = "https://h.example/?data.id=other"
		expect(t, "another id", s, other, keys.verifying, sign.SignatureMismatch)
	}
}

func TestContentfulAndHook0SignTheHeadersTheyList(t *testing.T) {
	for name, lists := range map[string]struct{ header, without, with string }{
		"contentful": {"X-Contentful-Signed-Headers", "x-contentful-timestamp",
			"x-contentful-signed-headers,x-contentful-timestamp,x-extra"},
	} {
		s := lookup(t, name)
		keys := newPair(s, 0)
		m := deliver(t, s, newMessage(s), keys.signing)
		expect(t, name, s, m, keys.verifying, "")
		expect(t, "no list", s, with(m, lists.header), keys.verifying, sign.MissingField)
		expect(t, "shorter list", s, with(m, lists.header, lists.without), keys.verifying, sign.MissingTimestamp)
		expect(t, "longer list", s, with(m, lists.header, lists.with), keys.verifying, sign.MissingField)
		expect(t, "longer list, with the header", s, with(with(m, lists.header, lists.with), "X-Extra", "1"), keys.verifying,
			sign.SignatureMismatch)
	}
	s := lookup(t, "hook0-v1")
	keys := newPair(s, 0)
	m := deliver(t, s, newMessage(s), keys.signing)
	value := m.Header.Get(s.Header)
	if !strings.Contains(value, ",h=x-event-id x-event-type,v1=") {
		t.Errorf("%s", value)
	}
	expect(t, "another event", s, with(m, "X-Event-Type", "other"), keys.verifying, sign.SignatureMismatch)
	expect(t, "fewer headers", s, with(m, s.Header, strings.Replace(value, " x-event-type", "", 1)), keys.verifying,
		sign.SignatureMismatch)
	expect(t, "no list", s, with(m, s.Header, strings.Replace(value, "h=x-event-id x-event-type,", "", 1)), keys.verifying,
		sign.MissingField)
}

func TestPlivoSignsQueryFormAndNonce(t *testing.T) {
	s := lookup(t, "plivo-v3")
	keys := newPair(s, 0)
	m := deliver(t, s, newMessage(s), keys.signing)
	expect(t, "signed", s, m, keys.verifying, "")
	expect(t, "no nonce", s, with(m, "X-Plivo-Signature-V3-Nonce"), keys.verifying, sign.MissingField)
	expect(t, "another nonce", s, with(m, "X-Plivo-Signature-V3-Nonce", "1"), keys.verifying, sign.SignatureMismatch)
	expect(t, "another field", s, rewrite(t, m, "Digits=1234", "Digits=1235"), keys.verifying, sign.SignatureMismatch)
	expect(t, "other order", s, setBody(m, "type=x&Digits=1234&Body=hello+world&To=%2B18005551212"), keys.verifying, "")
	json := with(setBody(m, "{}"), "Content-Type", "application/json")
	expect(t, "no form", s, json, keys.verifying, sign.UnsignedBody)
}

func TestEasyPostWritesWholeWeightsAsFloats(t *testing.T) {
	s := lookup(t, "easypost")
	keys := newPair(s, 0)
	for body, content := range map[string]string{
		`{"weight": 136, "x":1}`:          `{"weight": 136.0, "x":1}`,
		`{"weight":7 }`:                   `{"weight":7.0}`,
		`{"weight": 1.5, "weight": "10"}`: `{"weight": 1.5, "weight": "10"}`,
		`{"a":{"weight":1},"weight":22}`:  `{"a":{"weight":1.0},"weight":22.0}`,
	} {
		m := newMessage(s)
		m.Body = []byte(body)
		got := deliver(t, s, m, keys.signing)
		if want := "hmac-sha256-hex=" + hmacHex(keys.signing.Key, []byte(content)); got.Header.Get(s.Header) != want {
			t.Errorf("%s: %s", body, got.Header.Get(s.Header))
		}
		expect(t, body, s, got, keys.verifying, "")
	}
}

func TestEveryNewPairSignsAndVerifies(t *testing.T) {
	for _, s := range catalog.All() {
		pair, err := newkey.Of(&s, at)
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		signing, verifying := text(string(pair.Signing)), text(string(pair.Verifying))
		m := deliver(t, s, newMessage(s), signing)
		expect(t, s.Name, s, m, verifying, "")
		if s.WeakSecret(verifying) {
			t.Errorf("%s: the secret is weak", s.Name)
		}
		other, err := newkey.Of(&s, at.Add(time.Second))
		if err != nil || string(other.Verifying) == string(pair.Verifying) {
			t.Errorf("%s: twice the same, %v", s.Name, err)
		}
		expect(t, s.Name+" other", s, m, text(string(other.Verifying)), sign.SignatureMismatch)
	}
}
