package sign_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign"
)

// hide adds to what is sent: a second copy of a signed value, as an application's parser may read it and ours would
// not.
type hide struct {
	what string
	in   func(m sign.Message, add string) sign.Message
	add  []string
}

func inQuery(m sign.Message, add string) sign.Message { m.URL += add; return m }
func inForm(m sign.Message, add string) sign.Message  { return setBody(m, string(m.Body)+add) }
func inJSON(m sign.Message, add string) sign.Message {
	return setBody(m, strings.TrimSuffix(string(m.Body), "}")+","+add+"}")
}

func inHeader(m sign.Message, add string) sign.Message {
	name, value, _ := strings.Cut(add, ": ")
	m.Header = m.Header.Clone()
	m.Header[name] = append(m.Header[name], value)
	return m
}

// TestAHiddenSecondCopyIsRefused has for every place of signed values the ways in which frameworks read another copy.
func TestAHiddenSecondCopyIsRefused(t *testing.T) {
	for scheme, h := range map[string]hide{
		"mercadopago": {"query", inQuery, []string{
			"&data.id=2", "&data.id=%zz", "&data.id=%", "&x=1;data.id=2", ";data.id=2", "&data_id=2",
			"&data%20id=2", "&DATA.ID=2",
			"&data%2Eid=2", "&data[id]=2", "&data.id[]=2", "&data.id%5B0%5D=2", "&+data.id=2", "&data.id%00x=2", "&data.id",
		}},
		"braintree": {"form", inForm, []string{
			"&bt_payload=x", "&bt_payload=%zz", "&bt_payload", "&BT_PAYLOAD=x", "&bt_payload[]=x",
			"&bt_payload%5b1%5d=x", "&bt.payload=x",
			"&x=1;bt_payload=x", ";bt_payload=x", "&%20bt_payload=x", "&bt%5fpayload=%", "&bt_signature=x|00",
			"&Bt_Signature=%zz",
		}},
		"aws-sns": {"JSON", inJSON, []string{
			`"Message":"evil"`, `"message":"evil"`, `"MESSAGE":"evil"`, `"Me\u0073sage":"evil"`, `"me\u0073sage":"evil"`,
			`"Me\u017fsage":"evil"`,
			`"subject":"evil"`, `"topicarn":"evil"`, `"timestamp":"2030-01-01T00:00:00.000Z"`, `"messageid":"evil"`,
			`"signature":"evil"`,
		}},
		"mailgun":      {"JSON", inJSON, []string{`"Signature":{"timestamp":"1"}`, `"SIGNATURE":1`}},
		"dropbox-sign": {"JSON", inJSON, []string{`"Event":{"event_type":"evil"}`, `"EVENT":1`}},
		"adyen":        {"JSON", inJSON, []string{`"NotificationItems":[]`, `"notificationitems":1`}},
		"standard-webhooks": {"header", inHeader, []string{
			"webhook_id: msg_2", "Webhook_Id: msg_2", "webhook_timestamp: 1700000001", "webhook-timestamp: 1700000001",
			"webhook_signature: v1,x",
		}},
		"slack": {"header", inHeader, []string{"X_Slack_Request_Timestamp: 1", "X-Slack_Request-Timestamp: 1",
			"x_slack_signature: v0=00"}},
		"fal": {"header", inHeader, []string{"X_Fal_Webhook_User_Id: other", "x-fal-webhook-user-id: other"}},
	} {
		s := lookup(t, scheme)
		keys := newPair(s, 0)
		msg := newMessage(s)
		if scheme == "mercadopago" {
			msg.URL = "https://h.example/?data.id=1"
		}
		m := deliver(t, s, msg, keys.signing)
		expect(t, scheme, s, m, keys.verifying, "")
		for _, add := range h.add {
			want := sign.DuplicateField
			if h.what == "header" {
				want = sign.DuplicateHeader
			}
			expect(t, scheme+" with "+add, s, h.in(m, add), keys.verifying, want)
		}
	}
}

