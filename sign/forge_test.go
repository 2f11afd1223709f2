package sign_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// The tests below take a genuine message and change what a receiver would read of it without changing what is signed.

func TestOfTwoEqualKeysNoneCountsWhereTheFieldIsSigned(t *testing.T) {
	for _, c := range []struct{ scheme, old, new string }{
		{"adyen", `"value":1130`, `"value":1130,"value":1`},
		{"adyen", `"amount":{`, `"amount":{"currency":"EUR","value":1},"amount":{`},
		{"adyen", `"pspReference":"7914073381342284"`, `"pspReference":"7914073381342284","psp\u0052eference":"1"`},
		{"adyen", `"notificationItems":[`, `"notificationItems":[],"notificationItems":[`},
		{"aws-sns", `"Message":"hello"`, `"Message":"hello","Message":"forged"`},
		{"aws-sns", `"Type":"Notification"`, `"Type":"Notification","Type":"SubscriptionConfirmation"`},
		{"aws-sns", `"SignatureVersion":"1"`, `"SignatureVersion":"1","SignatureVersion":"2"`},
		{"dropbox-sign", `"event_type":"sent"`, `"event_type":"sent","event_type":"signed"`},
		{"dropbox-sign", `"event":{`, `"event":{"event_type":"signed"},"event":{`},
		{"mailgun", `"token":`, `"token":"another","token":`},
		{"figma", `"passcode":`, `"passcode":"","passcode":`},
		{"msgraph", `"value":[`, `"value":[{"id":"forged"}],"value":[`},
	} {
		s := lookup(t, c.scheme)
		keys := newPair(s, 0)
		m := deliver(t, s, newMessage(s), keys.signing)
		for _, body := range []string{ // the genuine key first, and last
			strings.Replace(string(m.Body), c.old, c.new, 1), strings.Replace(string(m.Body), c.old, swapped(c.new), 1),
		} {
			if body == string(m.Body) {
				t.Fatalf("%s: %q is not in %s", c.scheme, c.old, m.Body)
			}
			if match, err := s.Verify(setBody(m, body), at, keys.verifying); err == nil {
				t.Errorf("%s: %s is valid: %+v", c.scheme, body, match)
			}
		}
	}
}

// swapped exchanges two members with scalar values; anything else stays.
func swapped(members string) string {
	a, b, ok := strings.Cut(members, `,"`)
	if !ok || strings.ContainsAny(members, "[{") {
		return members
	}
	return `"` + b + "," + a
}

func TestWhatIsSignedAsTextIsNotReplacedByAnObject(t *testing.T) {
	for _, c := range []struct{ scheme, old, new string }{
		{"adyen", `"pspReference"`, `"originalReference":{"a":1},"pspReference"`},
		{"adyen", `"pspReference"`, `"originalReference":[1],"pspReference"`},
		{"adyen", `"pspReference"`, `"success":true,"pspReference"`},
		{"aws-sns", `"Message"`, `"Subject":["forged"],"Message"`},
		{"aws-sns", `"Message"`, `"Subject":{"forged":1},"Message"`},
		{"aws-sns", `"Message"`, `"Subject":true,"Message"`},
	} {
		s := lookup(t, c.scheme)
		keys := newPair(s, 0)
		m := rewrite(t, deliver(t, s, newMessage(s), keys.signing), c.old, c.new)
		if _, err := s.Verify(m, at, keys.verifying); err == nil {
			t.Errorf("%s: %s is valid", c.scheme, m.Body)
		}
	}
}

func TestNullIsAsGoodAsNothing(t *testing.T) {
	for scheme, c := range map[string][2]string{
		"adyen":   {`"pspReference"`, `"originalReference":null,"pspReference"`},
		"aws-sns": {`"Message"`, `"Subject":null,"Message"`},
	} {
		s := lookup(t, scheme)
		keys := newPair(s, 0)
		expect(t, scheme, s, rewrite(t, deliver(t, s, newMessage(s), keys.signing), c[0], c[1]), keys.verifying, "")
	}
}

// TestFieldsThatAreJoinedCannotShift moves text from one field to its neighbour, so that they are joined to the same
// bytes.
func TestFieldsThatAreJoinedCannotShift(t *testing.T) {
	for _, c := range []struct{ scheme, genuine, forged string }{
		{"adyen", `{"notificationItems":[{"NotificationRequestItem":` +
			`{"amount":{"value":5,"currency":"1000:EUR"},"merchantReference":"r"}}]}`, ""},
		{"adyen", `{"notificationItems":[{"NotificationRequestItem":{"merchantReference":"a:b","merchantAccountCode":"c"}}]}`,
			`{"notificationItems":[{"NotificationRequestItem":{"merchantReference":"b","merchantAccountCode":"c:a"}}]}`},
		{"aws-sns", `{"Type":"Notification","Message":"a\nMessageId\nb\nSubject\nc"}`,
			`{"Type":"Notification","Message":"a","MessageId":"b","Subject":"c\nMessageId\nmsg_2KWPBgLlAfxdpx2AI54pPJ85f4W"}`},
	} {
		s := lookup(t, c.scheme)
		keys := newPair(s, 0)
		m := newMessage(s)
		signed, err := s.Sign(setBody(m, c.genuine), keys.signing)
		if c.forged == "" {
			if reasonOf(t, err) != sign.MalformedField {
				t.Errorf("%s: %v", c.scheme, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		got := receive(m, signed)
		expect(t, "genuine", s, got, keys.verifying, "")
		tail := string(got.Body)[strings.LastIndex(c.genuine, "}"):] // what barb added behind the last member
		if c.scheme == "adyen" {
			_, sig, _ := strings.Cut(string(got.Body), `,"additionalData"`)
			tail = `,"additionalData"` + sig
			c.forged = strings.TrimSuffix(c.forged, "}}]}")
		} else {
			c.forged = strings.TrimSuffix(c.forged, "}")
			tail = strings.Replace(tail, `"MessageId":"msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",`, "", 1)
		}
		expect(t, c.forged+tail, s, setBody(got, c.forged+tail), keys.verifying, sign.MalformedField)
	}
}

func TestMercadoPagosQueryHasOneID(t *testing.T) {
	s := lookup(t, "mercadopago")
	keys := newPair(s, 0)
	m := newMessage(s)
	m.URL = "https://hooks.example.com/in?data.id=1"
	m = deliver(t, s, m, keys.signing)
	expect(t, "once", s, m, keys.verifying, "")
	for _, query := range []string{"data.id=1&data.id=2", "data.id=2&data.id=1", "data%2Eid=2&data.id=1",
		"data.id=1;request-id:" + m.ID} {
		m.URL = "https://hooks.example.com/in?" + query
		if _, err := s.Verify(m, at, keys.verifying); err == nil {
			t.Errorf("%s is valid", query)
		}
	}
	m.URL = "https://hooks.example.com/in?data.id=" + url.QueryEscape("1;request-id:"+m.Header.Get("X-Request-Id"))
	m.Header.Del("X-Request-Id")
	expect(t, "the request's id within the other", s, m, keys.verifying, sign.MalformedID)
}

// TestReadingManyElementsIsNoMoreWorkThanReadingFewLargeOnes gives a scheme bodies of one size in a few and in a
// thousand elements. Who goes through the body again for each of them needs a hundred times as long for the second.
func TestReadingManyElementsIsNoMoreWorkThanReadingFewLargeOnes(t *testing.T) {
	for name, c := range map[string]struct{ before, item, after string }{
		"msgraph": {`{"value":[`, `{"x":[PAD0],"clientState":"0123456789abcdef"}`, `]}`},
		"adyen": {`{"notificationItems":[`,
			`{"NotificationRequestItem":{"x":[PAD0],` +
				`"additionalData":{"hmacSignature":"coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="}}}`,
			`]}`},
	} {
		s := lookup(t, name)
		keys := newPair(s, 0)
		fastest := func(elements int) time.Duration {
			item := strings.Replace(c.item, "PAD", strings.Repeat("[1,2],", 50_000/elements), 1)
			m := setBody(newMessage(s), c.before+strings.TrimSuffix(strings.Repeat(item+",", elements), ",")+c.after)
			least := time.Hour
			for range 3 {
				start := time.Now()
				expect(t, name, s, m, keys.verifying, sign.SignatureMismatch)
				least = min(least, time.Since(start))
			}
			return least
		}
		if few, many := fastest(10), fastest(1000); many > 20*few {
			t.Errorf("%s: %s for 10 elements, %s for 1000", name, few, many)
		}
	}
}

func TestAHeaderIsNotSignedAThousandTimes(t *testing.T) {
	for name, set := range map[string]func(h http.Header, names string){
		"contentful": func(h http.Header, names string) {
			h.Set("X-Contentful-Signed-Headers", strings.ReplaceAll(names, " ", ",")+
				"x-contentful-timestamp,x-contentful-signed-headers")
			h.Set("X-Contentful-Signature", strings.Repeat("0", 64))
			h.Set("X-Contentful-Timestamp", "1700000000000")
		},
		"hook0-v1": func(h http.Header, names string) {
			h.Set("X-Hook0-Signature", "t=1700000000,h="+names+",v1="+strings.Repeat("0", 64))
		},
	} {
		s := lookup(t, name)
		var others strings.Builder
		m := newMessage(s)
		for i := range 65 {
			fmt.Fprintf(&others, "x-%d ", i)
			m.Header.Set(fmt.Sprintf("x-%d", i), "v")
		}
		m.Header.Set("X-Long", strings.Repeat("x", 30<<10))
		for _, names := range []string{strings.Repeat("x-long ", 1000), "x-long X-Long ", others.String()} {
			set(m.Header, names)
			expect(t, name+" "+names[:8], s, m, newPair(s, 0).verifying, sign.MalformedField)
		}
	}
}

// TestALargeBodyIsNotSearchedForASignature keeps a stranger from having megabytes read for each scheme that looks
// there.
func TestALargeBodyIsNotSearchedForASignature(t *testing.T) {
	for _, size := range []int{1 << 19, 1 << 20} {
		m := sign.Message{Body: []byte(`{"x":"` + strings.Repeat("x", size) + `","passcode":"a token"}`)}
		if found := new(catalog.Set).Detect(m); len(found) > 0 != (size < 1<<20) {
			t.Errorf("%d bytes: %v", size, found)
		}
	}
}