// A field that may be left out must not be there in a spelling that is not signed.
func TestAnOptionalFieldIsNotThereInAnotherSpelling(t *testing.T) {
	s := lookup(t, "mercadopago")
	keys := newPair(s, 0)
	msg := newMessage(s)
	msg.URL = "https://h.example/?x=1"
	m := deliver(t, s, msg, keys.signing)
	for add, want := range map[string]sign.Reason{
		"&data_id=2": sign.DuplicateField, "&data[id]=2": sign.DuplicateField, "&y;data.id=2": sign.DuplicateField,
		"&data.id=%zz": sign.SignatureMismatch, "&data.id=2": sign.SignatureMismatch, "&data=1&id=2": "",
	} {
		expect(t, add, s, inQuery(m, add), keys.verifying, want)
	}
}

func TestItemsOfASignatureAreThereOnce(t *testing.T) {
	for scheme, change := range map[string][2]string{
		"hook0-v1": {",h=", ",h=x-evil,h="}, "hygraph": {"env=", "env=evil, env="}, "stripe": {"t=", "T=1,t="},
		"workos": {"t=", "T=1, t="},
	} {
		s := lookup(t, scheme)
		keys := newPair(s, 0)
		m := deliver(t, s, newMessage(s), keys.signing)
		value := m.Header.Get(s.Header)
		changed := strings.Replace(value, change[0], change[1], 1)
		if changed == value {
			t.Fatal(value)
		}
		expect(t, scheme, s, with(m, s.Header, changed), keys.verifying, sign.DuplicateField, sign.MalformedTimestamp)
	}
}

func TestATokenNamesAClaimOnce(t *testing.T) {
	s := lookup(t, "netlify")
	m := sign.Message{Header: map[string][]string{}, Body: []byte("{}")}
	for _, claims := range []string{
		strings.Replace(netlify, "{", `{"sha256":"00",`, 1), strings.Replace(netlify, "{", `{"SHA256":"00",`, 1),
		strings.Replace(netlify, "{", `{"i\u0073s":"evil",`, 1), strings.Replace(netlify, "{", `{"Iss":["evil"],`, 1),
	} {
		expect(t, claims, s, with(m, s.Header, jwt(jwtKey, hs256, claims)), text(jwtKey), sign.DuplicateField)
	}
	expect(t, "head", s, with(m, s.Header, jwt(jwtKey, `{"alg":"HS256","Alg":"none"}`, netlify)), text(jwtKey),
		sign.DuplicateField, sign.MalformedSignature)
	nested := strings.Replace(netlify, "{", `{"a":{"iss":1,"x":2},"b":[{"iss":1},{"iss":2}],`, 1)
	expect(t, "within another", s, with(m, s.Header, jwt(jwtKey, hs256, nested)), text(jwtKey), "")
}

// Parsers that pass over mistakes read fields behind them. Where only some fields are signed, those would be anybody's.
func TestABodyOfSignedFieldsIsStrictJSON(t *testing.T) {
	for _, scheme := range []string{"aws-sns", "mailgun", "dropbox-sign", "adyen"} {
		s := lookup(t, scheme)
		keys := newPair(s, 0)
		m := deliver(t, s, newMessage(s), keys.signing)
		for _, add := range []string{`x:1,"Message":"evil"`, `'Message':'evil'`, `"a":'b',"Message":"evil"`,
			`/*"*/"Message":"evil"`, `"x":1,`} {
			got := inJSON(m, add)
			if json.Valid(got.Body) {
				t.Fatal(add)
			}
			expect(t, scheme+" with "+add, s, got, keys.verifying, sign.MalformedBody, sign.DuplicateField)
		}
		expect(t, scheme+" and another", s, setBody(m, string(m.Body)+string(m.Body)), keys.verifying, sign.MalformedBody)
	}
}

func TestAFormIsReadOnlyWhereAFormIsSent(t *testing.T) {
	s := lookup(t, "braintree")
	keys := newPair(s, 0)
	m := deliver(t, s, newMessage(s), keys.signing)
	both := setBody(m, `{"bt_payload":"evil","x":"&`+string(m.Body)+`&"}`)
	for _, kind := range []string{"application/json", "multipart/form-data; boundary=x", "text/plain"} {
		expect(t, kind, s, with(both, "Content-Type", kind), keys.verifying, sign.MalformedBody)
	}
}
